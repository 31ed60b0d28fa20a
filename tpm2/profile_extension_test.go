package tpm2

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// extensionAlgs are the algorithms of a profile beyond libtpms.
const extensionAlgs = ",sm3-256,sm4,sha3-256,sha3-384,sha3-512,hkdf"

// extendedJSON is a profile with all of libtpms, and more commands and algorithms.
func extendedJSON(commands, algorithms string) string {
	all, _ := nvstate.BuiltinProfile("custom:beyond")
	return fmt.Sprintf(`{"Name":"custom:beyond","Commands":"%s%s","Algorithms":"%s%s"}`, all.Commands, commands, all.Algorithms, algorithms)
}

// implementedJSON is a profile with every command and algorithm that the engine has.
func implementedJSON() string { return extendedJSON(extensionCommands(), extensionAlgs) }

// extensionCommands are the commands beyond libtpms that have an action, as they follow its own in a profile.
func extensionCommands() string {
	var b strings.Builder
	for _, row := range commandTable() {
		if row.flags&flagByProfile != 0 && row.run.act != nil {
			fmt.Fprintf(&b, ",0x%x", uint32(row.code))
		}
	}
	return b.String()
}

var extendedProfile = sync.OnceValues(func() (*Profile, error) { return ParseProfile(implementedJSON()) })

// newExtendedTPM is a TPM with every command and algorithm that the engine has, started up with CLEAR.
func newExtendedTPM(t *testing.T) *testTPM {
	t.Helper()
	p, err := extendedProfile()
	if err != nil {
		t.Fatal(err)
	}
	return newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
}

