package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"govtpm/tpm2/wire"
)

// response runs a command and takes the response apart.
func (o *oracle) response(c *testCommand) *testResponse {
	o.t.Helper()
	out := o.run(c.bytes())
	return &testResponse{
		t: o.t, tag: wire.ST(binary.BigEndian.Uint16(out)), rc: wire.RC(binary.BigEndian.Uint32(out[6:])),
		body: out[10:], r: wire.NewReader(out[10:], nil),
	}
}

// agree runs a command here and there and wants the same response.
func (o *oracle) agree(b *testTPM, c *testCommand) wire.RC {
	o.t.Helper()
	x, y := b.run(c), o.response(c)
	if y.rc == wire.RCRetry { // libtpms 0.9 wants the first use of a protected object after Startup twice
		y = o.response(c)
	}
	if x.rc != y.rc || !bytes.Equal(x.body, y.body) {
		o.t.Errorf("%v: we say %v %x, libtpms %v %x", c.code, x.rc, x.body, y.rc, y.body)
	}
	return x.rc
}

// withEntities fills a TPM: keys of each type and hierarchy made persistent, indexes of each type.
func withEntities(t *testing.T) *testTPM {
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds()}).startup(wire.SUClear) // of the null profile, all that swtpm 0.7 loads
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHEndorsement).password("").b2([]byte("eh")))
	persist := func(auth, h, persistent wire.Handle) {
		b.must(newCommand(wire.CCEvictControl, auth, h).password("").u32(uint32(persistent)))
		b.must(newCommand(wire.CCFlushContext).u32(uint32(h)))
	}
	parent := b.storagePrimary().handle
	signing := fixedAttributes | wire.ObjectSensitiveDataOrigin | wire.ObjectUserWithAuth | wire.ObjectSign
	for i, template := range []*wire.TPM2BPublic{eccTemplate(signing, noSymmetric), rsaTemplate(signing, noSymmetric)} {
		persist(wire.RHOwner, b.createAndLoad(parent, nil, template), 0x81000002+wire.Handle(i))
	}
	persist(wire.RHOwner, b.createAndLoad(parent, []byte("sealed here"), sealTemplate(fixedAttributes|wire.ObjectUserWithAuth)), 0x81000004)
	persist(wire.RHOwner, parent, 0x81000001)
	r := b.must(createPrimaryCommand(wire.RHPlatform, "", nil, wire.Marshal(&rsaTemplate(storageAttributes, aes128CFB).TPMTPublic)))
	persist(wire.RHPlatform, r.handle(), 0x81800001)

	owner := wire.NVOwnerRead | wire.NVOwnerWrite
	b.must(nvDefine(0x01500010, owner, 11))
	b.must(nvWriteOwner(0x01500010, []byte("ordinary 11")))
	b.must(nvDefine(0x01500011, owner|wire.NVOrderly, 7))
	b.must(nvWriteOwner(0x01500011, []byte("orderly")))
	b.must(nvDefine(0x01500012, owner|wire.TPMANV(wire.NTCounter)<<4, 8))
	b.must(newCommand(wire.CCNVIncrement, wire.RHOwner, 0x01500012).password(""))
	b.must(nvDefine(0x01500013, owner|wire.NVOrderly|wire.TPMANV(wire.NTCounter)<<4, 8))
	b.must(newCommand(wire.CCNVIncrement, wire.RHOwner, 0x01500013).password(""))
	b.must(nvDefine(0x01500014, owner|wire.TPMANV(wire.NTExtend)<<4, 32))
	b.must(newCommand(wire.CCNVExtend, wire.RHOwner, 0x01500014).password("").b2([]byte("measured")))
	b.must(nvDefine(0x01500015, owner|wire.TPMANV(wire.NTBits)<<4, 8))
	b.must(newCommand(wire.CCNVSetBits, wire.RHOwner, 0x01500015).password("").u64(0x8001))
	return b
}

