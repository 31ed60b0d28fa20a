package tpm2

import (
	"errors"
	"fmt"

	"govtpm/tpm2/wire"
)

// The hash sequence that comes not by commands but by signals of the hardware, for a dynamic root of trust, or before
// Startup for an H-CRTM (Part 1, 31; Part 3, 22.9 to 22.11).

const (
	hcrtmPCR = 0  // PCR that an H-CRTM sequence extends
	drtmPCR  = 17 // PCR that a DRTM sequence extends
)

// errNotRunning is returned by signals to a TPM that is off or in failure mode.
var errNotRunning = errors.New("tpm2: the TPM is off or in failure mode")

// HashStart is _TPM_Hash_Start: it begins a sequence, and drops one that was not ended. A loaded object gives way if there is no
// slot.
func (t *TPM) HashStart() error {
	if !t.running() {
		return errNotRunning
	}
	t.updateTime()
	t.dropDRTMSequence()
	o := &object{sequence: t.newEventSequence(), hierarchy: wire.RHNull}
	h, err := t.addObject(o)
	if err != nil {
		t.emptySlot(0)
		t.volatile.objects[0] = o
		h = firstTransient
	}
	t.volatile.drtmSequence = h
	t.volatile.established = true
	return nil
}

// HashData is _TPM_Hash_Data. Without HashStart it does nothing.
func (t *TPM) HashData(data []byte) error {
	if !t.running() {
		return errNotRunning
	}
	if o := t.object(t.volatile.drtmSequence); o != nil && o.isSequence() {
		o.sequence.write(data)
	}
	return nil
}

// HashEnd is _TPM_Hash_End: before Startup the result goes into PCR 0, after it the dynamic PCRs are reset and it goes
// into PCR 17. Without HashStart it does nothing.
func (t *TPM) HashEnd() error {
	if !t.running() {
		return errNotRunning
	}
	o := t.object(t.volatile.drtmSequence)
	if o == nil || !o.isSequence() {
		return nil
	}
	if t.volatile.started {
		t.clearOrderly()
		t.stateReset.restartCount++
		t.pcrResetDynamic()
	} else {
		t.volatile.preStartupHash = true
		t.pcrPrepareHCRTM()
	}
	pcr := wire.Handle(drtmPCR)
	if !t.volatile.started {
		pcr = hcrtmPCR
	}
	for _, h := range o.sequence.hashes {
		t.pcrExtend(pcr, h.alg, h.hash.Sum(nil))
	}
	t.dropDRTMSequence()
	t.settle()
	if err := t.Failure(); err != nil {
		return fmt.Errorf("tpm2: %w", err)
	}
	return nil
}

// running reports whether the TPM takes signals.
func (t *TPM) running() bool { return t.volatile.on && t.volatile.failure == nil }

// dropDRTMSequence ends a sequence without a result.
func (t *TPM) dropDRTMSequence() {
	if i := uint32(t.volatile.drtmSequence - firstTransient); i < maxLoadedObjects {
		t.volatile.objects[i] = nil
	}
	t.volatile.drtmSequence = wire.RHUnassigned
}
