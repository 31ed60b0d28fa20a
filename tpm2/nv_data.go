package tpm2

import (
	"errors"

	"govtpm/tpm2/wire"
)

// Reading, writing and locking of NV indexes (Part 3, 31.7 to 31.16).

// nvWrite is TPM2_NV_Write (Part 3, 31.7).
//
// RCNVLocked, RCNVAuthorization; RCAttributes without position: another type; parameter 2: RCValue; RCNVRange.
func (t *TPM) nvWrite(c *call, p *nvWriteParameters) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvWriteCheck(c.handles[0], x); err != nil {
		return err
	}
	switch x.kind() {
	case wire.NTCounter, wire.NTBits, wire.NTExtend:
		return wire.RCAttributes
	}
	size, offset := int(x.public.DataSize), int(p.offset)
	if offset > size {
		return wire.RCValue.Parameter(2)
	}
	if len(p.data) > size-offset || x.has(wire.NVWriteAll) && len(p.data) < size {
		return wire.RCNVRange
	}
	t.nvWriteData(x, offset, p.data)
	return nil
}

// nvIncrement is TPM2_NV_Increment (Part 3, 31.8). RCNVLocked, RCNVAuthorization; handle 2: RCAttributes.
func (t *TPM) nvIncrement(c *call) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvWriteCheck(c.handles[0], x); err != nil {
		return err
	}
	if x.kind() != wire.NTCounter {
		return wire.RCAttributes.Handle(2)
	}
	count := t.nv.maxCount // a new counter starts above every one that there was
	if x.has(wire.NVWritten) {
		count = x.number()
	}
	count++
	t.nvWriteNumber(x, count)
	if x.has(wire.NVOrderly) && count&orderlyCountMask == 0 {
		t.nvSaveOrderly()
	}
	return nil
}

// nvExtend is TPM2_NV_Extend (Part 3, 31.9). RCNVLocked, RCNVAuthorization; handle 2: RCAttributes.
func (t *TPM) nvExtend(c *call, p *nvExtendParameters) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvWriteCheck(c.handles[0], x); err != nil {
		return err
	}
	if x.kind() != wire.NTExtend {
		return wire.RCAttributes.Handle(2)
	}
	old := make([]byte, digestSize(x.public.NameAlg))
	if x.has(wire.NVWritten) {
		old = x.data
	}
	t.nvWriteData(x, 0, hashOf(x.public.NameAlg, old, p.data))
	return nil
}

// nvSetBits is TPM2_NV_SetBits (Part 3, 31.10). RCNVLocked, RCNVAuthorization; handle 2: RCAttributes.
func (t *TPM) nvSetBits(c *call, p *nvSetBitsParameters) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvWriteCheck(c.handles[0], x); err != nil {
		return err
	}
	if x.kind() != wire.NTBits {
		return wire.RCAttributes.Handle(2)
	}
	bits := p.bits
	if x.has(wire.NVWritten) {
		bits |= x.number()
	}
	t.nvWriteNumber(x, bits)
	return nil
}

// nvWriteLock is TPM2_NV_WriteLock (Part 3, 31.11); a locked index stays so without fault. RCNVAuthorization; handle 2: RCAttributes.
func (t *TPM) nvWriteLock(c *call) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvWriteCheck(c.handles[0], x); err != nil {
		if errors.Is(err, wire.RCNVLocked) {
			return nil
		}
		return err
	}
	if x.public.Attributes&(wire.NVWriteDefine|wire.NVWriteStClear) == 0 {
		return wire.RCAttributes.Handle(2)
	}
	t.nvSetAttributes(x, x.public.Attributes|wire.NVWriteLocked)
	return nil
}

// nvGlobalWriteLock is TPM2_NV_GlobalWriteLock (Part 3, 31.12).
func (t *TPM) nvGlobalWriteLock(*call) error {
	for _, x := range t.nv.indexes {
		if x.has(wire.NVGlobalLock) {
			t.nvSetAttributes(x, x.public.Attributes|wire.NVWriteLocked)
		}
	}
	return nil
}

// nvRead is TPM2_NV_Read (Part 3, 31.13).
//
// RCNVLocked, RCNVAuthorization, RCNVUninitialized; parameter 1: RCValue (size); 2: RCValue (offset); RCNVRange.
func (t *TPM) nvRead(c *call, p *nvReadParameters) error {
	x := t.nv.index(c.handles[1])
	if err := t.nvReadCheck(c.handles[0], x); err != nil {
		return err
	}
	size, offset, total := int(p.size), int(p.offset), int(x.public.DataSize)
	if size > nvMaxBuffer {
		return wire.RCValue.Parameter(1)
	}
	if offset > total {
		return wire.RCValue.Parameter(2)
	}
	if size > total-offset {
		return wire.RCNVRange
	}
	c.out.TPM2B(x.data[offset : offset+size])
	return nil
}

// nvReadLock is TPM2_NV_ReadLock (Part 3, 31.14); a locked index stays so, and one that was not written may be locked.
// RCNVAuthorization; handle 2: RCAttributes.
func (t *TPM) nvReadLock(c *call) error {
	x := t.nv.index(c.handles[1])
	switch err := t.nvReadCheck(c.handles[0], x); {
	case errors.Is(err, wire.RCNVAuthorization):
		return err
	case errors.Is(err, wire.RCNVLocked):
		return nil
	}
	if !x.has(wire.NVReadStClear) {
		return wire.RCAttributes.Handle(2)
	}
	t.nvSetAttributes(x, x.public.Attributes|wire.NVReadLocked)
	return nil
}

// nvCertify is TPM2_NV_Certify (Part 3, 31.16); with size and offset zero it certifies a digest of the whole content.
//
// Handle 1: RCKey; parameter 2: RCScheme; codes of reading; RCNVRange; parameter 3: RCValue.
func (t *TPM) nvCertify(c *call, p *nvCertifyParameters) error {
	key, x := c.objects[0], t.nv.index(c.handles[2])
	if err := t.checkSigner(key, &p.inScheme, 1, 2); err != nil {
		return err
	}
	if err := t.nvReadCheck(c.handles[1], x); err != nil {
		return err
	}
	size, offset := int(p.size), int(p.offset)
	if size+offset > int(x.public.DataSize) {
		return wire.RCNVRange
	}
	if size > nvMaxBuffer {
		return wire.RCValue.Parameter(3)
	}
	if size == 0 && offset == 0 {
		a := t.newAttestation(wire.STAttestNVDigest, key, p.inScheme, p.qualifyingData)
		a.Attested.NVDigest.IndexName = x.name()
		if digestSize(p.inScheme.HashAlg) != 0 {
			a.Attested.NVDigest.NVDigest = hashOf(p.inScheme.HashAlg, x.data)
		}
		return t.attest(c, a)
	}
	a := t.newAttestation(wire.STAttestNV, key, p.inScheme, p.qualifyingData)
	a.Attested.NV.IndexName = x.name()
	a.Attested.NV.Offset = p.offset
	a.Attested.NV.NVContents = x.data[offset : offset+size]
	return t.attest(c, a)
}
