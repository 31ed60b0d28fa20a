package tpm2

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/binary"
	"math/big"
	"testing"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

const signAttributes = fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign

// signingKey makes a P-256 signing key in a hierarchy.
func (b *testTPM) signingKey(h wire.Handle) created {
	b.t.Helper()
	return b.createPrimary(createPrimaryCommand(h, "", nil, wire.Marshal(&eccTemplate(signAttributes, noSymmetric).TPMTPublic)))
}

var ecdsaSHA256 = &wire.TPMTSigScheme{Scheme: wire.AlgECDSA, HashAlg: wire.AlgSHA256}

// attestation reads an attestation and its signature from a response, and verifies the signature with the standard library.
func (r *testResponse) attestation(key *object) *wire.TPMSAttest {
	r.t.Helper()
	body := r.b2()
	sig := r.signature()
	var a wire.TPMSAttest
	if rc := wire.Unmarshal(body, nil, &a); rc != wire.RCSuccess {
		r.t.Fatalf("attestation %x: %v", body, rc)
	}
	if key == nil {
		if sig.SigAlg != wire.AlgNull {
			r.t.Errorf("signed with %v by no key", sig.SigAlg)
		}
		return &a
	}
	point := key.public.Unique.ECC
	pub := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(point.X), Y: new(big.Int).SetBytes(point.Y)}
	if !ecdsa.Verify(pub, hashOf(wire.AlgSHA256, body), new(big.Int).SetBytes(sig.Signature.ECC.R), new(big.Int).SetBytes(sig.Signature.ECC.S)) {
		r.t.Error("the signature is wrong")
	}
	return &a
}

// attestCommands are the commands that attest, each with the response wanted.
func attestCommands(b *testTPM, key wire.Handle, certified created, audit *testSession) map[string]struct {
	cmd   *testCommand
	check func(*wire.TPMSAttest) bool
} {
	data := []byte("caller's data")
	const nv = wire.Handle(0x01000005)
	type row = struct {
		cmd   *testCommand
		check func(*wire.TPMSAttest) bool
	}
	pcrs := wire.TPMLPCRSelection{{Hash: wire.AlgSHA256, Select: []byte{1, 0, 0x80}}}
	o := b.object(certified.handle)
	return map[string]row{
		"certify": {newCommand(wire.CCCertify, certified.handle, key).password("").password("").b2(data).put(ecdsaSHA256),
			func(a *wire.TPMSAttest) bool {
				return bytes.Equal(a.Attested.Certify.Name, o.name) && bytes.Equal(a.Attested.Certify.QualifiedName, o.qualified)
			}},
		"certify creation": {newCommand(wire.CCCertifyCreation, key, certified.handle).password("").b2(data).
			b2(certified.creationHash).put(ecdsaSHA256, &certified.ticket),
			func(a *wire.TPMSAttest) bool {
				return bytes.Equal(a.Attested.Creation.ObjectName, o.name) &&
					bytes.Equal(a.Attested.Creation.CreationHash, certified.creationHash)
			}},
		"quote": {newCommand(wire.CCQuote, key).password("").b2(data).put(ecdsaSHA256, &pcrs),
			func(a *wire.TPMSAttest) bool {
				return bytes.Equal(a.Attested.Quote.PCRDigest, hashOf(wire.AlgSHA256, make([]byte, 64))) &&
					bytes.Equal(wire.Marshal(&a.Attested.Quote.PCRSelect), wire.Marshal(&pcrs))
			}},
		"time": {newCommand(wire.CCGetTime, wire.RHEndorsement, key).password("").password("").b2(data).put(ecdsaSHA256),
			func(a *wire.TPMSAttest) bool {
				return a.Attested.Time.Time == b.timeInfo() && a.Attested.Time.FirmwareVersion == 0x20240125_00120000
			}},
		"command audit": {newCommand(wire.CCGetCommandAuditDigest, wire.RHEndorsement, key).password("").password("").b2(data).put(ecdsaSHA256),
			func(a *wire.TPMSAttest) bool {
				return a.Attested.CommandAudit.DigestAlg == wire.AlgSHA512 &&
					bytes.Equal(a.Attested.CommandAudit.CommandDigest, hashOf(wire.AlgSHA512, wire.Marshal(wire.CCSetCommandCodeAuditStatus)))
			}},
		"session audit": {newCommand(wire.CCGetSessionAuditDigest, wire.RHEndorsement, key, audit.handle).password("").password("").b2(data).put(ecdsaSHA256),
			func(a *wire.TPMSAttest) bool { return len(a.Attested.SessionAudit.SessionDigest) == 32 }},
		"nv": {newCommand(wire.CCNVCertify, key, nv, nv).password("").password("").b2(data).put(ecdsaSHA256).u16(3).u16(1),
			func(a *wire.TPMSAttest) bool {
				return bytes.Equal(a.Attested.NV.IndexName, b.nv.index(nv).name()) &&
					string(a.Attested.NV.NVContents) == "ont" && a.Attested.NV.Offset == 1
			}},
		"nv digest": {newCommand(wire.CCNVCertify, key, nv, nv).password("").password("").b2(data).put(ecdsaSHA256).u16(0).u16(0),
			func(a *wire.TPMSAttest) bool {
				return bytes.Equal(a.Attested.NVDigest.NVDigest, hashOf(wire.AlgSHA256, []byte("content!")))
			}},
	}
}

