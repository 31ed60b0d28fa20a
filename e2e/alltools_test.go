package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A topic is a part of what tpm2-tools can do, shown on an emulator of its own.
type topic struct {
	name string
	run  func(b *toolbox)
}

var topics = []topic{
	{"startup", toolsStartup},
	{"capabilities", toolsCapabilities},
	{"pcr", toolsPCR},
	{"hash", toolsHash},
	{"symmetric", toolsSymmetric},
	{"rsa", toolsRSA},
	{"ecc", toolsECC},
	{"key-exchange", toolsKeyExchange},
	{"attestation", toolsAttestation},
	{"policy", toolsPolicy},
	{"signed-policy", toolsSignedPolicy},
	{"bound-policy", toolsBoundPolicy},
	{"nv", toolsNV},
	{"hierarchy", toolsHierarchy},
	{"duplicate", toolsDuplicate},
	{"credential", toolsCredential},
	{"session", toolsSession},
	{"x509", toolsX509},
	{"openssl", toolsOpenSSL},
	{"fapi", toolsFAPI},
	{"fapi-ecc", toolsFAPIECC},
}

// unused says, for the tools that no topic uses, why not.
var unused = map[string]string{}

// Every tool of tpm2-tools that is installed does its work on our emulator, and what comes out is right.
func TestAllTools(t *testing.T) {
	guard(t, "tpm2", "timeout", "openssl", "cmp")
	swtpm := program(t)
	log := &toolLog{succeeded: map[string]bool{}}
	t.Run("topics", func(t *testing.T) {
		for _, topic := range topics {
			t.Run(topic.name, func(t *testing.T) {
				t.Parallel()
				b := newToolbox(t, swtpm, log)
				defer func() {
					if t.Failed() {
						t.Logf("the emulator said:\n%s", tail(b.tpm.log.String(), 10))
					}
				}()
				topic.run(b)
				log.finish()
			})
		}
	})
	if log.finished != len(topics) {
		t.Skipf("%d of %d topics ran to their end", log.finished, len(topics))
	}
	for _, tool := range installedTools(t) {
		reason, excepted := unused[tool]
		switch {
		case !log.succeeded[tool] && !excepted:
			t.Errorf("%s is not used", tool)
		case log.succeeded[tool] && excepted:
			t.Errorf("%s is used, although: %s", tool, reason)
		}
	}
}

// installedTools lists the programs of tpm2-tools beside the one that all of them are.
func installedTools(t *testing.T) []string {
	t.Helper()
	path, err := exec.LookPath("tpm2")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, prefix := range []string{"tpm2_", "tss2_"} {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(path), prefix+"*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if goesTo(f, "tpm2") || goesTo(f, "tss2") {
				names = append(names, filepath.Base(f))
			}
		}
	}
	slices.Sort(names)
	return names
}

// goesTo says whether a link leads to a program of that name.
func goesTo(link, name string) bool {
	to, err := filepath.EvalSymlinks(link)
	return err == nil && filepath.Base(to) == name
}

// A toolLog notes the tools that succeeded, of topics that run side by side.
type toolLog struct {
	mu        sync.Mutex
	succeeded map[string]bool
	finished  int
}

func (l *toolLog) note(words []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.succeeded[words[0]] = true
}

func (l *toolLog) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished++
}

// A toolbox is a session with an emulator of its own, which it can switch off and on.
type toolbox struct {
	*session
	program, state string
	tpm            *socketTPM
	log            *toolLog
}

func newToolbox(t *testing.T, program string, log *toolLog) *toolbox {
	b := &toolbox{session: newSession(t), program: program, state: t.TempDir(), log: log}
	b.ran = log.note
	b.on()
	b.run("tpm2_startup -c")
	b.write("message", "a message")
	b.write("secret", "a secret of 32 bytes, so it fits")
	return b
}

// on switches the emulator on; it then waits for tpm2_startup.
func (b *toolbox) on() {
	b.t.Helper()
	b.tpm = startManual(b.t, b.program, b.state)
	b.use(b.tpm)
}

// restart switches the emulator off and on again.
func (b *toolbox) restart() {
	b.t.Helper()
	b.tpm.end()
	b.on()
}

// do runs the programs of a script, one a line. A line that begins with ! has to fail, one with # says something. No
// resource manager stands between: what a tool leaves loaded is flushed, its own sessions too when it failed.
func (b *toolbox) do(lines string) {
	b.t.Helper()
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		refused, bad := strings.CutPrefix(line, "!")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case bad:
			b.refuse(refused)
			b.run("tpm2_flushcontext -l")
		default:
			b.run(line)
		}
		if strings.Contains(line, "tpm2_") && !strings.Contains(line, "tpm2_flushcontext") {
			b.flush()
		}
	}
}

func (b *toolbox) flush() {
	b.t.Helper()
	b.run("tpm2_flushcontext -t")
}

// file reads what a tool wrote.
func (b *toolbox) file(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// put writes a file of bytes for the tools.
func (b *toolbox) put(name string, data []byte) {
	b.t.Helper()
	b.write(name, string(data))
}
