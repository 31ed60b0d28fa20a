package tpm2

import (
	"context"
	"encoding/binary"
	"testing"

	"govtpm/tpm2/wire"
)

// fuzzSeeds is at least one command of every row: with the least input, and with zeros for parameters.
func fuzzSeeds() [][]byte {
	var seeds [][]byte
	for _, row := range commandTable() {
		c := newCommand(row.code)
		for i, spec := range row.handles {
			c.handles = append(c.handles, seedHandle(spec.kind))
			if row.role(i) != roleNone {
				c.password("")
			}
		}
		seeds = append(seeds, c.bytes())
		for range 24 {
			c.u8(0)
		}
		seeds = append(seeds, c.bytes())
	}
	return seeds
}

// channelSeed is commands about secure channels, the last of which a policy authorizes; the session stays in use.
func channelSeed() []byte {
	const session = wire.Handle(0x03000001)
	tpm := keyName(wire.AlgSHA256, "TPM")
	var seed []byte
	for _, c := range []*testCommand{
		getCapability(wire.CapPubKeys, 0, 1), getCapability(wire.CapSPDMSessionInfo, 0, 1),
		newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(transportDigest(wire.AlgSHA256, nil, tpm)).put(wire.AlgSHA256),
		transportSPDM(session, nil, tpm),
		newCommand(wire.CCClockSet, wire.RHOwner).session(session, nil, wire.SessionContinue, nil).u64(1 << 20),
		transportSPDM(session, tpm, tpm),
	} {
		seed = append(seed, c.bytes()...)
	}
	return seed
}

// seedHandle is a handle that a fresh TPM takes for the kind.
func seedHandle(kind wire.HandleInterface) wire.Handle {
	for _, h := range []wire.Handle{wire.RHOwner, wire.RHPlatform, wire.RHEndorsement, wire.RHLockout, 0x02000000, 0x03000001, 0x80000000, 0x01000000, disk, wire.RHACT0, 0} {
		if kind.Allows(nil, h) {
			return h
		}
	}
	return wire.RHNull
}

// FuzzExecute runs commands on a TPM with an object, sessions and an index in it. The input is commands one after the other, each as
// long as its header says.
func FuzzExecute(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input []byte) { newTestTPM(t).fuzz(input) })
}

// FuzzExecuteExtended is FuzzExecute on a TPM with every command and algorithm there is.
func FuzzExecuteExtended(f *testing.F) {
	for _, seed := range append(fuzzSeeds(), kemSeed()) {
		f.Add(seed)
	}
	f.Add(channelSeed())
	f.Fuzz(func(t *testing.T, input []byte) {
		b, _ := newComponentBench(t)
		b.channel = &SecureChannel{TPMKey: keyName(wire.AlgSHA256, "TPM")}
		b.env.ChannelKeys = []wire.TPMTPublic{storageTemplate().TPMTPublic}
		b.must(setTimeout(0, 1))
		b.fuzz(input)
		b.clock.now += 2e9
		b.CountDown()
		state, err := b.VolatileState()
		if err != nil {
			t.Fatal(err)
		}
		b.reload()
		if again, err := loadTest(t, b.storage.state); err != nil || again.Init() != nil || again.RestoreVolatile(state) != nil {
			t.Errorf("what the commands left does not load: %v", err)
		}
	})
}

// fuzz runs the commands of an input.
func (b *testTPM) fuzz(input []byte) {
	b.t.Helper()
	b.define(nvPublic(0x01000000, nvOpen, 8))
	b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	b.startSession(wire.SEPolicy, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	for n := 0; len(input) > 0 && n < 16; n++ {
		size := len(input)
		if len(input) >= 6 {
			size = min(size, max(10, int(binary.BigEndian.Uint32(input[2:])%maxCommandSize)))
		}
		checkResponse(b.t, b.ExecuteOver(context.Background(), b.channel, uint8(n%5), input[:size]))
		input = input[size:]
	}
	if err := b.Failure(); err != nil {
		b.t.Errorf("failure mode: %v", err)
	}
}

// checkResponse checks the header of a response: a whole one, and ten bytes if it is a failure.
func checkResponse(t *testing.T, rsp []byte) {
	t.Helper()
	if len(rsp) < 10 || len(rsp) > maxCommandSize || int(binary.BigEndian.Uint32(rsp[2:])) != len(rsp) {
		t.Fatalf("malformed response %x", rsp)
	}
	tag, rc := wire.ST(binary.BigEndian.Uint16(rsp)), wire.RC(binary.BigEndian.Uint32(rsp[6:]))
	if rc != wire.RCSuccess && (len(rsp) != 10 || tag != wire.STNoSessions) {
		t.Fatalf("response %x to a failed command", rsp)
	}
	if rc.Name() == "" {
		t.Errorf("response code %#x has no name", uint32(rc))
	}
}