// entityCommands read everything withEntities made, in ways that need the secrets too.
func entityCommands() []*testCommand {
	var list []*testCommand
	for _, h := range []wire.Handle{0x81000001, 0x81000002, 0x81000003, 0x81000004, 0x81800001} {
		list = append(list, newCommand(wire.CCReadPublic, h))
	}
	for h := wire.Handle(0x01500010); h <= 0x01500015; h++ {
		list = append(list, newCommand(wire.CCNVReadPublic, h))
	}
	for _, x := range []struct {
		h    wire.Handle
		size uint16
	}{{0x01500010, 11}, {0x01500011, 7}, {0x01500012, 8}, {0x01500013, 8}, {0x01500014, 32}, {0x01500015, 8}} {
		list = append(list, newCommand(wire.CCNVRead, wire.RHOwner, x.h).password("").u16(x.size).u16(0))
	}
	rsassa := &wire.TPMTSigScheme{Scheme: wire.AlgRSASSA, HashAlg: wire.AlgSHA256}
	noTicket := &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
	return append(list,
		newCommand(wire.CCUnseal, 0x81000004).password(""),
		newCommand(wire.CCSign, 0x81000003).password("").b2(digestOf("signed")).put(rsassa, noTicket))
}

// libtpms loads what was saved here, and agrees on all that is in it.
func TestOracleLoadsPermanent(t *testing.T) {
	b := withEntities(t)
	b.shutdown(wire.SUClear)
	o := startOracleOn(t, b.storage.state, nil)
	b = b.reload().startup(wire.SUClear)
	for i, c := range entityCommands() {
		want := wire.RCSuccess
		if i == 12 {
			want = wire.RCNVUninitialized // the ordinary orderly index, after TPM Reset
		}
		if rc := o.agree(b, c); rc != want {
			t.Errorf("%v: %v", c.code, rc)
		}
	}
	read := func(run func(*testCommand) *testResponse) (name []byte) {
		r := run(createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&storageTemplate().TPMTPublic)))
		r.handle()
		return r.b2()
	}
	if x, y := read(b.run), read(o.response); !bytes.Equal(x, y) {
		t.Errorf("primary keys %x and %x", x, y)
	}
}

// libtpms resumes a TPM that ran here: with its sessions, sequences, PCRs and keys.
func TestOracleResumes(t *testing.T) {
	b := withEntities(t)
	b.clock.now = time.Since(new(fakeClock).Wall()) // the oracle has the time of day
	b.must(extend(7, wire.AlgSHA384, bytes.Repeat([]byte{7}, 48)))
	key := b.storagePrimary().handle
	hash := b.startHash(wire.AlgSHA512)
	b.must(sequenceUpdateCommand(hash, bytes.Repeat([]byte("abcdefg"), 30)))
	policy := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyCommandCode, policy.handle).u32(uint32(wire.CCNVRead)))
	bound := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHEndorsement, []byte("eh"), plainSession)
	saved := b.must(newCommand(wire.CCContextSave, bound.handle)).params().Remaining()
	savedKey := b.must(newCommand(wire.CCContextSave, key)).params().Remaining()
	o := b.oracle()
	for _, c := range append([]*testCommand{
		newCommand(wire.CCGetRandom).u16(24),
		newCommand(wire.CCPCRRead).put(wire.TPMLPCRSelection{selection(wire.AlgSHA384, 0, 7), selection(wire.AlgSHA1, 17)}),
		newCommand(wire.CCPolicyGetDigest, policy.handle),
		newCommand(wire.CCContextLoad).raw(saved),
		newCommand(wire.CCReadPublic, key),
		sequenceCompleteCommand(hash, []byte("end"), wire.RHOwner),
		newCommand(wire.CCContextLoad).raw(savedKey),
		newCommand(wire.CCReadPublic, hash),
		newCommand(wire.CCFlushContext).u32(uint32(hash)),
		newCommand(wire.CCFlushContext).u32(uint32(key)),
	}, entityCommands()...) {
		if rc := o.agree(b, c); rc != wire.RCSuccess {
			t.Errorf("%v: %v", c.code, rc)
		}
	}
}
