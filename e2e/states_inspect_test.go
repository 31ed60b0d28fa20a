package e2e

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"govtpm/e2e/rawtpm"
	"govtpm/internal/inspect"
)

// inspected is what swtpm inspect tells of a state, as far as a client can ask a TPM for it.
type inspected struct {
	Permanent struct {
		Shutdown struct {
			DAUsed bool `json:"dictionaryAttackProtectedObjectUsed"`
		}
		NV      []struct{ Handle, Name string } `json:"nvIndexes"`
		Objects []struct{ Handle, Name string } `json:"persistentObjects"`
		Lockout struct{ FailedTries, MaxTries, RecoveryTime, LockoutRecovery uint32 }
		Space   struct {
			Objects  uint32 `json:"persistentObjectsAvailable"`
			Counters uint32 `json:"countersAvailable"`
		}
		Counters struct{ ResetCount uint32 }
	}
	Volatile *struct {
		Objects, Sequences, Sessions []struct{ Handle, Name string }
		SavedSessions                []string
		Counters                     struct{ ResetCount, RestartCount, PCRUpdateCounter uint32 }
		PCR                          []struct {
			Alg    string
			Values []string
		}
	}
}

// What swtpm inspect tells of a state is what the TPM answers that is started with it: with volatile state where there is some, and
// otherwise before anything was changed by more than Startup.
func TestInspectStates(t *testing.T) {
	for _, g := range goldens(t) {
		if g.name == "before-startup" {
			continue
		}
		for start := range g.answers {
			if start == "state" {
				continue
			}
			t.Run(g.name+"/"+start, func(t *testing.T) {
				dir := g.copy(t, start)
				var out, errs bytes.Buffer
				if status := inspect.Main(append(g.keyOptions(t), "--json", dir), nil, &out, &errs); status != 0 {
					t.Fatalf("status %d: %s", status, errs.String())
				}
				var told inspected
				if err := json.Unmarshal(out.Bytes(), &told); err != nil {
					t.Fatal(err)
				}
				tpm, err := powerOurs(dir, g.envelopeKey(t))
				if err != nil {
					t.Fatal(err)
				}
				defer tpm.Close()
				l := looker{tx: transactWith(tpm)}
				if start != "resume" {
					l.whole("start", rawtpm.Startup(false))
				}
				told.check(t, &l)
				if l.err != nil {
					t.Fatal(l.err)
				}
			})
		}
	}
}

func (told *inspected) check(t *testing.T, l *looker) {
	p, v := &told.Permanent, told.Volatile
	handles := func(list []struct{ Handle, Name string }) (all []string) {
		for _, x := range list {
			all = append(all, x.Handle)
		}
		slices.Sort(all)
		return all
	}
	same := func(what string, told, is any) {
		t.Helper()
		if fmt.Sprint(told) != fmt.Sprint(is) {
			t.Errorf("%s: told %v, is %v", what, told, is)
		}
	}
	same("NV indexes", handles(p.NV), l.handleTexts(0x01))
	same("persistent objects", handles(p.Objects), l.handleTexts(0x81))
	for _, o := range p.Objects {
		same("name of "+o.Handle, o.Name, hex.EncodeToString(l.name(0x173, o.Handle)))
	}
	for _, x := range p.NV {
		if v == nil && !strings.HasPrefix(x.Handle, "0x015000") { // a start clears attributes of others, and so changes the name
			continue
		}
		if v != nil && strings.HasPrefix(x.Handle, "0x015001") {
			continue // orderly: the permanent state lags behind
		}
		if x.Handle == "0x01500007" && v == nil {
			continue
		}
		same("name of "+x.Handle, x.Name, hex.EncodeToString(l.name(0x169, x.Handle)))
	}
	same("room for objects", p.Space.Objects, l.property(0x209))
	same("room for counters", p.Space.Counters, l.property(0x20b))
	failed := p.Lockout.FailedTries
	if v == nil && p.Shutdown.DAUsed {
		failed++ // by the start: who pulls the plug may have tried (Part 1, 17.8.6)
	}
	same("failed tries", failed, l.property(0x20e))
	same("max tries", p.Lockout.MaxTries, l.property(0x20f))
	same("recovery time", p.Lockout.RecoveryTime, l.property(0x210))
	same("lockout recovery", p.Lockout.LockoutRecovery, l.property(0x211))
	if v == nil {
		return
	}
	same("objects", handles(append(v.Objects, v.Sequences...)), l.handleTexts(0x80))
	same("sessions", handles(v.Sessions), l.handleTexts(0x02))
	for _, o := range v.Objects {
		same("name of "+o.Handle, o.Name, hex.EncodeToString(l.name(0x173, o.Handle)))
	}
	for _, bank := range v.PCR {
		alg := map[string]uint16{"sha1": rawtpm.AlgSHA1, "sha256": rawtpm.AlgSHA256, "sha384": rawtpm.AlgSHA384, "sha512": rawtpm.AlgSHA512}[bank.Alg]
		for i, value := range bank.Values {
			rsp := l.send(rawtpm.PCRRead(alg, i))
			same(fmt.Sprintf("PCR %d of %s", i, bank.Alg), value, hex.EncodeToString(rsp[min(len(rsp), 30):]))
		}
	}
	clock := l.send(rawtpm.ReadClock())
	same("resets and restarts", fmt.Sprintf("%08x%08x", v.Counters.ResetCount, v.Counters.RestartCount), hex.EncodeToString(clock[26:34]))
	same("updates of PCR", fmt.Sprintf("%08x", v.Counters.PCRUpdateCounter), hex.EncodeToString(l.send(rawtpm.PCRRead(rawtpm.AlgSHA256, 0))[10:14]))
}

// handleTexts lists handles as text.
func (l *looker) handleTexts(kind uint32) (all []string) {
	for _, h := range l.handles(kind) {
		all = append(all, fmt.Sprintf("0x%08x", h))
	}
	slices.Sort(all)
	return all
}

// name asks for a Name, by ReadPublic or NV_ReadPublic.
func (l *looker) name(code uint32, handle string) []byte {
	var h uint32
	if _, err := fmt.Sscanf(handle, "0x%x", &h); err != nil {
		return nil
	}
	rsp := l.send(tpmCommand(code, on{h}, nil))
	f := rsp[10:]
	sized := func() (v []byte) {
		if len(f) < 2 || len(f) < 2+int(f[0])<<8+int(f[1]) {
			return nil
		}
		n := int(f[0])<<8 + int(f[1])
		v, f = f[2:2+n], f[2+n:]
		return v
	}
	sized() // the public area
	return sized()
}

// property asks for one property.
func (l *looker) property(p uint32) uint32 {
	rsp := l.send(rawtpm.GetCapability(6, p, 1))
	if len(rsp) != 27 {
		return 0
	}
	return uint32(rsp[23])<<24 | uint32(rsp[24])<<16 | uint32(rsp[25])<<8 | uint32(rsp[26])
}
