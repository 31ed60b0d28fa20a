package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"govtpm/e2e/rawtpm"
	"govtpm/store/envelope"
)

// The C implementation that is installed answers on each state what our program answers.
func TestStatesLive(t *testing.T) {
	guard(t, theirs)
	under := program(t)
	for _, g := range goldens(t) {
		for start := range g.answers {
			t.Run(g.name+"/"+start, func(t *testing.T) {
				options := g.keyOptions(t)
				sameAnswers(t, askProgram(t, under, g.dir, start, g.calls, options...),
					askProgram(t, theirs, g.dir, start, g.calls, options...))
			})
		}
	}
}

// keyOptions are the options of a program for the key of the state.
func (g *golden) keyOptions(t *testing.T) []string {
	t.Helper()
	if g.key == nil {
		return nil
	}
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, g.key, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--key", "file=" + name + ",mode=aes-256-cbc,format=binary"}
}

// Handles of what is added to a state.
const (
	addedKey     = 0x81000010
	addedIndex   = 0x01500301
	addedCounter = 0x01500302
	addedOrderly = 0x01500303
)

// addTo changes a state: a new persistent key, new NV indexes, counters that count, an extended PCR, and the owner's authorization.
func addTo(t *testing.T, tpm *stateTPM, start, owner string) (asked []call) {
	t.Helper()
	m := &maker{stateTPM: tpm}
	if cmd := startupCommand(start); cmd != nil {
		m.do(cmd)
	}
	key := m.primary(rawtpm.Owner, owner, "new", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, []byte("new")))
	m.do(evict(rawtpm.Owner, owner, key, addedKey))
	m.do(rawtpm.FlushContext(key))
	m.do(nvDefine(rawtpm.Owner, owner, "ix", addedIndex, nvUsual, 32, nil))
	m.do(nvWrite(rawtpm.Owner, owner, addedIndex, "written by the other side", 3))
	m.do(nvDefine(rawtpm.Owner, owner, "ix", addedCounter, nvUsual|1<<4, 8, nil))
	m.do(nvDefine(rawtpm.Owner, owner, "ix", addedOrderly, nvUsual|nvOrderly|1<<4, 8, nil))
	for range 3 {
		m.do(nvIncrement(rawtpm.Owner, owner, addedCounter))
		m.do(nvIncrement(rawtpm.Owner, owner, addedOrderly))
	}
	m.do(rawtpm.PCRExtend(3, rawtpm.Digest{Bank: rawtpm.AlgSHA256, Value: bytes.Repeat([]byte{3}, 32)}))
	m.do(changeAuth(rawtpm.Owner, owner, "changed"))
	private, public := m.child(addedKey, "new", "leaf", "under the new key", sealedTemplate)
	m.ask("index", nvRead(rawtpm.Owner, "changed", addedIndex, 32))
	m.ask("counter", nvRead(addedCounter, "ix", addedCounter, 8))
	m.ask("orderly counter", nvRead(addedOrderly, "ix", addedOrderly, 8))
	m.ask("owner before", changeAuth(rawtpm.Owner, owner, ""))
	m.ask("load", load(addedKey, "new", private, public))
	m.ask("primary", createPrimary(rawtpm.Owner, "changed", "", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil)))
	m.ask("leaf", unseal(0x80000001, "leaf"))
	return m.calls
}

// A state that our program changed loads in the C implementation with everything in it, old and new: after each kind of shutdown,
// after none, and with volatile state.
func TestStatesWayBack(t *testing.T) {
	guard(t, theirs)
	under := program(t)
	for _, g := range goldens(t) {
		for start := range g.answers {
			owner, full := "", false
			switch g.name {
			case "settings", "settings-clear", "settings-state":
				owner = "owner"
			case "before-startup", "objects", "sequences":
				full = true // no slots to work with
			}
			if full || start == "state" && g.answers[start] == refusedStart {
				continue
			}
			for _, end := range []string{"clear", "state", "resume", "none"} {
				if g.name == "banks-pending" && start == "resume" && end == "state" {
					continue // not with an allocation that waits for a reset (Part 3, 9.4.1)
				}
				t.Run(g.name+"/"+start+"/"+end, func(t *testing.T) {
					t.Parallel()
					options := g.keyOptions(t)
					dir := g.copy(t, start)
					tpm := powerStateTPM(t, under, dir, options...)
					asked := append(addTo(t, tpm, start, owner), g.calls...)
					again := end
					switch end {
					case "clear", "state":
						if _, err := tpm.Do(rawtpm.Shutdown(end == "state")); err != nil {
							t.Fatal(err)
						}
					case "resume":
						tpm.storeVolatile()
					case "none":
						again = "clear"
					}
					tpm.kill()
					if end != "resume" {
						os.Remove(filepath.Join(dir, "tpm2-00.volatilestate"))
					}
					theirsSay := askProgram(t, theirs, dir, again, asked, options...)
					sameAnswers(t, askProgram(t, under, dir, again, asked, options...), theirsSay)
					added(t, theirsSay)
				})
			}
		}
	}
}

// refusedStart is the answer to Startup(STATE) where nothing was saved for it.
const refusedStart = "Startup: error 1c4\n"

// added checks that what was added is there.
func added(t *testing.T, answers string) {
	t.Helper()
	for _, want := range []string{
		"NV public 01500301: ", "NV public 01500302: ", "NV public 01500303: ", "public 81000010: ",
		"index: 000000220020ffffff7772697474656e20627920746865206f746865722073696465ffffffff0000010000\n",
		"owner before: error 9a2\n",
		"leaf: 000000130011756e64657220746865206e6577206b65790000010000\n",
	} {
		if !bytes.Contains([]byte(answers), []byte(want)) {
			t.Errorf("no %q in the answers:\n%.6000s", want, answers)
		}
	}
}

// fixedKey is the key of a number of bits in the test data of package envelope.
func fixedKey(bits int) []byte {
	k := make([]byte, bits/8)
	for i := range k {
		if k[i] = byte(i); bits == 256 {
			k[i] += 0x20
		}
	}
	return k
}

// envelopeKeys are the keys of the states in the test data of package envelope.
func envelopeKeys(t *testing.T) map[string]*envelope.Key {
	t.Helper()
	keys := map[string]*envelope.Key{"plain": nil}
	for _, bits := range []int{128, 256} {
		for name, kdf := range map[string]envelope.KDF{"pwd": envelope.PBKDF2, "pwdsha": envelope.SHA512} {
			k, err := envelope.DeriveKey([]byte("correct horse\n"), kdf, bits)
			if err != nil {
				t.Fatal(err)
			}
			keys[fmt.Sprint(name, bits)] = k
		}
		for _, name := range []string{"hex", "bin"} {
			k, err := envelope.NewKey(fixedKey(bits))
			if err != nil {
				t.Fatal(err)
			}
			keys[fmt.Sprint(name, bits)] = k
		}
	}
	return keys
}

// The forms of keys and passphrases: our TPM loads what swtpm encrypted with each.
func TestEncryptedStates(t *testing.T) {
	for name, key := range envelopeKeys(t) {
		dir := t.TempDir()
		b, err := os.ReadFile(filepath.Join("../store/envelope/testdata", name+".permall"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "tpm2-00.permall"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		tpm, err := powerOurs(dir, key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rsp, err := transactWith(tpm)(rawtpm.Startup(false))
		if err != nil || len(rsp) != 10 || rsp[9] != 0 {
			t.Errorf("%s: %x, %v", name, rsp, err)
		}
		tpm.Close()
	}
}
