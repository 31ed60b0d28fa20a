package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// nvFree attributes that most tests take: written and read by the owner and by the index's own authValue.
const nvOpen = wire.NVOwnerWrite | wire.NVOwnerRead | wire.NVAuthWrite | wire.NVAuthRead | wire.NVNoDA

func nvType(nt wire.NT) wire.TPMANV { return wire.TPMANV(nt) << 4 }

func nvPublic(h wire.Handle, a wire.TPMANV, size uint16) *wire.TPM2BNVPublic {
	return &wire.TPM2BNVPublic{TPMSNVPublic: wire.TPMSNVPublic{NVIndex: h, NameAlg: wire.AlgSHA256, Attributes: a, DataSize: size}}
}

func defineCommand(auth wire.Handle, authValue string, pub *wire.TPM2BNVPublic) *testCommand {
	return newCommand(wire.CCNVDefineSpace, auth).password("").b2([]byte(authValue)).put(pub)
}

func (b *testTPM) define(pub *wire.TPM2BNVPublic) {
	b.t.Helper()
	b.must(defineCommand(wire.RHOwner, "", pub))
}

// nvCommand is a command authorized by the index itself with an empty password.
func nvCommand(cc wire.CC, h wire.Handle) *testCommand { return newCommand(cc, h, h).password("") }

func (b *testTPM) nvData(h wire.Handle, size uint16) []byte {
	b.t.Helper()
	return b.must(nvCommand(wire.CCNVRead, h).u16(size).u16(0)).b2()
}

func TestNVDefineSpace(t *testing.T) {
	const h = wire.Handle(0x01000010)
	policyOf := func(n int) *wire.TPM2BNVPublic {
		p := nvPublic(h, nvOpen, 8)
		p.AuthPolicy = make([]byte, n)
		return p
	}
	for _, tc := range []struct {
		name string
		auth wire.Handle
		pw   string
		pub  *wire.TPM2BNVPublic
		want wire.RC
	}{
		{"ordinary", wire.RHOwner, "pw", nvPublic(h, nvOpen, 32), wire.RCSuccess},
		{"of no size", wire.RHOwner, "", nvPublic(h, nvOpen, 0), wire.RCSuccess},
		{"largest", wire.RHOwner, "", nvPublic(h, nvOpen, 2048), wire.RCSuccess},
		{"too large", wire.RHOwner, "", nvPublic(h, nvOpen, 2049), wire.RCSize.Parameter(2)},
		{"another handle", wire.RHOwner, "", nvPublic(0x81000000, nvOpen, 8), wire.RCValue.Parameter(2)},
		{"policy of the hash's size", wire.RHOwner, "", policyOf(32), wire.RCSuccess},
		{"policy of another size", wire.RHOwner, "", policyOf(20), wire.RCSize.Parameter(2)},
		{"authValue of the hash's size and zeros", wire.RHOwner, string(bytes.Repeat([]byte{7}, 32)) + "\x00\x00", nvPublic(h, nvOpen, 8), wire.RCSuccess},
		{"authValue too long", wire.RHOwner, string(bytes.Repeat([]byte{7}, 33)), nvPublic(h, nvOpen, 8), wire.RCSize.Parameter(1)},
		{"policy before authValue", wire.RHOwner, string(bytes.Repeat([]byte{7}, 33)), policyOf(20), wire.RCSize.Parameter(2)},
		{"unknown type", wire.RHOwner, "", nvPublic(h, nvOpen|nvType(3), 8), wire.RCAttributes.Parameter(2)},
		{"counter of another size", wire.RHOwner, "", nvPublic(h, nvOpen|nvType(wire.NTCounter), 4), wire.RCSize.Parameter(2)},
		{"extend of another size", wire.RHOwner, "", nvPublic(h, nvOpen|nvType(wire.NTExtend), 20), wire.RCSize.Parameter(2)},
		{"counter cleared at startup", wire.RHOwner, "", nvPublic(h, nvOpen|nvType(wire.NTCounter)|wire.NVClearStClear, 8), wire.RCAttributes.Parameter(2)},
		{"PIN fail with lockout", wire.RHOwner, "", nvPublic(h, nvType(wire.NTPinFail)|wire.NVOwnerWrite|wire.NVOwnerRead, 8), wire.RCAttributes.Parameter(2)},
		{"PIN pass written by itself", wire.RHOwner, "", nvPublic(h, nvOpen|nvType(wire.NTPinPass), 8), wire.RCAttributes.Parameter(2)},
		{"written", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVWritten, 8), wire.RCAttributes.Parameter(2)},
		{"nobody reads", wire.RHOwner, "", nvPublic(h, wire.NVOwnerWrite, 8), wire.RCAttributes.Parameter(2)},
		{"nobody writes", wire.RHOwner, "", nvPublic(h, wire.NVOwnerRead, 8), wire.RCAttributes.Parameter(2)},
		{"write define and cleared at startup", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVClearStClear|wire.NVWriteDefine, 8), wire.RCAttributes.Parameter(2)},
		{"platform create by the owner", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVPlatformCreate, 8), wire.RCAttributes.Handle(1)},
		{"by the platform", wire.RHPlatform, "", nvPublic(h, nvOpen|wire.NVPlatformCreate, 8), wire.RCSuccess},
		{"by the platform without platform create", wire.RHPlatform, "", nvPublic(h, nvOpen, 8), wire.RCAttributes.Handle(1)},
		{"policy delete by the owner", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVPolicyDelete, 8), wire.RCAttributes.Parameter(2)},
		{"write all of too much", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVWriteAll, 1025), wire.RCSize.Parameter(2)},
		{"reserved attribute", wire.RHOwner, "", nvPublic(h, nvOpen|1<<8, 8), wire.RCReservedBits.Parameter(2)},
		{"orderly, largest", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVOrderly, 500), wire.RCSuccess},
		{"orderly, too large", wire.RHOwner, "", nvPublic(h, nvOpen|wire.NVOrderly, 501), wire.RCNVSpace},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			saves := b.storage.saves
			b.want(tc.want, b.run(defineCommand(tc.auth, tc.pw, tc.pub)))
			if defined := b.nv.index(tc.pub.NVIndex) != nil; defined != (tc.want == wire.RCSuccess) {
				t.Errorf("index defined: %v", defined)
			}
			if saved := b.storage.saves != saves; saved != (tc.want == wire.RCSuccess) {
				t.Errorf("state saved: %v", saved)
			}
			if tc.want == wire.RCSuccess {
				b.want(wire.RCNVDefined, b.run(defineCommand(tc.auth, tc.pw, tc.pub)))
			}
		})
	}
}