// Every attestation states what it should, and its signature holds. Outside the endorsement hierarchy counts and firmware version are
// obfuscated.
func TestAttestations(t *testing.T) {
	for _, hierarchy := range []wire.Handle{wire.RHEndorsement, wire.RHOwner, wire.RHNull} {
		b := newTestTPM(t)
		b.define(nvPublic(0x01000005, nvOpen, 8))
		b.must(nvCommand(wire.CCNVWrite, 0x01000005).b2([]byte("content!")).u16(0))
		key, certified := b.signingKey(hierarchy), b.storagePrimary()
		audit := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
		audit.attributes |= wire.SessionAudit
		b.want(wire.RCSuccess, audit.run(newCommand(wire.CCReadClock), nil))
		o := b.object(key.handle)
		for name, row := range attestCommands(b, key.handle, certified, audit) {
			t.Run(hierarchy.String()+" "+name, func(t *testing.T) {
				b.t = t
				a := b.must(row.cmd).attestation(o)
				if !row.check(a) {
					t.Errorf("attested %+v", a.Attested)
				}
				if string(a.ExtraData) != "caller's data" || !bytes.Equal(a.QualifiedSigner, o.qualified) {
					t.Errorf("extra data %q, signer %x", a.ExtraData, a.QualifiedSigner)
				}
				want, firmware := b.clockInfo(), uint64(0x20240125_00120000)
				if hierarchy != wire.RHEndorsement {
					x := kdf.KDFa(hashFunc(wire.AlgSHA512), b.persistent.shProof, "OBFUSCATE", o.qualified, nil, 128)
					firmware += binary.LittleEndian.Uint64(x)
					want.RestartCount += binary.LittleEndian.Uint32(x[8:])
					want.ResetCount += binary.LittleEndian.Uint32(x[12:])
				}
				if a.ClockInfo != want || a.FirmwareVersion != firmware {
					t.Errorf("clock %+v, firmware %x, want %+v, %x", a.ClockInfo, a.FirmwareVersion, want, firmware)
				}
			})
		}
	}
}

// Without key the attestation is not signed, and names TPM_RH_NULL as signer.
func TestAttestWithoutKey(t *testing.T) {
	b := newTestTPM(t)
	certified := b.storagePrimary()
	null := &wire.TPMTSigScheme{Scheme: wire.AlgNull}
	a := b.must(newCommand(wire.CCCertify, certified.handle, wire.RHNull).password("").password("").b2(nil).put(null)).attestation(nil)
	if !bytes.Equal(a.QualifiedSigner, wire.Marshal(wire.RHNull)) || !bytes.Equal(a.Attested.Certify.Name, certified.name) {
		t.Errorf("attested %+v", a)
	}
	b.want(wire.RCScheme.Parameter(2), b.run(newCommand(wire.CCQuote, wire.RHNull).password("").b2(nil).put(null).u32(0)))
}

