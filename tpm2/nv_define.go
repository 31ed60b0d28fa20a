package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Definition and removal of NV indexes (Part 3, 31.3 to 31.6, 31.17 and 31.18).

// nvDefineSpace is TPM2_NV_DefineSpace (Part 3, 31.3); for the codes see defineIndex.
func (t *TPM) nvDefineSpace(c *call, p *nvDefineSpaceParameters) error {
	return t.defineIndex(c.handles[0], p.auth, &p.publicInfo.TPMSNVPublic)
}

// nvDefineSpace2 is TPM2_NV_DefineSpace2 (Part 3, 31.17); for the codes see defineIndex. RCHandle parameter 2: a type of
// index that this TPM does not have.
func (t *TPM) nvDefineSpace2(c *call, p *nvDefineSpace2Parameters) error {
	if p.publicInfo.HandleType != wire.HTNVIndex {
		return wire.RCHandle.Parameter(2)
	}
	return t.defineIndex(c.handles[0], p.auth, &p.publicInfo.NV)
}

// defineIndex defines an index.
//
// Parameter 2: RCSize, RCAttributes; parameter 1: RCSize; handle 1: RCHierarchy, RCAttributes; RCNVDefined, RCNVSpace.
func (t *TPM) defineIndex(authHandle wire.Handle, auth []byte, pub *wire.TPMSNVPublic) error {
	auth = bytes.Clone(trimZeros(auth))
	if len(pub.AuthPolicy) != 0 && len(pub.AuthPolicy) != digestSize(pub.NameAlg) {
		return wire.RCSize.Parameter(2)
	}
	if len(auth) > digestSize(pub.NameAlg) {
		return wire.RCSize.Parameter(1)
	}
	if authHandle == wire.RHPlatform && !t.stateClear.phEnableNV {
		return wire.RCHierarchy.Handle(1)
	}
	if rc := checkIndexType(pub); rc != wire.RCSuccess {
		return rc.Parameter(2)
	}
	if rc := checkIndexAttributes(pub); rc != wire.RCSuccess {
		return rc.Parameter(2)
	}
	if pub.Attributes.Has(wire.NVPlatformCreate) != (authHandle == wire.RHPlatform) {
		return wire.RCAttributes.Handle(1)
	}
	if pub.Attributes.Has(wire.NVPolicyDelete) && authHandle != wire.RHPlatform {
		return wire.RCAttributes.Parameter(2)
	}
	if pub.DataSize > nvMaxBuffer && pub.Attributes.Has(wire.NVWriteAll) {
		return wire.RCSize.Parameter(2)
	}
	if t.nv.index(pub.NVIndex) != nil {
		return wire.RCNVDefined
	}
	x := &nvIndex{public: *pub, auth: auth, data: make([]byte, pub.DataSize)}
	if !t.nvIndexFits(x) {
		return wire.RCNVSpace
	}
	t.nv.add(x)
	if x.has(wire.NVOrderly) {
		t.nvSaveOrderly()
	}
	t.markPermanent()
	return nil
}

// checkIndexType checks the type of an index and the size and attributes that go with it. RCAttributes, RCSize without
// position.
func checkIndexType(pub *wire.TPMSNVPublic) wire.RC {
	a, size := pub.Attributes, int(pub.DataSize)
	var want int
	switch a.NT() {
	case wire.NTOrdinary:
		want = min(size, nvMaxIndex)
	case wire.NTExtend:
		want = digestSize(pub.NameAlg)
	case wire.NTCounter, wire.NTBits, wire.NTPinPass, wire.NTPinFail:
		want = 8
	default:
		return wire.RCAttributes
	}
	if size != want {
		return wire.RCSize
	}
	switch a.NT() {
	case wire.NTCounter:
		if a.Has(wire.NVClearStClear) {
			return wire.RCAttributes
		}
	case wire.NTPinFail, wire.NTPinPass:
		if a.NT() == wire.NTPinFail && !a.Has(wire.NVNoDA) {
			return wire.RCAttributes
		}
		if a&(wire.NVAuthWrite|wire.NVGlobalLock|wire.NVWriteDefine) != 0 {
			return wire.RCAttributes
		}
	}
	return wire.RCSuccess
}

// checkIndexAttributes checks what holds for indexes of every type. RCAttributes without position.
func checkIndexAttributes(pub *wire.TPMSNVPublic) wire.RC {
	a := pub.Attributes
	const (
		state = wire.NVWritten | wire.NVWriteLocked | wire.NVReadLocked
		read  = wire.NVOwnerRead | wire.NVPPRead | wire.NVAuthRead | wire.NVPolicyRead
		write = wire.NVOwnerWrite | wire.NVPPWrite | wire.NVAuthWrite | wire.NVPolicyWrite
	)
	if a&state != 0 || a&read == 0 || a&write == 0 || a.Has(wire.NVClearStClear|wire.NVWriteDefine) {
		return wire.RCAttributes
	}
	return wire.RCSuccess
}

// nvUndefineSpace is TPM2_NV_UndefineSpace (Part 3, 31.4). Handle 2: RCAttributes; RCNVAuthorization.
func (t *TPM) nvUndefineSpace(c *call) error {
	x := t.nv.index(c.handles[1])
	if x.has(wire.NVPolicyDelete) {
		return wire.RCAttributes.Handle(2)
	}
	if c.handles[0] == wire.RHOwner && x.has(wire.NVPlatformCreate) {
		return wire.RCNVAuthorization
	}
	t.nvDelete(x)
	t.markPermanent()
	return nil
}

// nvUndefineSpaceSpecial is TPM2_NV_UndefineSpaceSpecial (Part 3, 31.5). Handle 1: RCAttributes.
func (t *TPM) nvUndefineSpaceSpecial(c *call) error {
	x := t.nv.index(c.handles[0])
	if !x.has(wire.NVPolicyDelete) {
		return wire.RCAttributes.Handle(1)
	}
	t.nvDelete(x)
	t.markPermanent()
	return nil
}

// nvReadPublic is TPM2_NV_ReadPublic (Part 3, 31.6).
func (t *TPM) nvReadPublic(c *call) error {
	x := t.nv.index(c.handles[0])
	(&wire.TPM2BNVPublic{TPMSNVPublic: x.public}).Marshal(&c.out)
	c.out.TPM2B(x.name())
	return nil
}

// nvReadPublic2 is TPM2_NV_ReadPublic2 (Part 3, 31.18).
func (t *TPM) nvReadPublic2(c *call) error {
	x := t.nv.index(c.handles[0])
	var pub wire.TPM2BNVPublic2
	pub.HandleType = wire.HTNVIndex
	pub.NV = x.public
	pub.Marshal(&c.out)
	c.out.TPM2B(x.name())
	return nil
}

// nvChangeAuth is TPM2_NV_ChangeAuth (Part 3, 31.15). Parameter 1: RCSize.
func (t *TPM) nvChangeAuth(c *call, p *nvChangeAuthParameters) error {
	x := t.nv.index(c.handles[0])
	auth := bytes.Clone(trimZeros(p.newAuth))
	if len(auth) > digestSize(x.public.NameAlg) {
		return wire.RCSize.Parameter(1)
	}
	renew(&x.auth, auth)
	t.markPermanent()
	return nil
}
