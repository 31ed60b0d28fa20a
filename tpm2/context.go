package tpm2

import (
	"crypto/aes"
	"crypto/hmac"
	"encoding/binary"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Saved contexts (Part 1, 27; Part 3, 28). The envelope is that of libtpms, so that contexts saved there load here after a
// migration, and the other way round.

// contextKey derives the key and IV that protect a context. The sequence number goes in as libtpms has it in memory on the
// machines it runs on: little-endian.
func (t *TPM) contextKey(x *wire.TPMSContext) (key, iv []byte) {
	sequence := binary.LittleEndian.AppendUint64(nil, x.Sequence)
	handle := binary.LittleEndian.AppendUint32(nil, uint32(x.SavedHandle))
	k := kdf.KDFa(hashFunc(contextHashAlg), t.proof(x.Hierarchy), "CONTEXT", sequence, handle, contextKeyBits+8*aes.BlockSize)
	return k[:contextKeyBits/8], k[contextKeyBits/8:]
}

// contextIntegrity is the HMAC over an encrypted context (Part 1, 27.3.2): it ends with the TPM Reset, and for stClear objects
// with the TPM Restart.
func (t *TPM) contextIntegrity(x *wire.TPMSContext, encrypted []byte) []byte {
	head := binary.BigEndian.AppendUint64(nil, t.persistent.totalResetCount)
	if x.SavedHandle == wire.SavedStClearObject {
		head = binary.BigEndian.AppendUint32(head, t.stateReset.clearCount)
	}
	head = binary.BigEndian.AppendUint64(head, x.Sequence)
	head = binary.BigEndian.AppendUint32(head, uint32(x.SavedHandle))
	return hmacOf(contextHashAlg, t.proof(x.Hierarchy), head, encrypted)
}

// sealContext puts the payload of a context into its envelope: HMAC, then the encrypted sequence number and payload.
func (t *TPM) sealContext(x *wire.TPMSContext, payload []byte) error {
	data := append(binary.LittleEndian.AppendUint64(nil, x.Sequence), payload...)
	key, iv := t.contextKey(x)
	if err := t.cryptCFB(wire.AlgAES, key, iv, data, true); err != nil {
		return err
	}
	var w wire.Writer
	w.TPM2B(t.contextIntegrity(x, data))
	w.Raw(data)
	x.ContextBlob = w.Bytes()
	return nil
}

// openContext takes the payload of a context out of its envelope.
// RCInsufficient without position; RCSize, RCIntegrity parameter 1.
func (t *TPM) openContext(x *wire.TPMSContext) ([]byte, error) {
	r := wire.NewReader(x.ContextBlob, t.limits)
	var integrity wire.TPM2BDigest
	integrity.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return nil, rc
	}
	if len(integrity) != digestSize(contextHashAlg) || r.Len() < 8 {
		return nil, wire.RCSize.Parameter(1)
	}
	data := r.Copy(r.Len())
	if !hmac.Equal(integrity, t.contextIntegrity(x, data)) {
		return nil, wire.RCIntegrity.Parameter(1)
	}
	key, iv := t.contextKey(x)
	if err := t.cryptCFB(wire.AlgAES, key, iv, data, false); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint64(data) != x.Sequence {
		return nil, internalf("a context with good integrity holds another sequence number")
	}
	return data[8:], nil
}

// contextSave is TPM2_ContextSave (Part 3, 28.2). RCContextGap, RCTooManyContexts.
func (t *TPM) contextSave(c *call) error {
	h := c.handles[0]
	x := wire.TPMSContext{SavedHandle: h, Hierarchy: wire.RHNull}
	var payload []byte
	var err error
	if o := c.objects[0]; o != nil {
		if payload, err = t.marshalObjectContext(o); err != nil {
			return err
		}
		x.Hierarchy = o.hierarchy
		switch {
		case o.isSequence():
			x.SavedHandle = wire.SavedSequence
		case o.stClear:
			x.SavedHandle = wire.SavedStClearObject
		default:
			x.SavedHandle = wire.SavedObject
		}
		x.Sequence = t.stateReset.objectContextID + 1
		if err := t.sealContext(&x, payload); err != nil {
			return err
		}
		t.clearOrderly()
		t.stateReset.objectContextID++
	} else {
		s := t.volatile.sessions.loaded(t, h)
		if payload, err = t.marshalSessionContext(s); err != nil {
			return err
		}
		if x.Sequence, err = t.volatile.sessions.save(t, h); err != nil {
			return err
		}
		t.clearOrderly()
		if err := t.sealContext(&x, payload); err != nil {
			return err
		}
	}
	x.Marshal(&c.out)
	return nil
}