func TestAttestFaults(t *testing.T) {
	b := newTestTPM(t)
	b.define(nvPublic(0x01000005, nvOpen, 2048))
	key, parent := b.signingKey(wire.RHOwner), b.storagePrimary()
	session := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	rsassa := &wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
	badTicket := parent.ticket
	badTicket.Digest = bytes.Clone(badTicket.Digest)
	badTicket.Digest[0] ^= 1
	two := func(cc wire.CC, handles ...wire.Handle) *testCommand {
		return newCommand(cc, handles...).password("").password("")
	}
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"certify with a parent", two(wire.CCCertify, key.handle, parent.handle).b2(nil).put(ecdsaSHA256), wire.RCKey.Handle(2)},
		{"certify with another scheme", two(wire.CCCertify, key.handle, key.handle).b2(nil).put(rsassa), wire.RCScheme.Parameter(2)},
		{"parent before scheme", two(wire.CCCertify, key.handle, parent.handle).b2(nil).put(rsassa), wire.RCKey.Handle(2)},
		{"creation with a parent", newCommand(wire.CCCertifyCreation, parent.handle, key.handle).password("").b2(nil).b2(nil).
			put(ecdsaSHA256, &key.ticket), wire.RCKey.Handle(1)},
		{"creation scheme", newCommand(wire.CCCertifyCreation, key.handle, parent.handle).password("").b2(nil).b2(parent.creationHash).
			put(rsassa, &badTicket), wire.RCScheme.Parameter(3)},
		{"creation ticket", newCommand(wire.CCCertifyCreation, key.handle, parent.handle).password("").b2(nil).b2(parent.creationHash).
			put(ecdsaSHA256, &badTicket), wire.RCTicket.Parameter(4)},
		{"ticket of another object", newCommand(wire.CCCertifyCreation, key.handle, key.handle).password("").b2(nil).b2(parent.creationHash).
			put(ecdsaSHA256, &parent.ticket), wire.RCTicket.Parameter(4)},
		{"quote with a parent", newCommand(wire.CCQuote, parent.handle).password("").b2(nil).put(ecdsaSHA256).u32(0), wire.RCKey.Handle(1)},
		{"quote without hash", newCommand(wire.CCQuote, key.handle).password("").b2(nil).put(rsassa).u32(0), wire.RCScheme.Parameter(2)},
		{"time with a parent", two(wire.CCGetTime, wire.RHEndorsement, parent.handle).b2(nil).put(ecdsaSHA256), wire.RCKey.Handle(2)},
		{"time scheme", two(wire.CCGetTime, wire.RHEndorsement, key.handle).b2(nil).put(rsassa), wire.RCScheme.Parameter(2)},
		{"time by the owner", two(wire.CCGetTime, wire.RHOwner, key.handle).b2(nil).put(ecdsaSHA256), wire.RCValue.Handle(1)},
		{"command audit with a parent", two(wire.CCGetCommandAuditDigest, wire.RHEndorsement, parent.handle).b2(nil).put(ecdsaSHA256),
			wire.RCKey.Handle(2)},
		{"session that does not audit", two(wire.CCGetSessionAuditDigest, wire.RHEndorsement, key.handle, session.handle).b2(nil).put(ecdsaSHA256),
			wire.RCType.Handle(3)},
		{"session scheme before session", two(wire.CCGetSessionAuditDigest, wire.RHEndorsement, key.handle, session.handle).b2(nil).put(rsassa),
			wire.RCScheme.Parameter(2)},
		{"nv with a parent", two(wire.CCNVCertify, parent.handle, 0x01000005, 0x01000005).b2(nil).put(ecdsaSHA256).u16(1).u16(0), wire.RCKey.Handle(1)},
		{"nv not written", two(wire.CCNVCertify, key.handle, 0x01000005, 0x01000005).b2(nil).put(ecdsaSHA256).u16(1).u16(0), wire.RCNVUninitialized},
		{"data too long", two(wire.CCCertify, key.handle, key.handle).b2(make([]byte, 67)).put(ecdsaSHA256), wire.RCSize.Parameter(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.want(tc.want, b.run(tc.cmd))
		})
	}
	b.t = t
	b.must(nvCommand(wire.CCNVWrite, 0x01000005).b2([]byte("x")).u16(0))
	certify := func(size, offset uint16) *testCommand {
		return two(wire.CCNVCertify, key.handle, 0x01000005, 0x01000005).b2(nil).put(ecdsaSHA256).u16(size).u16(offset)
	}
	b.want(wire.RCNVRange, b.run(certify(1, 2048)))
	b.want(wire.RCValue.Parameter(3), b.run(certify(1025, 0)))
	b.want(wire.RCNVRange, b.run(certify(1025, 1024)))
}

