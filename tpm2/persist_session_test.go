package tpm2

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// fullSession is a session with everything that fits together.
func fullSession(r restriction) *session {
	return &session{
		isPolicy: true, trial: true, isDABound: true, isLockoutBound: true,
		authHash: wire.AlgSHA256, symmetric: wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: 128, Mode: wire.AlgCFB},
		key: digestOf("key"), nonceTPM: digestOf("nonce"), digest: digestOf("digest"),
		bound: digestOf("restriction"), restricts: r,
		commandCode: wire.CCNVRead, locality: 0x1F, startTime: 1, timeout: 2, epoch: 3, pcrCounter: 4,
		authValueNeeded: true, passwordNeeded: true, presenceNeeded: true, checkNVWritten: true, nvWritten: true,
	}
}

// A session goes through saved state and saved contexts at every level.
func TestSessionState(t *testing.T) {
	b := newTestTPM(t)
	unrestricted := fullSession(restrictNothing)
	unrestricted.bound = nil
	list := []*session{
		unrestricted, fullSession(restrictCPHash), fullSession(restrictNameHash), fullSession(restrictTemplate), fullSession(restrictParameters),
		{
			authHash: wire.AlgSHA384, symmetric: wire.TPMTSymDef{Algorithm: wire.AlgXOR, Hash: wire.AlgSHA256}, nonceTPM: make([]byte, 48),
			isBound: true, bound: bytes.Repeat([]byte{1}, boundEntitySize),
		},
		{
			authHash: wire.AlgSHA1, symmetric: plainSession, nonceTPM: make([]byte, 16), isAudit: true, digest: make([]byte, 20),
		},
	}
	for i, s := range list {
		for level := nvstate.LevelNull; level <= nvstate.LevelMax; level++ {
			x := sessionState(s, level)
			got, err := b.sessionOfState(x)
			if err != nil || !reflect.DeepEqual(got, s) {
				t.Errorf("session %d at level %d: %+v, want %+v (%v)", i, level, got, s, err)
			}
			marked := x.Attributes&nvstate.SessionIsNameHashDefined != 0
			if want := s.restricts == restrictNameHash && level >= 4; marked != want {
				t.Errorf("session %d at level %d: mark of a name hash %t, want %t", i, level, marked, want)
			}
		}
		payload, err := b.marshalSessionContext(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.unmarshalSessionContext(payload); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("context of session %d: %+v, want %+v (%v)", i, got, s, err)
		}
	}
}

func TestSessionStateRefused(t *testing.T) {
	b := newTestTPM(t)
	for name, tc := range map[string]struct {
		change func(*nvstate.Session)
		want   nvstate.Kind
	}{
		"no hash":           {func(s *nvstate.Session) { s.AuthHashAlg = wire.AlgRSA }, nvstate.ErrHash},
		"SM4":               {func(s *nvstate.Session) { s.Symmetric.Algorithm = wire.AlgSM4 }, nvstate.Kind(wire.RCSymmetric)},
		"short digest":      {func(s *nvstate.Session) { s.U2 = s.U2[1:] }, nvstate.ErrSize},
		"unknown condition": {func(s *nvstate.Session) { s.Attributes |= nvstate.SessionCheckReqKey }, nvstate.ErrValue},
		"short entity": {func(s *nvstate.Session) {
			s.Attributes = nvstate.SessionIsBound
			s.U1 = s.U1[1:]
		}, nvstate.ErrSize},
	} {
		x := sessionState(fullSession(restrictCPHash), b.level())
		tc.change(x)
		if _, err := b.sessionOfState(x); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if _, err := b.unmarshalSessionContext(make([]byte, 311)); !errors.Is(err, wire.RCIntegrity.Parameter(1)) {
		t.Errorf("a payload of another size: %v", err)
	}
	if _, err := b.unmarshalObjectContext(make([]byte, 1896)); !errors.Is(err, wire.RCIntegrity.Parameter(1)) {
		t.Errorf("an object of libtpms 0.7: %v", err)
	}
}
