//go:build unix

package store_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"govtpm/internal/require"
	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/store/storetest"
)

// Numbers of the control channel.
const (
	cmdInit          = 2
	cmdShutdown      = 3
	cmdStoreVolatile = 10
	cmdGetState      = 12
	cmdSetState      = 13
)

// swtpm is a running swtpm with its control channel.
type swtpm struct {
	t    *testing.T
	conn net.Conn
	cmd  *exec.Cmd
}

// startSwtpm starts the swtpm of this machine, or skips the test.
func startSwtpm(t *testing.T, args ...string) *swtpm {
	t.Helper()
	prog := require.Program(t, "swtpm")
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "swtpm")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(prog, append([]string{"socket", "--tpm2", "--ctrl", "type=unixio,clientfd=3"}, args...)...)
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &swtpm{t, conn, cmd}
	t.Cleanup(s.stop)
	return s
}

// call sends a command and returns so many bytes of the response.
func (s *swtpm) call(n int, cmd uint32, body ...uint32) []byte {
	s.t.Helper()
	b := binary.BigEndian.AppendUint32(nil, cmd)
	for _, w := range body {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	return s.exchange(n, b)
}

func (s *swtpm) exchange(n int, request []byte) []byte {
	s.t.Helper()
	s.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := s.conn.Write(request); err != nil {
		s.t.Fatal(err)
	}
	r := make([]byte, n)
	if _, err := io.ReadFull(s.conn, r); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *swtpm) init(want uint32) {
	s.t.Helper()
	if got := binary.BigEndian.Uint32(s.call(4, cmdInit, 0)); got != want {
		s.t.Fatalf("swtpm's CMD_INIT answers %#x, want %#x", got, want)
	}
}

func (s *swtpm) storeVolatile() {
	s.t.Helper()
	if got := binary.BigEndian.Uint32(s.call(4, cmdStoreVolatile)); got != 0 {
		s.t.Fatalf("swtpm's CMD_STORE_VOLATILE answers %#x", got)
	}
}

func (s *swtpm) getState(flags, kind uint32) []byte {
	s.t.Helper()
	h := s.call(16, cmdGetState, flags, kind, 0)
	if rc := binary.BigEndian.Uint32(h); rc != 0 {
		s.t.Fatalf("swtpm's CMD_GET_STATEBLOB answers %#x", rc)
	}
	blob := make([]byte, binary.BigEndian.Uint32(h[12:]))
	if _, err := io.ReadFull(s.conn, blob); err != nil {
		s.t.Fatal(err)
	}
	return blob
}

func (s *swtpm) setState(flags, kind uint32, blob []byte) uint32 {
	s.t.Helper()
	b := binary.BigEndian.AppendUint32(nil, cmdSetState)
	for _, w := range []uint32{flags, kind, uint32(len(blob))} {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	return binary.BigEndian.Uint32(s.exchange(4, append(b, blob...)))
}

func (s *swtpm) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.conn.SetDeadline(time.Now().Add(2 * time.Second))
	s.conn.Write(binary.BigEndian.AppendUint32(nil, cmdShutdown))
	io.ReadFull(s.conn, make([]byte, 4))
	s.conn.Close()
	time.AfterFunc(5*time.Second, func() { s.cmd.Process.Kill() })
	s.cmd.Wait()
}

// goldenState is the permanent state of a TPM that swtpm made, without its envelope.
func goldenState(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("envelope/testdata/plain.permall")
	if err != nil {
		t.Fatal(err)
	}
	state, err := envelope.Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

const keyDigits = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

// writeKey writes a key file and returns the key and the options for it.
func writeKey(t testing.TB, bits int) (*envelope.Key, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(keyDigits[:bits/4]), 0o600); err != nil {
		t.Fatal(err)
	}
	b, _ := hex.DecodeString(keyDigits[:bits/4])
	k, err := envelope.NewKey(b)
	if err != nil {
		t.Fatal(err)
	}
	return k, fmt.Sprintf("file=%s,mode=aes-%d-cbc", name, bits)
}

func ivSource() io.Reader { return strings.NewReader(strings.Repeat("any bytes for an IV ", 100)) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// State goes from us to swtpm and back, in a directory and in a file, plain and encrypted.
func TestSwtpmAndWeReadEachOther(t *testing.T) {
	for _, where := range []string{"dir", "file"} {
		for _, bits := range []int{0, 128, 256} {
			t.Run(fmt.Sprintf("%s %d", where, bits), func(t *testing.T) {
				uri := where + "://" + t.TempDir()
				if where == "file" {
					uri += "/state"
				}
				var key *envelope.Key
				args := []string{"--tpmstate", "backend-uri=" + uri}
				if bits != 0 {
					var opt string
					key, opt = writeKey(t, bits)
					args = append(args, "--key", opt)
				}
				exchange(t, uri, key, args)
			})
		}
	}
}

func exchange(t *testing.T, uri string, key *envelope.Key, args []string) {
	raw, err := store.Open(uri, store.Options{})
	check(t, err)
	s := store.Seal(raw, key, ivSource())
	defer s.Close()
	check(t, s.Lock(0))
	state := goldenState(t)
	for _, b := range [][]byte{state, append(state, make([]byte, 5000)...), state, state} { // leaves gaps in a file
		check(t, s.Save(store.Permanent, b))
	}
	check(t, s.Unlock())

	p := startSwtpm(t, args...)
	p.init(0)
	p.storeVolatile()
	volatile, err := s.Load(store.Volatile)
	check(t, err)
	if len(volatile) < 4000 {
		t.Errorf("volatile state of %d bytes", len(volatile))
	}
	p.getState(1, 2) // deletes the volatile state
	storetest.WantNone(t, s, store.Volatile)
	p.storeVolatile()
	p.stop()

	// In a file that has both in it now, we replace both, and swtpm goes on with them.
	check(t, s.Lock(0))
	volatile, err = s.Load(store.Volatile)
	check(t, err)
	permanent, err := s.Load(store.Permanent)
	check(t, err)
	if !bytes.HasPrefix(permanent, state[:8]) {
		t.Errorf("the permanent state begins with %x", permanent[:8])
	}
	check(t, s.Save(store.Volatile, volatile))
	check(t, s.Save(store.Permanent, permanent))
	check(t, s.Unlock())
	p = startSwtpm(t, args...)
	p.init(0)
	p.getState(1, 2)
	p.stop()
	storetest.WantNone(t, s, store.Volatile)
	again, err := s.Load(store.Permanent)
	check(t, err)
	if len(again) != len(permanent) {
		t.Errorf("swtpm left %d bytes of %d", len(again), len(permanent))
	}
}

// swtpm and we keep each other away from a directory.
func TestSwtpmAndWeExcludeEachOther(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open("dir://"+dir, store.Options{})
	check(t, err)
	defer s.Close()
	check(t, s.Lock(0))
	p := startSwtpm(t, "--tpmstate", "dir="+dir)
	if rc := binary.BigEndian.Uint32(p.call(4, cmdInit, 0)); rc == 0 {
		t.Error("swtpm starts on a directory that we locked")
	}
	p.stop()
	check(t, s.Unlock())

	p = startSwtpm(t, "--tpmstate", "dir="+dir)
	p.init(0)
	if err := s.Lock(1); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Lock on a directory that swtpm uses: %v", err)
	}
	p.stop()
	check(t, s.Lock(20))
}

// Old bodies, as we read them, are what swtpm reads.
func TestSwtpmReadsVersion1(t *testing.T) {
	dir := t.TempDir()
	state := goldenState(t)
	blob := append([]byte{1, 1, 0, 10, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(10+len(state)))...)
	blob = append(blob, state...)
	if got, err := envelope.Open(blob, nil); err != nil || !bytes.Equal(got, state) {
		t.Fatal(err)
	}
	check(t, os.WriteFile(filepath.Join(dir, "tpm2-00.permall"), blob, 0o600))
	startSwtpm(t, "--tpmstate", "dir="+dir).init(0)
}

// A TPM moves from swtpm to us and from us to swtpm.
func TestSwtpmMigration(t *testing.T) {
	key, keyOpt := writeKey(t, 128)
	mig, migOpt := writeKey(t, 256)
	for _, tt := range []struct {
		name string
		keys envelope.Keys
		args []string
	}{
		{"no keys", envelope.Keys{}, nil},
		{"file key", envelope.Keys{File: key}, []string{"--key", keyOpt}},
		{"migration key", envelope.Keys{Migration: mig}, []string{"--migration-key", migOpt}},
		// Not with keys of two sizes: swtpm 0.7.1 itself cannot do that always.
		{"both", envelope.Keys{File: mig, Migration: mig}, []string{"--key", migOpt, "--migration-key", migOpt}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := startSwtpm(t, append([]string{"--tpmstate", "dir=" + t.TempDir()}, tt.args...)...)
			from.init(0)
			for _, decrypted := range []bool{true, false} {
				to := startSwtpm(t, append([]string{"--tpmstate", "dir=" + t.TempDir()}, tt.args...)...)
				for _, kind := range []uint32{1, 2} {
					flags := uint32(0)
					if decrypted {
						flags = 1
					}
					state, err := tt.keys.Import(from.getState(flags, kind), false)
					check(t, err)
					blob, encrypted, err := tt.keys.Export(state, decrypted, ivSource())
					check(t, err)
					flags = 0
					if encrypted {
						flags = 2
					}
					if rc := to.setState(flags, kind, blob); rc != 0 {
						t.Fatalf("decrypted %v: swtpm refuses blob %d of ours with %#x", decrypted, kind, rc)
					}
				}
				to.init(0)
				to.stop()
			}
		})
	}
}