// A profile can name every command that has an action, and no other.
func TestProfileNamesCommands(t *testing.T) {
	for _, row := range commandTable() {
		if row.flags&flagByProfile == 0 && row.run.act != nil {
			continue // libtpms'
		}
		p, err := ParseProfile(extendedJSON(fmt.Sprintf(",0x%x", uint32(row.code)), ""))
		if row.run.act == nil {
			if !errors.Is(err, nvstate.ErrValue) || !strings.Contains(err.Error(), row.code.String()) {
				t.Errorf("%v, which has no action: %v", row.code, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", row.code, err)
			continue
		}
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
		if b.lookup(row.code) == nil {
			t.Errorf("%v is not there", row.code)
		}
		if all := b.commandAttributes(uint32(row.code)); len(all) == 0 || wire.CC(all[0]&0xFFFF) != row.code {
			t.Errorf("%v: TPM_CAP_COMMANDS has %v", row.code, all)
		}
		if n := len(b.commandAttributes(0)); n != 115 {
			t.Errorf("%v: %d commands", row.code, n)
		}
	}
	if _, err := ParseProfile(extendedJSON(",0x1ab", "")); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("a command that does not exist: %v", err)
	}
}

func TestProfileNamesAlgorithms(t *testing.T) {
	b := newExtendedTPM(t)
	for _, alg := range []wire.Alg{wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512} {
		data := []byte("some data")
		r := b.must(newCommand(wire.CCHash).b2(data).u16(uint16(alg)).u32(uint32(wire.RHOwner)))
		if got := r.b2(); !bytes.Equal(got, hashOf(alg, data)) {
			t.Errorf("%v: %x", alg, got)
		}
		if p := algorithmProperties(alg); p != wire.AlgAttrHash {
			t.Errorf("%v: properties %x", alg, p)
		}
	}
	listed := b.algorithms()
	for _, alg := range []wire.Alg{wire.AlgSM3_256, wire.AlgSM4, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512} {
		if one(listed, func(a *wire.TPMSAlgProperty) bool { return a.Alg == alg }) == nil {
			t.Errorf("%v is not listed", alg)
		}
	}
	// PCRs have the banks of libtpms alone.
	r := b.must(newCommand(wire.CCPCREvent, 16).password("").b2([]byte("event")))
	if n := r.params().Uint32(); n != 4 {
		t.Errorf("%d banks", n)
	}
	bad := wire.TPMLPCRSelection{{Hash: wire.AlgSHA3_256, Select: wire.TPMSPCRSelect{0xFF, 0xFF, 0xFF}}}
	b.want(wire.RCPCR, b.run(newCommand(wire.CCPCRAllocate, wire.RHPlatform).password("").put(bad)))
	read := b.must(newCommand(wire.CCPCRRead).put(bad)).params()
	if read.Uint32(); read.Uint32() != 1 {
		t.Error("the selection of a bank that does not exist is not returned")
	}
}

// Sequences of hashes that libtpms does not have go on from saved contexts and saved state.
func TestExtensionSequences(t *testing.T) {
	for _, alg := range []wire.Alg{wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512} {
		b := newExtendedTPM(t)
		first, rest := bytes.Repeat([]byte{7}, 150), []byte("the rest")
		key := b.addKey(hmacKey(alg, wire.ObjectSign, bytes.Repeat([]byte{1}, 32)))
		hash := b.must(newCommand(wire.CCHashSequenceStart).b2(nil).u16(uint16(alg))).handle()
		mac := b.must(newCommand(wire.CCMACStart, key).password(keyAuth).b2(nil).u16(uint16(alg))).handle()
		for _, h := range []wire.Handle{hash, mac} {
			b.must(newCommand(wire.CCSequenceUpdate, h).password("").b2(first))
		}
		var saved [2][]byte
		for i, h := range []wire.Handle{hash, mac} {
			saved[i] = b.must(newCommand(wire.CCContextSave, h)).body
		}
		state, err := b.VolatileState()
		if err != nil {
			t.Fatal(err)
		}
		b = b.reload()
		if err := b.RestoreVolatile(state); err != nil {
			t.Fatal(err)
		}
		want := [2][]byte{hashOf(alg, first, rest), hmacOf(alg, bytes.Repeat([]byte{1}, 32), first, rest)}
		for i, h := range []wire.Handle{hash, mac} {
			r := b.must(newCommand(wire.CCSequenceComplete, h).password("").b2(rest).u32(uint32(wire.RHNull)))
			if got := r.b2(); !bytes.Equal(got, want[i]) {
				t.Errorf("%v, sequence %d resumed: %x", alg, i, got)
			}
			h := b.must(newCommand(wire.CCContextLoad).raw(saved[i])).handle()
			r = b.must(newCommand(wire.CCSequenceComplete, h).password("").b2(rest).u32(uint32(wire.RHNull)))
			if got := r.b2(); !bytes.Equal(got, want[i]) {
				t.Errorf("%v, sequence %d from its context: %x", alg, i, got)
			}
		}
	}
}

// What only a profile beyond libtpms allows is still there when its state was saved and loaded.
func TestExtendedState(t *testing.T) {
	b := newExtendedTPM(t)
	key := rsaObject(wire.ObjectSign|wire.ObjectFixedTPM|wire.ObjectFixedParent|wire.ObjectNoDA, wire.AlgRSASSA, wire.AlgSHA3_384)
	key.public.NameAlg = wire.AlgSHA3_512
	h := b.addKey(key)
	const persistent, index = wire.Handle(0x81000001), wire.Handle(0x01000001)
	b.must(newCommand(wire.CCEvictControl, wire.RHOwner, h).password("").u32(uint32(persistent)))
	pub := wire.TPM2BNVPublic2{}
	pub.HandleType = wire.HTNVIndex
	pub.NV = wire.TPMSNVPublic{NVIndex: index, NameAlg: wire.AlgSM3_256, Attributes: wire.NVAuthRead | wire.NVAuthWrite, DataSize: 8}
	b.must(newCommand(wire.CCNVDefineSpace2, wire.RHOwner).password("").b2(nil).put(&pub))
	name := b.must(newCommand(wire.CCNVReadPublic2, index)).body
	b.must(newCommand(wire.CCSetCommandCodeAuditStatus, wire.RHOwner).password("").u16(uint16(wire.AlgNull)).
		put(wire.TPMLCC{wire.CCSignDigest, wire.CCVerifySequenceStart}, wire.TPMLCC{}))
	b.shutdown(wire.SUClear)

	p, err := nvstate.DecodePermanent(b.storage.state)
	if err != nil || p.Profile != b.Profile().JSON() || !strings.Contains(p.Profile, `"Name":"custom:beyond"`) {
		t.Fatalf("profile in the state: %v, %v", p.Profile, err)
	}
	b = b.reload().startup(wire.SUClear)
	if again := b.must(newCommand(wire.CCNVReadPublic2, index)).body; !bytes.Equal(again, name) {
		t.Errorf("index: %x, before %x", again, name)
	}
	digest := hashOf(wire.AlgSHA3_384, []byte("message"))
	r := b.must(signDigestCommand(persistent, nil, digest, nullTicket))
	var sig wire.TPMTSignature
	sig.Unmarshal(r.params())
	b.must(verifyDigestCommand(persistent, nil, digest, &sig))
	audited := b.commandsIn(&b.persistent.auditCommands, 0)
	if got := fmt.Sprint(audited); got != fmt.Sprint(wire.TPMLCC{wire.CCSetCommandCodeAuditStatus, wire.CCSignDigest, wire.CCVerifySequenceStart}) {
		t.Errorf("audited: %v", got)
	}
}

// SM4 protects children and parameters like any other cipher.
func TestExtendedSM4(t *testing.T) {
	b := newExtendedTPM(t)
	h := b.addKey(cipherKey(wire.AlgSM4, wire.AlgCBC, wire.ObjectSign|wire.ObjectDecrypt, []byte("0123456789abcdef")))
	iv, data := make([]byte, 16), []byte("sixteen octets..")
	r := b.must(newCommand(wire.CCEncryptDecrypt2, h).password(keyAuth).b2(data).u8(0).u16(uint16(wire.AlgNull)).b2(iv))
	secret := r.b2()
	r = b.must(newCommand(wire.CCEncryptDecrypt2, h).password(keyAuth).b2(secret).u8(1).u16(uint16(wire.AlgNull)).b2(iv))
	if got := r.b2(); bytes.Equal(secret, data) || !bytes.Equal(got, data) {
		t.Errorf("%x, back %x", secret, got)
	}
	parms := wire.TPMTPublicParms{Type: wire.AlgSymCipher}
	parms.Parameters.Sym.Sym = wire.TPMTSymDefObject{Algorithm: wire.AlgSM4, KeyBits: 128, Mode: wire.AlgCFB}
	b.must(newCommand(wire.CCTestParms).put(&parms))
	parms.Parameters.Sym.Sym.KeyBits = 192
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCTestParms).put(&parms)))
	plain := newTestTPM(t)
	parms.Parameters.Sym.Sym.KeyBits = 128
	b.want(wire.RCSymmetric.Parameter(1), plain.run(newCommand(wire.CCTestParms).put(&parms)))
}