// The command audit digest grows with audited commands, counts anew after it was signed, and ends with its algorithm.
func TestCommandAudit(t *testing.T) {
	b := newTestTPM(t)
	key := b.signingKey(wire.RHEndorsement)
	set := func(alg wire.Alg, set, clear []wire.CC) *testCommand {
		c := newCommand(wire.CCSetCommandCodeAuditStatus, wire.RHOwner).password("").put(alg).u32(uint32(len(set)))
		for _, cc := range set {
			c.put(cc)
		}
		c.u32(uint32(len(clear)))
		for _, cc := range clear {
			c.put(cc)
		}
		return c
	}
	audited := func() wire.TPMSCommandAuditInfo {
		get := newCommand(wire.CCGetCommandAuditDigest, wire.RHEndorsement, key.handle).password("").password("").b2(nil).put(ecdsaSHA256)
		return b.must(get).attestation(b.object(key.handle)).Attested.CommandAudit
	}
	b.must(set(wire.AlgNull, []wire.CC{wire.CCReadClock, wire.CCShutdown, 0x11E}, []wire.CC{wire.CCSetCommandCodeAuditStatus}))
	codes := append(wire.Marshal(wire.CCSetCommandCodeAuditStatus), wire.Marshal(wire.CCReadClock)...)
	info := audited()
	if !bytes.Equal(info.CommandDigest, hashOf(wire.AlgSHA512, codes)) {
		t.Error("the digest of the list is not that of the codes in order")
	}
	if info.AuditCounter != 1 || len(info.AuditDigest) != 64 {
		t.Errorf("counter %d, digest %x", info.AuditCounter, info.AuditDigest)
	}
	if again := audited(); len(again.AuditDigest) != 0 || again.AuditCounter != 1 {
		t.Errorf("after signing: counter %d, digest %x", again.AuditCounter, again.AuditDigest)
	}
	r := b.must(newCommand(wire.CCReadClock))
	cp := hashOf(wire.AlgSHA512, wire.Marshal(wire.CCReadClock))
	rp := hashOf(wire.AlgSHA512, make([]byte, 4), wire.Marshal(wire.CCReadClock), r.body)
	if info = audited(); info.AuditCounter != 2 || !bytes.Equal(info.AuditDigest, hashOf(wire.AlgSHA512, make([]byte, 64), cp, rp)) {
		t.Errorf("counter %d, digest %x", info.AuditCounter, info.AuditDigest)
	}
	b.want(wire.RCValue.Parameter(1), b.run(set(wire.AlgSHA256, []wire.CC{wire.CCReadClock}, nil)))
	b.must(newCommand(wire.CCReadClock))
	b.must(set(wire.AlgSHA256, nil, nil))
	if info = audited(); info.DigestAlg != wire.AlgSHA256 || len(info.AuditDigest) != 0 {
		t.Errorf("after a change of the algorithm: %+v", info)
	}
}
