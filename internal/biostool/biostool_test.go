package biostool_test

import (
	"bytes"
	"encoding/hex"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"govtpm/internal/biostool"
	"govtpm/internal/require"
)

// fakeTPM answers every command, one on each connection, and keeps what it was sent.
type fakeTPM struct {
	mu       sync.Mutex // of both: the answers change while the TPM runs
	commands []string
	answer   func(command []byte) []byte
}

// answerBy changes the answers.
func (f *fakeTPM) answerBy(answer func(command []byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func (f *fakeTPM) start(t testing.TB, network, address string) net.Addr {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			n, _ := c.Read(buf)
			f.mu.Lock()
			f.commands = append(f.commands, hex.EncodeToString(buf[:n]))
			answer := f.answer
			f.mu.Unlock()
			c.Write(answer(buf[:n]))
			c.Close()
		}
	}()
	return l.Addr()
}

// take returns the commands so far, random bytes of HierarchyChangeAuth left out, and forgets them.
func (f *fakeTPM) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range f.commands {
		if len(c) == 2*49 {
			f.commands[i] = c[:2*29]
		}
	}
	s := strings.Join(f.commands, " ")
	f.commands = nil
	return s
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func answerWith(response string) func([]byte) []byte {
	return func([]byte) []byte { return unhex(response) }
}

// flags answers GetCapability with permanent flags, everything else with success.
func flags(permanent string) func([]byte) []byte {
	return func(command []byte) []byte {
		if command[9] == 0x65 {
			n := byte(len(permanent) / 2)
			return append([]byte{0, 0xc4, 0, 0, 0, 14 + n, 0, 0, 0, 0, 0, 0, 0, n}, unhex(permanent)...)
		}
		return unhex("00c40000000a00000000")
	}
}

const (
	su2Clear = "80010000000c000001440000"
	su2State = "80010000000c000001440001"
	test2    = "8001000000100000014200000001000b"
	auth2    = "800200000031000001294000000c00000009400000090000010000" + "0014"

	suClear  = "00c10000000c000000990001"
	presence = "00c10000000c4000000a0020 00c10000000c4000000a0008"
	getCap   = "00c10000001600000065000000040000000400000108"
	enable   = "00c10000000a0000006f 00c10000000b0000007200"
	test1    = "00c10000000a00000053"
	giveUp   = "00c10000000c4000000a0020 00c10000000c4000000a0014"
	ok2, ok1 = "80010000000a00000000", "00c40000000a00000000"
	fail     = "00c40000000a00000026"
)

var tests = []struct {
	args     string
	answer   func([]byte) []byte
	code     int
	commands string
	messages string // "!" in front: on standard error, else on standard output
}{
	{"--tpm2", answerWith(ok2), 0, su2Clear, ""},
	{"--tpm2 -s", answerWith(ok2), 0, su2State, ""},
	{"--tpm2 -d", answerWith(ok2), 0, "", ""},
	{"--tpm2 -n", answerWith(ok2), 0, "", ""},
	{"--tpm2 -ea", answerWith(ok2), 0, su2Clear, ""},
	{"-tpm2 -o -cs -u", answerWith(ok2), 0, su2Clear + " " + test2 + " " + auth2, ""},
	{"--tpm2 -d -cs -u", answerWith(ok2), 0, test2 + " " + auth2, ""},
	{"--tpm2 -s -u", answerWith("80010000000a00000123"), 128, su2State + " " + auth2,
		"TPM2_Startup returned error code 0x00000123\nTPM2_HierarchyChangeAuth returned error code 0x00000123\n"},
	{"", answerWith(ok1), 0, suClear + " " + presence + " " + enable, ""},
	{"-s", answerWith(ok1), 0, "00c10000000c000000990002 " + presence + " " + enable, ""},
	{"-d", answerWith(ok1), 0, "00c10000000c000000990003", ""},
	{"-n -u -cs", answerWith(ok1), 0, presence + " " + enable + " " + test1 + " " + giveUp, ""},
	{"-o", answerWith(ok1), 0, suClear, ""},
	{"-o -cs -u", answerWith(ok1), 0, suClear + " " + test1 + " " + giveUp, ""},
	{"-s -c", answerWith(ok1), 0, suClear + " " + presence + " " + enable, ""},
	{"-d -cs -u", answerWith(fail), 128, "00c10000000c000000990003 " + test1 + " " + giveUp,
		"!TPM_Startup(0x03) returned error code 0x00000026\nTPM_ContinueSelfTest returned error code 0x00000026\n" +
			"TSC_PhysicalPresence(CMD_ENABLE) returned error code 0x00000026\nTSC_PhysicalPresence(NOT_PRESENT|LOCK) returned error code 0x00000026\n"},
	{"-ea", flags("001f000001000000"), 129, suClear + " " + presence + " " + getCap + " " + enable, "TPM requires a reset\n"},
	{"-ea", flags("001f010000000000"), 0, suClear + " " + presence + " " + getCap + " " + enable, ""},
	{"-ea", flags("001f"), 0, suClear + " " + presence + " " + getCap + " " + enable, ""},
	{"--tpm2 -cs", answerWith("80010000000b00000000"), 255, su2Clear, "!Malformed response.\n"},
	{"--tpm2 -cs", answerWith("80"), 255, su2Clear, "!Returned packet is too short.\n"},
	{"--tpm2 -cs", answerWith(""), 255, su2Clear, "!Returned packet is too short.\n"},
}

