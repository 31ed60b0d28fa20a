package ioctltool

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"govtpm/control"
)

func TestParse(t *testing.T) {
	rows := []struct {
		args string
		want *command
		err  string
	}{
		{"-c --tcp :1", &command{name: "-c", args: []string{}, tcp: ":1"}, ""},
		{"--tcp=host:1 -i", &command{name: "-i", args: []string{}, tcp: "host:1"}, ""},
		{"-tcp :1 -h -c", &command{name: "-h", args: []string{"-c"}, tcp: ":1"}, ""},
		{"--unix /s --save permanent f", &command{name: "--save", args: []string{"permanent", "f"}, unix: "/s"}, ""},
		{"-s /dev/x", &command{name: "-s", args: []string{}, device: "/dev/x"}, ""},
		{"--tpm-device /dev/x -s", &command{name: "-s", args: []string{}, device: "/dev/x"}, ""},
		{"-c -i", nil, "Only one command may be given."},
		{"--save permanent", nil, "swtpm_ioctl: option '--save' requires an argument: usage"},
		{"--tcp", nil, "swtpm_ioctl: option '--tcp' requires an argument: usage"},
		{"--foo", nil, "swtpm_ioctl: unrecognized option '--foo': usage"},
		{"-stop", nil, "swtpm_ioctl: unrecognized option '-stop': usage"},
	}
	for _, row := range rows {
		got, err := parse(strings.Fields(row.args))
		if err != nil && err.Error() != row.err || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%q: %+v, %v", row.args, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	none := filepath.Join(t.TempDir(), "none")
	rows := []struct{ args, stderr string }{
		{"-c", "Error: Missing device name.\nSay where the TPM is with --tcp, --unix or --tpm-device\n" + seeHelp + "\n"},
		{"--tcp :xyz -c", "Invalid port 'xyz'\n"},
		{"--tcp :99999 -c", "Port '99999' outside valid range.\n"},
		{"--unix " + none + " -c", "Connect failed: No such file or directory\nIs the TPM running, and is this the socket of its --ctrl?\n"},
		{"--tcp :" + port + " -c", "Could not connect to host '127.0.0.1' on port '" + port + "' using TCP socket: Connection refused\nIs the TPM running, and is this the port of its --ctrl?\n"},
	}
	for _, row := range rows {
		var out, errs bytes.Buffer
		if status := Main(strings.Fields(row.args), nil, &out, &errs); status != 1 || errs.String() != row.stderr || out.Len() != 0 {
			t.Errorf("%q: %d, %q, %q", row.args, status, out.String(), errs.String())
		}
	}
}

func TestSplitTCP(t *testing.T) {
	rows := []struct {
		text, host string
		port       int
	}{
		{":", "127.0.0.1", 6546}, {":5", "127.0.0.1", 5}, {"host", "host", 6546}, {"host:7", "host", 7}, {"[::1]:8", "::1", 8}, {"[::1]", "::1", 6546},
	}
	for _, row := range rows {
		if host, port, err := splitTCP(row.text); err != nil || host != row.host || port != row.port {
			t.Errorf("%q: %q, %d, %v", row.text, host, port, err)
		}
	}
}

// fakeChannel answers as it was told, and remembers.
type fakeChannel struct {
	asked []control.Request
	rsp   control.Response
	err   error
}

func (f *fakeChannel) Do(r control.Request) (control.Response, error) {
	f.asked = append(f.asked, r)
	return f.rsp, f.err
}

func (f *fakeChannel) Close() error { return nil }

func TestRequests(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, []byte("state"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		args   string
		rsp    control.Response
		want   []control.Request
		stdout string
		err    string
	}{
		{"-i", control.Success, []control.Request{control.Init{Flags: 1}}, "", ""},
		{"-l 3", control.Success, []control.Request{control.SetLocality{Locality: 3}}, "", ""},
		{"-l x", nil, nil, "", "Could not get locality number from x."},
		{"-r 0x3", control.Success, []control.Request{control.ResetTPMEstablished{Locality: 3}}, "", ""},
		{"--lock-storage 7", control.Success, []control.Request{control.LockStorage{Retries: 7}}, "", ""},
		{"--lock-storage 7", control.Fail, []control.Request{control.LockStorage{Retries: 7}}, "", "TPM result from PTM_LOCK_STORAGE: 0x9"},
		{"-b 4096", control.BufferSize{Current: 4096, Min: 2896, Max: 4096}, []control.Request{control.SetBufferSize{Size: 4096}},
			"TPM buffersize: 4096\nminimum size  : 2896\nmaximum size  : 4096\n", ""},
		{"-b x", nil, nil, "", "Could not get buffersize from x."},
		{"-h abc", control.Success, []control.Request{control.HashStart{}, control.HashData{Data: []byte("abc")}, control.HashEnd{}}, "", ""},
		{"--load permanent " + in, control.Success, []control.Request{control.SetStateBlob{Kind: 1, Data: []byte("state")}}, "", ""},
		{"--load other " + in, nil, nil, "", "Unknown TPM state type 'other'."},
		{"--save volatile " + in, control.StateBlob{Result: control.Retry}, []control.Request{control.GetStateBlob{Flags: 1, Kind: 2}}, "", ""},
		{"--save volatile " + in, control.StateBlob{Result: control.Fail}, []control.Request{control.GetStateBlob{Flags: 1, Kind: 2}}, "",
			"TPM result from PTM_GET_STATEBLOB: 0x9"},
		{"--info 0x3", control.Info{Total: 3, Data: []byte("{}\x00")}, []control.Request{control.GetInfo{Flags: 3}}, "{}\n", ""},
		{"--info x", nil, nil, "", "Cannot parse info flags."},
	}
	for _, row := range rows {
		c, err := parse(strings.Fields(row.args))
		if err != nil {
			t.Fatal(err)
		}
		ch := &fakeChannel{rsp: row.rsp}
		var out bytes.Buffer
		err = (&tool{stdin: strings.NewReader(""), stdout: &out, ch: ch}).execute(c)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != row.err || out.String() != row.stdout || !reflect.DeepEqual(ch.asked, row.want) {
			t.Errorf("%q: %+v, %q, %q", row.args, ch.asked, out.String(), text)
		}
	}
}

// TestNoAnswer checks what is said of a channel that takes requests and gives no answer, as one for commands does.
func TestNoAnswer(t *testing.T) {
	for err, want := range map[error]string{
		os.ErrDeadlineExceeded: "Could not execute PTM_INIT: No answer within 20 seconds. Is this the control channel? " +
			"The channel for TPM commands does not answer requests.",
		&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}: "Could not execute PTM_INIT: No answer within 20 seconds. Is this the control channel? " +
			"The channel for TPM commands does not answer requests.",
		io.ErrUnexpectedEOF: "Could not execute PTM_INIT: Unexpected EOF",
	} {
		tool := &tool{ch: &fakeChannel{err: err}}
		if got := tool.execute(&command{name: "-i"}); got == nil || got.Error() != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	for code, want := range map[uint32]string{
		0x2e:       "0x2e (TPM_BAD_VERSION: format of a later version)",
		0x800:      "0x800 (TPM_RETRY: no such state)",
		0x1e:       "0x1e (TPM_BADTAG)",
		0x101:      "0x101 (TPM_RC_FAILURE: ",
		0x907:      "0x907 (TPM_RC_LOCALITY: ",
		0xdead:     "0xdead",
		0xc40000:   "0xc40000 (a TPM's response to a command: ",
		0x80020000: "0x80020000 (a TPM's response to a command: ",
	} {
		if got := (&tool{words: true}).describe(code); !strings.HasPrefix(got, want) || (strings.HasSuffix(want, ")") || code == 0xdead) && got != want {
			t.Errorf("0x%x: %s", code, got)
		}
	}
}

// TestDescribeForPrograms checks that a program finds the digits alone, unless it asks at the wrong channel.
func TestDescribeForPrograms(t *testing.T) {
	for code, want := range map[uint32]string{
		0xa: "0xa", 0x3d: "0x3d", 0x101: "0x101", 0x800: "0x800", 0xdead: "0xdead",
		0x80010000: "0x80010000 (a TPM's response to a command: this is the channel for TPM commands, not the control channel)",
	} {
		if got := (&tool{}).describe(code); got != want {
			t.Errorf("0x%x: %s", code, got)
		}
	}
}

func TestIsTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if isTerminal(w) || isTerminal(&bytes.Buffer{}) {
		t.Error("a pipe or a buffer is taken for a terminal")
	}
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer tty.Close()
	if !isTerminal(tty) {
		t.Error("a terminal is not taken for one")
	}
}