// A bad migration blob gets the same result code from swtpm as our error stands for.
func TestSwtpmResultCodes(t *testing.T) {
	key, keyOpt := writeKey(t, 128)
	mig, migOpt := writeKey(t, 256)
	mine := envelope.Keys{File: key, Migration: mig}
	export := func(k envelope.Keys) []byte {
		b, _, err := k.Export(goldenState(t), false, ivSource())
		check(t, err)
		return b
	}
	other := func(n int) *envelope.Key {
		k, err := envelope.NewKey(bytes.Repeat([]byte{9}, n))
		check(t, err)
		return k
	}
	set := func(at int, to byte) []byte {
		b := export(envelope.Keys{})
		b[at] = to
		return b
	}
	p := startSwtpm(t, "--tpmstate", "dir="+t.TempDir(), "--key", keyOpt, "--migration-key", migOpt)
	q := startSwtpm(t, "--tpmstate", "dir="+t.TempDir())
	for _, tt := range []struct {
		name  string
		blob  []byte
		keys  bool // the receiver has both keys
		flags uint32
	}{
		{"wrong migration key", export(envelope.Keys{Migration: other(32)}), true, 0},
		{"migration key of other size", export(envelope.Keys{Migration: other(16)}), true, 0},
		{"wrong file key", export(envelope.Keys{File: other(16), Migration: mig}), true, 2},
		{"file key of other size", export(envelope.Keys{File: other(32), Migration: mig}), true, 2},
		{"no migration key", export(envelope.Keys{Migration: mig}), false, 0},
		{"no file key", export(envelope.Keys{File: key}), false, 2},
		{"no file key, flag only in the header", export(envelope.Keys{File: key}), false, 0},
		{"said to be encrypted, is plain", export(envelope.Keys{}), true, 2},
		{"min version", set(1, 3), false, 0},
		{"header size", set(3, 11), false, 0},
		{"total length", set(9, 1), false, 0},
		{"not a migration blob", sealedState(t), false, 0},
	} {
		keys, s := envelope.Keys{}, q
		if tt.keys {
			keys, s = mine, p
		}
		_, err := keys.Import(tt.blob, tt.flags == 2)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if rc := s.setState(tt.flags, 1, tt.blob); rc != store.Result(err) {
			t.Errorf("%s: swtpm answers %#x, we %#x (%v)", tt.name, rc, store.Result(err), err)
		}
	}
}

func sealedState(t *testing.T) []byte {
	b, err := envelope.Seal(goldenState(t), nil, ivSource())
	check(t, err)
	return b
}