// TestSequences checks commands, messages and exit codes.
func TestSequences(t *testing.T) {
	tpm := &fakeTPM{}
	sock := filepath.Join(t.TempDir(), "s")
	tpm.start(t, "unix", sock)
	for _, tt := range tests {
		tpm.answerBy(tt.answer)
		var out, errs bytes.Buffer
		code := biostool.Main(append([]string{"--unix", sock}, strings.Fields(tt.args)...), nil, &out, &errs)
		if got := tpm.take(); code != tt.code || got != tt.commands || messages(out, errs) != tt.messages {
			t.Errorf("%q: %d %q %q\ngot  %s\nwant %s", tt.args, code, out.String(), errs.String(), got, tt.commands)
		}
	}
}

// messages are the outputs, without the words behind numbers: they are our program's own.
func messages(out, errs bytes.Buffer) string {
	words := regexp.MustCompile(`(0x[0-9a-f]{8}).*`)
	if errs.Len() > 0 {
		return "!" + words.ReplaceAllString(errs.String()+out.String(), "$1")
	}
	return words.ReplaceAllString(out.String(), "$1")
}

// TestWords checks what the program says behind a number.
func TestWords(t *testing.T) {
	tpm := &fakeTPM{}
	sock := filepath.Join(t.TempDir(), "s")
	tpm.start(t, "unix", sock)
	for _, tt := range []struct {
		args, response string
		code           int
		want           string
	}{
		{"--tpm2", "80010000000a00000100", 128, "TPM2_Startup returned error code 0x00000100 (TPM_RC_INITIALIZE: TPM2_Startup is needed first, or has been done already)\n"},
		{"--tpm2", "80010000000a000001c4", 128, "TPM2_Startup returned error code 0x000001c4 (TPM_RC_VALUE (parameter 1): value out of range or wrong here)\n"},
		{"--tpm2", "80010000000a00000101", 128, "TPM2_Startup returned error code 0x00000101 (TPM_RC_FAILURE: the TPM is in failure mode); " +
			"or it is not powered on: see swtpm_ioctl -i\n"},
		{"--tpm2", "80010000000affffffff", 128, "TPM2_Startup returned error code 0xffffffff\n"},
		{"--tpm2 -cs", "00c40000000a0000001e", 128, "TPM2_Startup returned error code 0x0000001e (TPM_BADTAG); this is a TPM 1.2: leave out --tpm2\n" +
			"TPM2_IncrementalSelfTest returned error code 0x0000001e (TPM_BADTAG)\n"},
		{"-o -cs", "80010000000a00000084", 128, "TPM_Startup(0x01) returned error code 0x00000084 (TPM_RC_VALUE: value out of range or wrong here); this is a TPM 2: use --tpm2\n" +
			"TPM_ContinueSelfTest returned error code 0x00000084 (TPM_RC_VALUE: value out of range or wrong here)\n"},
		{"-o", "00c40000000a0000001e", 128, "TPM_Startup(0x01) returned error code 0x0000001e (TPM_BADTAG); this is a TPM 2: use --tpm2\n"},
		{"-o", "00c40000000a00000026", 128, "TPM_Startup(0x01) returned error code 0x00000026 (TPM_INVALID_POSTINIT)\n"},
		{"--tpm2", "0000000a", 255, "Returned packet is too short. It looks like one of a control channel; the commands belong on the other.\n"},
		{"--tpm2 -d -u", "0000000a", 255, "Returned packet is too short. It looks like one of a control channel; the commands belong on the other.\n"},
	} {
		tpm.answerBy(answerWith(tt.response))
		var out, errs bytes.Buffer
		code := biostool.Main(append([]string{"--unix", sock}, strings.Fields(tt.args)...), nil, &out, &errs)
		if code != tt.code || out.String()+errs.String() != tt.want {
			t.Errorf("%q, %s: %d %q %q", tt.args, tt.response, code, out.String(), errs.String())
		}
	}
}

