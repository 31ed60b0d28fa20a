package e2e

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A session runs tpm2-tools against an emulator, in a directory of their own for the files they exchange.
type session struct {
	t   *testing.T
	dir string
	env []string
	// ran is told the words of every program that succeeded; nil does for a session that nobody watches.
	ran func(words []string)
}

func newSession(t *testing.T) *session { return &session{t: t, dir: t.TempDir()} }

// use directs the tools at an emulator.
func (s *session) use(tpm *socketTPM) {
	s.env = append(os.Environ(), "TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port="+strconv.Itoa(tpm.port))
}

// run runs a tool that has to succeed; its arguments are words separated by blanks.
func (s *session) run(line string) string {
	s.t.Helper()
	out, err := s.try(line)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

// refuse runs a tool that must not succeed.
func (s *session) refuse(line string) {
	s.t.Helper()
	if out, err := s.try(line); err == nil {
		s.t.Errorf("%s succeeded\n%s", line, out)
	}
}

func (s *session) try(line string) (string, error) {
	words := strings.Fields(line)
	for i, w := range words {
		if name, ok := strings.CutPrefix(w, "{hex:"); ok { // {hex:FILE} stands for the file's content
			data, err := os.ReadFile(filepath.Join(s.dir, strings.TrimSuffix(name, "}")))
			if err != nil {
				return "", err
			}
			words[i] = hex.EncodeToString(data)
		}
	}
	cmd := exec.Command("timeout", append([]string{"60", words[0]}, words[1:]...)...)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if err == nil && s.ran != nil {
		s.ran(words)
	}
	return string(out), err
}

// write makes a file for the tools.
func (s *session) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// same compares two files of the tools.
func (s *session) same(a, b string) {
	s.t.Helper()
	x, err := os.ReadFile(filepath.Join(s.dir, a))
	if err != nil {
		s.t.Fatal(err)
	}
	y, err := os.ReadFile(filepath.Join(s.dir, b))
	if err != nil {
		s.t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		s.t.Errorf("%s and %s differ: %x, %x", a, b, x, y)
	}
}

// script runs a tool for each line; empty lines do not count, and a line that begins with ! has to fail. No resource
// manager stands between: what a tool leaves loaded is flushed.
func (s *session) script(lines string) {
	s.t.Helper()
	for _, line := range strings.Split(lines, "\n") {
		line = strings.TrimSpace(line)
		if refused, ok := strings.CutPrefix(line, "!"); ok {
			s.refuse(refused)
		} else if line != "" {
			s.run(line)
		}
		if line != "" {
			s.run("tpm2_flushcontext -t")
		}
	}
}

// startManual starts an emulator that waits for TPM2_Startup, as tpm2_startup sends it.
func startManual(t *testing.T, program, dir string) *socketTPM {
	t.Helper()
	tpm := startSocket(t, program, dir, "not-need-init")
	tpm.Close() // the tools need the data channel, which serves one connection
	return tpm
}

func TestTools(t *testing.T) {
	guard(t, "tpm2", "timeout")
	swtpm := program(t)
	dir := t.TempDir()
	s := newSession(t)
	s.write("message", "a message")
	s.write("secret", "a secret of 32 bytes, so it fits")

	tpm := startManual(t, swtpm, dir)
	s.use(tpm)
	s.run("tpm2_startup -c")
	for _, part := range []struct{ name, lines string }{
		{"basics", `
			tpm2_selftest -f
			tpm2_getcap properties-fixed
			tpm2_getcap commands
			tpm2_getcap algorithms
			tpm2_getcap ecc-curves
			tpm2_getrandom -o random.bin 32
			tpm2_pcrextend 16:sha256=0000000000000000000000000000000000000000000000000000000000000001
			tpm2_pcrevent 23 message
			tpm2_pcrread sha1:0,16+sha256:all+sha384:0
			tpm2_pcrreset 16
			tpm2_hash -g sha256 -o hash.bin message
			tpm2_readclock`},
		{"rsa", `
			tpm2_createprimary -Q -C o -g sha256 -G rsa2048 -c primary.ctx
			tpm2_create -Q -C primary.ctx -G rsa2048 -u rsa.pub -r rsa.priv -p keyauth
			tpm2_load -Q -C primary.ctx -u rsa.pub -r rsa.priv -c rsa.ctx
			tpm2_sign -Q -c rsa.ctx -p keyauth -g sha256 -s rsassa -o rsassa.sig message
			tpm2_verifysignature -Q -c rsa.ctx -g sha256 -m message -s rsassa.sig
			tpm2_sign -Q -c rsa.ctx -p keyauth -g sha256 -s rsapss -o rsapss.sig message
			tpm2_verifysignature -Q -c rsa.ctx -g sha256 -m message -s rsapss.sig
			tpm2_rsaencrypt -Q -c rsa.ctx -s oaep -o cipher.bin message
			tpm2_rsadecrypt -Q -c rsa.ctx -p keyauth -s oaep -o plain.bin cipher.bin
			!tpm2_sign -Q -c rsa.ctx -p wrong -g sha256 -s rsassa -o no.sig message
			tpm2_readpublic -Q -c rsa.ctx -f pem -o rsa.pem
			tpm2_sign -Q -c rsa.ctx -p keyauth -g sha256 -s rsassa -f plain -o plain.sig message
			openssl dgst -sha256 -verify rsa.pem -signature plain.sig message`},
		{"ecc", `
			tpm2_createprimary -Q -C o -g sha256 -G ecc -c eccprimary.ctx
			tpm2_create -Q -C eccprimary.ctx -G ecc256 -u ecc.pub -r ecc.priv
			tpm2_load -Q -C eccprimary.ctx -u ecc.pub -r ecc.priv -c ecc.ctx
			tpm2_sign -Q -c ecc.ctx -g sha256 -s ecdsa -o ecdsa.sig message
			tpm2_verifysignature -Q -c ecc.ctx -g sha256 -m message -s ecdsa.sig
			tpm2_readpublic -Q -c ecc.ctx -f pem -o ecc.pem
			tpm2_sign -Q -c ecc.ctx -g sha256 -s ecdsa -f plain -o eccplain.sig message
			openssl dgst -sha256 -verify ecc.pem -signature eccplain.sig message`},
		{"quote", `
			tpm2_createek -Q -G rsa -c ek.ctx -u ek.pub
			tpm2_createak -Q -C ek.ctx -G ecc -g sha256 -s ecdsa -c ak.ctx -u ak.pem -f pem -n ak.name
			tpm2_quote -Q -c ak.ctx -l sha256:0,1,2,16 -q 0123456789abcdef -m quote.msg -s quote.sig -o quote.pcrs -g sha256
			tpm2_checkquote -Q -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q 0123456789abcdef
			!tpm2_checkquote -Q -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g sha256 -q 0123456789abcdee`},
		{"credential", `
			tpm2_makecredential -Q -e ek.pub -s secret -n {hex:ak.name} -o credential.bin
			tpm2_startauthsession -Q --policy-session -S ek.session
			tpm2_policysecret -Q -S ek.session -c e
			tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i credential.bin -o activated.bin -P session:ek.session
			tpm2_flushcontext ek.session`},
		{"seal", `
			tpm2_createprimary -Q -C o -G ecc -c sealprimary.ctx
			tpm2_startauthsession -Q -S trial.session
			tpm2_policypcr -Q -S trial.session -l sha256:16,23 -L pcr.policy
			tpm2_flushcontext trial.session
			tpm2_create -Q -C sealprimary.ctx -i secret -L pcr.policy -u seal.pub -r seal.priv
			tpm2_load -Q -C sealprimary.ctx -u seal.pub -r seal.priv -c seal.ctx
			tpm2_unseal -Q -c seal.ctx -p pcr:sha256:16,23 -o unsealed
			tpm2_pcrextend 16:sha256=0000000000000000000000000000000000000000000000000000000000000002
			!tpm2_unseal -Q -c seal.ctx -p pcr:sha256:16,23 -o no
			tpm2_pcrreset 16`},
		{"nv", `
			tpm2_nvdefine -Q 0x1500001 -C o -s 32 -a ownerread|ownerwrite|policyread|policywrite -L pcr.policy
			tpm2_nvwrite -Q 0x1500001 -C 0x1500001 -P pcr:sha256:16,23 -i secret
			tpm2_nvread -Q 0x1500001 -C 0x1500001 -P pcr:sha256:16,23 -o nv.bin
			tpm2_nvdefine -Q 0x1500002 -C o -a nt=counter|ownerread|ownerwrite
			tpm2_nvincrement -Q 0x1500002 -C o
			tpm2_nvincrement -Q 0x1500002 -C o
			tpm2_nvread -Q 0x1500002 -C o -s 8 -o counter.bin
			tpm2_nvdefine -Q 0x1500003 -C o -a nt=bits|ownerread|ownerwrite
			tpm2_nvsetbits -Q 0x1500003 -C o -i 0xff00
			tpm2_nvreadpublic`},
		{"keep", `
			tpm2_createprimary -Q -C o -G ecc -c keepprimary.ctx
			tpm2_create -Q -C keepprimary.ctx -G ecc256 -u keep.pub -r keep.priv -c keep.ctx
			tpm2_evictcontrol -Q -C o -c keep.ctx 0x81000001
			tpm2_readpublic -Q -c 0x81000001 -o keep.before
			tpm2_changeauth -Q -c o ownerauth
			tpm2_dictionarylockout -Q -s -n 7 -t 100 -l 100
			tpm2_shutdown -c`},
	} {
		t.Run(part.name, func(t *testing.T) {
			p := *s
			p.t = t
			p.script(part.lines)
		})
		if t.Failed() {
			t.Fatalf("state:\n%s\n%s", stateFiles(dir), tail(tpm.log.String(), 20))
		}
	}
	s.same("unsealed", "secret")
	s.same("nv.bin", "secret")
	s.same("plain.bin", "message")
	s.same("activated.bin", "secret")

	tpm.end()
	tpm = startManual(t, swtpm, dir)
	s.use(tpm)
	s.script(`
		tpm2_startup -c
		tpm2_readpublic -Q -c 0x81000001 -o keep.after
		tpm2_sign -Q -c 0x81000001 -g sha256 -s ecdsa -o keep.sig message
		tpm2_verifysignature -Q -c 0x81000001 -g sha256 -m message -s keep.sig
		tpm2_pcrevent 23 message
		tpm2_nvread -Q 0x1500001 -C 0x1500001 -P pcr:sha256:16,23 -o nv.after
		tpm2_nvread -Q 0x1500002 -C o -P ownerauth -s 8 -o counter.after
		!tpm2_nvread -Q 0x1500002 -C o -s 8
		tpm2_createprimary -Q -C o -P ownerauth -G ecc -c again.ctx
		tpm2_load -Q -C again.ctx -u seal.pub -r seal.priv -c seal.ctx
		tpm2_unseal -Q -c seal.ctx -p pcr:sha256:16,23 -o unsealed.after
		tpm2_nvundefine -Q -C o -P ownerauth 0x1500001
		tpm2_evictcontrol -Q -C o -P ownerauth -c 0x81000001
		tpm2_clear -c p`)
	s.same("keep.before", "keep.after")
	s.same("nv.after", "secret")
	s.same("counter.after", "counter.bin")
	s.same("unsealed.after", "secret")
	if kept := strings.TrimSpace(s.run("tpm2_getcap handles-persistent") + s.run("tpm2_getcap handles-nv-index")); kept != "" {
		t.Errorf("left after everything was removed: %s", kept)
	}
	tpm.end()
}
