package diff

import (
	"fmt"

	"govtpm/tpm2/wire"
)

// Persistent objects of the state that both start from.
const (
	storageRSA wire.Handle = 0x81000001 + iota
	storageECC
	signingRSA
	signingECC
	anonymousECC
	macKey
	cipherKey
	sealed
	attestRSA
	deriver
	decryptRSA
	agreeECC
	duplicable
	protectedMAC
	platformECC wire.Handle = 0x81800001
	endorsement wire.Handle = 0x81010001
)

// duplicationPolicy authorizes the duplication of the keys that may be.
var duplicationPolicy = commandPolicy(wire.AlgSHA256, wire.CCDuplicate)

// commandPolicy is TPM2_PolicyCommandCode alone.
func commandPolicy(hash wire.Alg, cc wire.CC) *policy {
	return &policy{
		hash: hash, command: cc,
		digest: digest(hash, make([]byte, len(digest(hash))), u32(uint32(wire.CCPolicyCommandCode)), u32(uint32(cc))),
		steps: []policyStep{func(w *world, s *session) *command {
			return (&command{code: wire.CCPolicyCommandCode, handles: []wire.Handle{s.handle}}).u32(uint32(cc))
		}},
	}
}

// commandPolicies are policies for the commands that need one.
func commandPolicies() []*policy {
	var all []*policy
	for _, hash := range hashes {
		for _, cc := range []wire.CC{wire.CCDuplicate, wire.CCNVChangeAuth, wire.CCNVUndefineSpaceSpecial, wire.CCObjectChangeAuth, wire.CCCertify} {
			all = append(all, commandPolicy(hash, cc))
		}
	}
	return all
}

// provision makes keys and NV indexes in theirs, and returns the permanent state.
func (w *world) provision() ([]byte, error) {
	w.single = true
	defer func() { w.single = false }()
	if r := w.run((&command{code: wire.CCStartup}).u16(0)); !r.ok {
		return nil, fmt.Errorf("startup: %v", r.rc[theirs])
	}
	var fault error
	keep := func(o *object, h wire.Handle) *object {
		if fault != nil {
			return nil
		}
		if o == nil {
			fault = fmt.Errorf("object %v was not made: %s", h, w.log[len(w.log)-1])
			return nil
		}
		auth := wire.RHOwner
		if h >= platformECC {
			auth = wire.RHPlatform
		}
		r := w.run(w.passwordCommand(wire.CCEvictControl, auth, o.handle).u32(uint32(h)))
		if !r.ok {
			fault = fmt.Errorf("object %v is not kept: %v", h, r.rc[theirs])
		}
		w.flush(o.handle)
		return w.objects[h]
	}
	signing := ordinary | inside | wire.ObjectSign
	root := keep(w.createPrimary(wire.RHOwner, rsaTemplate(storage, wire.AlgNull, 0, 2048), nil, nil), storageRSA)
	keep(w.createPrimary(wire.RHOwner, eccTemplate(storage, wire.AlgNull, 0, wire.CurveNISTP256), nil, nil), storageECC)
	keep(w.createPrimary(wire.RHPlatform, eccTemplate(storage, wire.AlgNull, 0, wire.CurveNISTP256), nil, nil), platformECC)
	keep(w.createPrimary(wire.RHEndorsement, eccTemplate(storage, wire.AlgNull, 0, wire.CurveNISTP256), nil, nil), endorsement)
	child := func(p wire.TPMTPublic, auth, data []byte, h wire.Handle) {
		if fault == nil {
			keep(w.load(w.create(root, p, auth, data)), h)
		}
	}
	duplicate := eccTemplate(ordinary|inside|wire.ObjectSign, wire.AlgNull, 0, wire.CurveNISTP256)
	duplicate.AuthPolicy = duplicationPolicy.digest
	child(rsaTemplate(signing|fixed, wire.AlgNull, 0, 2048), nil, nil, signingRSA)
	child(eccTemplate(signing|fixed, wire.AlgNull, 0, wire.CurveNISTP256), []byte("ecc"), nil, signingECC)
	child(eccTemplate(signing|fixed, wire.AlgECDAA, wire.AlgSHA256, wire.CurveNISTP256), nil, nil, anonymousECC)
	child(hashTemplate(signing|fixed, wire.AlgHMAC, wire.AlgSHA256), []byte("mac"), nil, macKey)
	child(symTemplate(ordinary|inside|fixed|wire.ObjectDecrypt|wire.ObjectSign, wire.TPMTSymDefObject{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgNull}), nil, nil, cipherKey)
	child(hashTemplate(ordinary|fixed, wire.AlgNull, 0), []byte("seal"), []byte("a secret"), sealed)
	child(rsaTemplate(signing|fixed|wire.ObjectRestricted, wire.AlgRSASSA, wire.AlgSHA256, 1024), nil, nil, attestRSA)
	child(hashTemplate(ordinary|inside|fixed|wire.ObjectRestricted|wire.ObjectDecrypt, wire.AlgXOR, wire.AlgSHA256), nil, nil, deriver)
	child(rsaTemplate(ordinary|inside|fixed|wire.ObjectDecrypt, wire.AlgNull, 0, 2048), nil, nil, decryptRSA)
	child(eccTemplate(ordinary|inside|fixed|wire.ObjectDecrypt, wire.AlgNull, 0, wire.CurveNISTP384), nil, nil, agreeECC)
	child(duplicate, nil, nil, duplicable)
	child(hashTemplate(signing&^wire.ObjectNoDA|fixed, wire.AlgHMAC, wire.AlgSHA256), []byte("protected"), nil, protectedMAC)
	if fault == nil {
		w.run((&command{code: wire.CCShutdown}).u16(0))
	}
	state, err := w.tpm[theirs].permanent()
	if fault == nil {
		fault = err
	}
	return state, fault
}