func TestNVReadWrite(t *testing.T) {
	const h = wire.Handle(0x01000010)
	b := newTestTPM(t)
	b.define(nvPublic(h, nvOpen, 16))
	b.want(wire.RCNVUninitialized, b.run(nvCommand(wire.CCNVRead, h).u16(4).u16(0)))
	before := b.nv.index(h).name()
	b.must(nvCommand(wire.CCNVWrite, h).b2([]byte("abcd")).u16(2))
	if bytes.Equal(before, b.nv.index(h).name()) {
		t.Error("the name did not change with the first write")
	}
	want := append([]byte{0xFF, 0xFF}, "abcd"...)
	want = append(want, bytes.Repeat([]byte{0xFF}, 10)...)
	if got := b.nvData(h, 16); !bytes.Equal(got, want) {
		t.Errorf("data %x, want %x", got, want)
	}
	for _, tc := range []struct {
		name string
		cmd  *testCommand
		want wire.RC
	}{
		{"write at the end", nvCommand(wire.CCNVWrite, h).b2(nil).u16(16), wire.RCSuccess},
		{"write beyond the end", nvCommand(wire.CCNVWrite, h).b2([]byte{1}).u16(16), wire.RCNVRange},
		{"offset beyond the end", nvCommand(wire.CCNVWrite, h).b2(nil).u16(17), wire.RCValue.Parameter(2)},
		{"read beyond the end", nvCommand(wire.CCNVRead, h).u16(9).u16(8), wire.RCNVRange},
		{"read offset beyond the end", nvCommand(wire.CCNVRead, h).u16(0).u16(17), wire.RCValue.Parameter(2)},
		{"read too much", nvCommand(wire.CCNVRead, h).u16(1025).u16(17), wire.RCValue.Parameter(1)},
		{"increment", nvCommand(wire.CCNVIncrement, h), wire.RCAttributes.Handle(2)},
		{"set bits", nvCommand(wire.CCNVSetBits, h).u64(1), wire.RCAttributes.Handle(2)},
		{"extend", nvCommand(wire.CCNVExtend, h).b2([]byte{1}), wire.RCAttributes.Handle(2)},
		{"by another index", newCommand(wire.CCNVRead, wire.RHPlatform, h).password("").u16(1).u16(0), wire.RCNVAuthorization},
		{"of another index", newCommand(wire.CCNVRead, h, h+1).password("").u16(1).u16(0), wire.RCHandle.Handle(2)},
		{"wrong password", newCommand(wire.CCNVRead, h, h).password("x").u16(1).u16(0), wire.RCBadAuth.Session(1)},
		{"write lock", nvCommand(wire.CCNVWriteLock, h), wire.RCAttributes.Handle(2)},
		{"read lock", nvCommand(wire.CCNVReadLock, h), wire.RCAttributes.Handle(2)},
		{"undefine special", newCommand(wire.CCNVUndefineSpaceSpecial, h, wire.RHPlatform).password("").password(""), wire.RCAuthType},
		{"undefine", newCommand(wire.CCNVUndefineSpace, wire.RHOwner, h).password(""), wire.RCSuccess},
		{"undefine again", newCommand(wire.CCNVUndefineSpace, wire.RHOwner, h).password(""), wire.RCHandle.Handle(2)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.t = t
			b.want(tc.want, b.run(tc.cmd))
		})
	}
}