// oldTest2 is IncrementalSelfTest as swtpm_bios 0.7.1 sends it: it tests SHA-1, newer ones SHA-256.
const oldTest2 = "80010000001000000142000000010004"

// TestAgreesWithSwtpmBios runs the table with the installed program: the table is right.
func TestAgreesWithSwtpmBios(t *testing.T) {
	tool := require.Program(t, "swtpm_bios")
	tpm := &fakeTPM{}
	sock := filepath.Join(t.TempDir(), "s")
	tpm.start(t, "unix", sock)
	for _, tt := range tests {
		tpm.answerBy(tt.answer)
		cmd := exec.Command(tool, append([]string{"--unix", sock}, strings.Fields(tt.args)...)...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		_ = cmd.Run()
		got := strings.ReplaceAll(tpm.take(), oldTest2, test2)
		if cmd.ProcessState.ExitCode() != tt.code || got != tt.commands || messages(out, errs) != tt.messages {
			t.Errorf("%q: %d %q\ngot  %s\nwant %s", tt.args, cmd.ProcessState.ExitCode(), messages(out, errs), got, tt.commands)
		}
	}
}

func TestTCP(t *testing.T) {
	tpm := &fakeTPM{answer: answerWith(ok2)}
	_, port, err := net.SplitHostPort(tpm.start(t, "tcp", "127.0.0.1:0").String())
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{":" + port, "127.0.0.1:" + port, "localhost:" + port} {
		if code := biostool.Main([]string{"--tpm2", "--tcp", target}, nil, os.Stdout, os.Stderr); code != 0 || tpm.take() != su2Clear {
			t.Errorf("%s: exit code %d", target, code)
		}
	}
	t.Setenv("TCSD_USE_TCP_DEVICE", "1")
	t.Setenv("TCSD_TCP_DEVICE_PORT", port)
	if code := biostool.Main([]string{"--tpm2"}, nil, os.Stdout, os.Stderr); code != 0 || tpm.take() != su2Clear {
		t.Errorf("from the environment: exit code %d", code)
	}
}

func TestErrors(t *testing.T) {
	t.Setenv("TPM_DEVICE", "/does/not/exist")
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"-x", 1, "swtpm_bios: unrecognized option '-x'\nTry 'swtpm_bios --help' for the options there are.\n"},
		{"--unix", 1, "requires an argument"},
		{"--tcp :abc", 1, "Invalid port 'abc'"},
		{"--tcp :99999", 1, "Port '99999' outside valid range."},
		{"--unix /does/not/exist", 255, "Could not connect using UnixIO socket"},
		{"--tcp 127.0.0.1:1", 255, "Could not connect using TCP socket"},
		{"", 255, "Unable to open device '/does/not/exist'"},
		{"-v", 0, ""},
		{"-h -x", 0, ""},
		{"--help", 0, ""},
		{"-help", 0, ""},
		{"--version", 0, ""},
	} {
		var out, errs bytes.Buffer
		if code := biostool.Main(strings.Fields(tt.args), nil, &out, &errs); code != tt.code || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%q: %d %q, want %d %q", tt.args, code, errs.String(), tt.code, tt.want)
		}
	}
}
