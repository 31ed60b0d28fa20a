package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm"
	"govtpm/e2e/rawtpm"
	"govtpm/store"
	"govtpm/store/envelope"
)

// A golden is a state in testdata/states that the C implementation made.
type golden struct {
	name, dir string
	key       []byte
	calls     []call
	answers   map[string]string // by the kind of start: clear, state, resume
}

// goldens reads the states in testdata/states.
func goldens(t testing.TB) []golden {
	t.Helper()
	entries, err := os.ReadDir(statesDir)
	if err != nil {
		t.Fatal(err)
	}
	var list []golden
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		g := golden{name: e.Name(), dir: filepath.Join(statesDir, e.Name()), answers: map[string]string{}}
		text, err := os.ReadFile(filepath.Join(g.dir, "commands.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			name, digits, ok := strings.Cut(strings.TrimSpace(line), ": ")
			if key, is := strings.CutPrefix(name, "# key "); is {
				name, digits, ok = "", key, true
			}
			b, err := hex.DecodeString(digits)
			if err != nil || !ok {
				t.Fatalf("%s: %q: %v", g.name, line, err)
			}
			if name == "" {
				g.key = b
			} else {
				g.calls = append(g.calls, call{name, b})
			}
		}
		for _, start := range []string{"clear", "state", "resume"} {
			if text, err := os.ReadFile(filepath.Join(g.dir, start+".txt")); err == nil {
				g.answers[start] = string(text)
			}
		}
		list = append(list, g)
	}
	if len(list) < 20 {
		t.Fatalf("only %d states", len(list))
	}
	return list
}

// envelopeKey is the key of the state, nil if it is not encrypted.
func (g *golden) envelopeKey(t testing.TB) *envelope.Key {
	t.Helper()
	if g.key == nil {
		return nil
	}
	k, err := envelope.NewKey(g.key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// copy copies the state for a kind of start.
func (g *golden) copy(t *testing.T, start string) string {
	t.Helper()
	dir := t.TempDir()
	copyState(t, g.dir, dir)
	if start != "resume" {
		os.Remove(filepath.Join(dir, "tpm2-00.volatilestate"))
	}
	return dir
}

// powerOurs powers our TPM on with the state in a directory.
func powerOurs(dir string, key *envelope.Key) (*govtpm.TPM, error) {
	s, err := store.OpenDirectory(dir, store.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	tpm, err := govtpm.Open(store.Seal(s, key, rand.Reader), govtpm.Options{DisableAutoShutdown: true})
	if err != nil {
		return nil, err
	}
	if err := tpm.Init(context.Background(), false); err != nil {
		tpm.Close()
		return nil, err
	}
	return tpm, nil
}

// transactWith sends commands to a TPM.
func transactWith(tpm *govtpm.TPM) transact {
	return func(cmd rawtpm.Command) ([]byte, error) { return tpm.Execute(context.Background(), 0, cmd) }
}

// Our TPM gives on each state the answers that the C implementation gave.
func TestGoldenStates(t *testing.T) {
	for _, g := range goldens(t) {
		for start, want := range g.answers {
			t.Run(g.name+"/"+start, func(t *testing.T) {
				t.Parallel()
				tpm, err := powerOurs(g.copy(t, start), g.envelopeKey(t))
				if err != nil {
					t.Fatal(err)
				}
				defer tpm.Close()
				got, err := lookAt(transactWith(tpm), startupCommand(start), g.calls)
				if err != nil {
					t.Fatal(err)
				}
				sameAnswers(t, got, want)
			})
		}
	}
}

// sameAnswers compares answers line by line.
func sameAnswers(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b bytes.Buffer
	for i := range max(len(g), len(w)) {
		a, c := "nothing", "nothing"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			c = w[i]
		}
		if a != c {
			fmt.Fprintf(&b, "\n got %.300s\nwant %.300s", a, c)
		}
	}
	t.Errorf("other answers:%s", &b)
}