func TestNVCounter(t *testing.T) {
	const h = wire.Handle(0x01000020)
	for _, orderly := range []bool{false, true} {
		a := nvOpen | nvType(wire.NTCounter)
		if orderly {
			a |= wire.NVOrderly
		}
		b := newTestTPM(t)
		count := func() uint64 { return binary.BigEndian.Uint64(b.nvData(h, 8)) }
		b.define(nvPublic(h, a, 8))
		b.want(wire.RCAttributes, b.run(nvCommand(wire.CCNVWrite, h).b2(make([]byte, 8)).u16(0)))
		for want := uint64(1); want <= 3; want++ {
			b.must(nvCommand(wire.CCNVIncrement, h))
			if got := count(); got != want {
				t.Errorf("orderly %v: count %d, want %d", orderly, got, want)
			}
		}
		b.must(newCommand(wire.CCNVUndefineSpace, wire.RHOwner, h).password(""))
		b.define(nvPublic(h, a, 8))
		b.must(nvCommand(wire.CCNVIncrement, h))
		if got := count(); got != 4 {
			t.Errorf("orderly %v: a counter defined again starts at %d, want 4", orderly, got)
		}
		b.powerCycle()
		b.startup(wire.SUClear)
		want := uint64(4)
		if orderly {
			want = 0xFF // the low bits may have gone on before the power went
		}
		if got := count(); got != want {
			t.Errorf("orderly %v: after a power loss %d, want %d", orderly, got, want)
		}
		b.must(nvCommand(wire.CCNVIncrement, h))
		b.shutdown(wire.SUClear)
		b.powerCycle()
		b.startup(wire.SUClear)
		if got := count(); got != want+1 {
			t.Errorf("orderly %v: after an orderly shutdown %d, want %d", orderly, got, want+1)
		}
	}
}

func TestNVBitsExtendPIN(t *testing.T) {
	const bits, extend, pin = wire.Handle(0x01000030), wire.Handle(0x01000031), wire.Handle(0x01000032)
	b := newTestTPM(t)
	b.define(nvPublic(bits, nvOpen|nvType(wire.NTBits), 8))
	b.must(nvCommand(wire.CCNVSetBits, bits).u64(0x11))
	b.must(nvCommand(wire.CCNVSetBits, bits).u64(0x22))
	if got := binary.BigEndian.Uint64(b.nvData(bits, 8)); got != 0x33 {
		t.Errorf("bits %#x, want 0x33", got)
	}
	b.define(nvPublic(extend, nvOpen|nvType(wire.NTExtend), 32))
	b.must(nvCommand(wire.CCNVExtend, extend).b2([]byte("one")))
	b.must(nvCommand(wire.CCNVExtend, extend).b2([]byte("two")))
	want := hashOf(wire.AlgSHA256, hashOf(wire.AlgSHA256, make([]byte, 32), []byte("one")), []byte("two"))
	if got := b.nvData(extend, 32); !bytes.Equal(got, want) {
		t.Errorf("extended to %x, want %x", got, want)
	}

	// Two tries are left to a PIN, a success gives them back.
	b.must(defineCommand(wire.RHOwner, "1234", nvPublic(pin, nvType(wire.NTPinFail)|wire.NVOwnerWrite|wire.NVOwnerRead|wire.NVAuthRead|wire.NVNoDA, 8)))
	b.must(newCommand(wire.CCNVWrite, wire.RHOwner, pin).password("").b2([]byte{0, 0, 0, 0, 0, 0, 0, 2}).u16(0))
	read := func(pw string) *testCommand { return newCommand(wire.CCNVRead, pin, pin).password(pw).u16(8).u16(0) }
	b.want(wire.RCBadAuth.Session(1), b.run(read("0000")))
	b.want(wire.RCSuccess, b.run(read("1234")))
	b.want(wire.RCBadAuth.Session(1), b.run(read("0000")))
	b.want(wire.RCBadAuth.Session(1), b.run(read("0000")))
	b.want(wire.RCAuthUnavailable, b.run(read("1234")))
}