// contextLoad is TPM2_ContextLoad (Part 3, 28.3).
//
// RCSize, RCIntegrity, RCHierarchy, RCHandle parameter 1; RCObjectMemory, RCSessionMemory, RCContextGap.
func (t *TPM) contextLoad(c *call, p *contextLoadParameters) error {
	payload, err := t.openContext(&p.context)
	if err != nil {
		return err
	}
	h := p.context.SavedHandle
	if h.Type() == wire.HTTransient {
		return t.loadObjectContext(c, &p.context, payload)
	}
	if !t.volatile.sessions.savedSequenceCurrent(t, h, p.context.Sequence) {
		return wire.RCHandle.Parameter(1)
	}
	s, err := t.unmarshalSessionContext(payload)
	if err != nil {
		return err
	}
	if err := t.volatile.sessions.load(t, h, s); err != nil {
		return err
	}
	t.clearOrderly()
	c.outHandle = h
	return nil
}

// loadObjectContext brings a saved object back into a slot.
func (t *TPM) loadObjectContext(c *call, x *wire.TPMSContext, payload []byte) error {
	if !t.hierarchyEnabled(x.Hierarchy) {
		return wire.RCHierarchy.Parameter(1)
	}
	if _, ok := t.freeSlot(); !ok {
		return wire.RCObjectMemory
	}
	o, err := t.unmarshalObjectContext(payload)
	if err != nil {
		return err
	}
	o.hierarchy = x.Hierarchy
	c.outHandle, err = t.addObject(o)
	return err
}

// flushContext is TPM2_FlushContext (Part 3, 28.4). RCHandle parameter 1: nothing there.
func (t *TPM) flushContext(_ *call, p *flushContextParameters) error {
	h := p.flushHandle
	if h.Type() == wire.HTTransient {
		if t.object(h) == nil {
			return wire.RCHandle.Parameter(1)
		}
		t.emptySlot(int(h - firstTransient))
		return nil
	}
	st := &t.volatile.sessions
	if st.loaded(t, h) == nil && !st.saved(t, h) {
		return wire.RCHandle.Parameter(1)
	}
	st.flush(t, h)
	return nil
}

// firstPlatformPersistent is the lowest persistent handle of the platform (Part 2, 7.5).
const firstPlatformPersistent = wire.Handle(0x81800000)

// evictControl is TPM2_EvictControl (Part 3, 28.5).
//
// Handle 2: RCAttributes (temporary, stClear or public-only), RCHierarchy, RCHandle (persistent under another handle); parameter 1:
// RCRange; RCNVDefined, RCNVSpace.
func (t *TPM) evictControl(c *call, p *evictControlParameters) error {
	o, platform := c.objects[1], c.handles[0] == wire.RHPlatform
	if o.temporary || o.stClear || o.publicOnly || o.isSequence() {
		return wire.RCAttributes.Handle(2)
	}
	persistent := o.evict != 0
	// The platform may remove any persistent object, the owner all but those of the platform: RCHierarchy as in libtpms, where Part 3, 28.5
	// has RCRange.
	if (!platform || !persistent) && platform != (o.hierarchy == wire.RHPlatform) {
		return wire.RCHierarchy.Handle(2)
	}
	if persistent && o.evict != p.persistentHandle {
		return wire.RCHandle.Handle(2)
	}
	if persistent {
		t.nvRemovePersistent(o.evict)
		t.markPermanent()
		return nil
	}
	if platform != (p.persistentHandle >= firstPlatformPersistent) {
		return wire.RCRange.Parameter(1)
	}
	if t.nv.persistent[p.persistentHandle] != nil {
		return wire.RCNVDefined
	}
	if err := t.nvAddPersistent(o, p.persistentHandle); err != nil {
		return err
	}
	t.markPermanent()
	return nil
}