func TestNVLocks(t *testing.T) {
	const h, global = wire.Handle(0x01000040), wire.Handle(0x01000041)
	b := newTestTPM(t)
	b.define(nvPublic(h, nvOpen|wire.NVWriteStClear|wire.NVReadStClear, 4))
	b.define(nvPublic(global, nvOpen|wire.NVGlobalLock, 4))
	write := func(h wire.Handle) *testCommand { return nvCommand(wire.CCNVWrite, h).b2([]byte("data")).u16(0) }
	read := nvCommand(wire.CCNVRead, h).u16(4).u16(0)
	b.must(write(h))
	b.must(nvCommand(wire.CCNVWriteLock, h))
	b.want(wire.RCNVLocked, b.run(write(h)))
	b.want(wire.RCSuccess, b.run(nvCommand(wire.CCNVWriteLock, h)))
	b.must(nvCommand(wire.CCNVReadLock, h))
	b.want(wire.RCNVLocked, b.run(read))
	b.want(wire.RCSuccess, b.run(nvCommand(wire.CCNVReadLock, h)))
	b.must(newCommand(wire.CCNVGlobalWriteLock, wire.RHOwner).password(""))
	b.want(wire.RCNVLocked, b.run(write(global)))
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUState)
	b.want(wire.RCNVLocked, b.run(read))
	b.powerCycle()
	b.startup(wire.SUClear)
	b.want(wire.RCSuccess, b.run(read))
	b.want(wire.RCSuccess, b.run(write(h)))
	b.want(wire.RCSuccess, b.run(write(global)))
}

// A policy with the authValue of a PIN index is bound to its limit like the authValue alone (Part 1, 34.2.6).
func TestPINLimitInPolicy(t *testing.T) {
	const h = wire.Handle(0x01000020)
	for _, password := range []bool{false, true} {
		b := newTestTPM(t)
		pub := nvPublic(h, nvType(wire.NTPinFail)|wire.NVNoDA|wire.NVOwnerWrite|wire.NVAuthRead|wire.NVPolicyRead, 8)
		pub.AuthPolicy = chain(zeroPolicy, wire.CCPolicyAuthValue)
		b.must(defineCommand(wire.RHOwner, "pin", pub))
		try := func(pin string, want wire.RC) {
			t.Helper()
			s := b.policy(wire.SEPolicy)
			s.attributes = 0
			read := newCommand(wire.CCNVRead, h, h).u16(8).u16(0)
			if password {
				b.must(newCommand(wire.CCPolicyPassword, s.handle))
				b.want(want, b.run(read.session(s.handle, nil, 0, []byte(pin))))
			} else {
				b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
				b.want(want, s.run(read, []byte(pin)))
			}
			if want != wire.RCSuccess {
				b.must(newCommand(wire.CCFlushContext).put(s.handle))
			}
		}
		try("pin", wire.RCAuthUnavailable) // not written
		b.must(newCommand(wire.CCNVWrite, wire.RHOwner, h).password("").b2([]byte{0, 0, 0, 0, 0, 0, 0, 2}).u16(0))
		try("pin", wire.RCSuccess)
		try("nip", wire.RCBadAuth.Session(1))
		try("pin", wire.RCSuccess)
		try("nip", wire.RCBadAuth.Session(1))
		try("nip", wire.RCBadAuth.Session(1))
		try("pin", wire.RCAuthUnavailable)
		if count, _ := b.nv.index(h).pin(); count != 2 {
			t.Errorf("pinCount %d", count)
		}
	}
}
