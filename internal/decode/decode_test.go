package decode

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"govtpm/internal/pcap"
	"govtpm/tpm2/wire"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// inWords decodes text, of whole messages or not.
func inWords(t testing.TB, opts Options, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := New(&out, opts).Read(strings.NewReader(text)); err != nil && !strings.Contains(err.Error(), "is cut off") {
		t.Fatal(err)
	}
	return out.String()
}

func TestWords(t *testing.T) {
	rows := []struct {
		name, in, want string // "…" at the end of want stands for anything
	}{
		{"no parameters", "8001 0000000a 00000181", "> TPM2_ReadClock (Part 3, 29.1), 10 bytes\n"},
		{"parameters", "8001 0000000c 00000144 0001", "> TPM2_Startup (Part 3, 9.3), 12 bytes\n    startupType: TPM_SU_STATE\n"},
		{"rule", "8001 0000000c 00000144 0007", "> TPM2_Startup (Part 3, 9.3), 12 bytes\n    startupType: breaks a rule: TPM_RC_VALUE: …"},
		{"missing", "8001 0000000a 00000144", "> TPM2_Startup (Part 3, 9.3), 10 bytes\n    startupType: missing\n"},
		{"more", "8001 0000000e 00000144 0000 abcd",
			"> TPM2_Startup (Part 3, 9.3), 14 bytes\n    startupType: TPM_SU_CLEAR\n    more: not understood, 2 bytes\n"},
		{"vendor", "8001 0000000b 20001000 03", "> command 0x20001000, 11 bytes\n    parameters: not understood, 1 bytes\n"},
		{"version 1.2", "00c1 0000000c 00000099 0001", "> TPM 1.2, tag 0x00c1, code 0x00000099, 12 bytes\n"},
		{"tag", "> 8003 0000000a 00000181",
			"> TPM2_ReadClock (Part 3, 29.1), 10 bytes\n    tag: 0x8003, which is none of a command or response\n"},
		{"header", "> 8001 0000000a 0000", "> 8 bytes, too few for a header\n"},
		{"cut", "8001 0000000c 00000144", "> TPM2_Startup (Part 3, 9.3), 10 bytes\n    size in the header: 12\n    startupType: missing\n"},
		{"response", "8001 0000000c 0000017b 0002\n8001 0000000e 00000000 0002 abcd", `> TPM2_GetRandom (Part 3, 16.1), 12 bytes
    bytesRequested: 2
< TPM_RC_SUCCESS, 14 bytes
    randomBytes: abcd
`},
		{"fault", "8001 0000000c 0000017b 0002\n8001 0000000a 000001c4",
			"> TPM2_GetRandom (Part 3, 16.1), 12 bytes\n    bytesRequested: 2\n< 0x1c4 TPM_RC_VALUE (parameter 1): …"},
		// TPM_RC_ASYMMETRIC of handle 1 is also the code of TPM2_ReadClock.
		{"ambiguous", "8001 0000000a 00000181 8001 0000000a 00000181",
			"> TPM2_ReadClock (Part 3, 29.1), 10 bytes\n< 0x181 TPM_RC_ASYMMETRIC (handle 1): …"},
		{"question for the version", "> 8001 0000000a 00000181\n< 8001 0000000a 00000101\n", `> TPM2_ReadClock (Part 3, 29.1), 10 bytes
< 0x101 TPM_RC_FAILURE: the TPM is in failure mode, 10 bytes
    note: a TPM that is not powered on yet answers like this, too; QEMU asks it so to learn which version it is
`},
		{"failure mode", "> 8001 0000000c 00000144 0000\n< 8001 0000000a 00000000\n> 8001 0000000a 00000181\n< 8001 0000000a 00000101\n", `> TPM2_Startup (Part 3, 9.3), 12 bytes
    startupType: TPM_SU_CLEAR
< TPM_RC_SUCCESS, 10 bytes
> TPM2_ReadClock (Part 3, 29.1), 10 bytes
< 0x101 TPM_RC_FAILURE: the TPM is in failure mode, 10 bytes
`},
		{"sessions of a response", "> 8001 0000000c 0000017b 0002\n< 8002 00000017 00000000 00000004 0002 abcd 0000 01 0000", `> TPM2_GetRandom (Part 3, 16.1), 12 bytes
    bytesRequested: 2
< TPM_RC_SUCCESS, 23 bytes
    session 1: continueSession
        nonceTPM: empty
        hmac: empty
    randomBytes: abcd
`},
		{"response without command", "< 8001 0000000e 00000000 0002 abcd", "< TPM_RC_SUCCESS, 14 bytes\n    parameters: not understood, 4 bytes\n"},
		{"PCRs", "8001 00000014 0000017e 00000001 000b 03 810001", `> TPM2_PCR_Read (Part 3, 22.4), 20 bytes
    pcrSelectionIn:
        0: sha256: 0,7,16
`},
		{"text", "8001 00000016 0000017d 0004 74657874 000b 40000007", `> TPM2_Hash (Part 3, 15.4), 22 bytes
    data: 74657874 ("text")
    hashAlg: sha256
    hierarchy: TPM_RH_NULL
`},
	}
	for _, row := range rows {
		got := inWords(t, Options{}, row.in)
		if prefix, ok := strings.CutSuffix(row.want, "…"); ok && strings.HasPrefix(got, prefix) {
			continue
		}
		if got != row.want {
			t.Errorf("%s: %s\nwant %s", row.name, got, row.want)
		}
	}
}

const (
	changeAuth   = "8002 00000029 00000129 4000000c 0000000f 40000009 0000 01 0006 736563726574 0006 736563726574"
	policyHMAC   = "8002 00000023 00000129 4000000c 0000000f 03000000 0000 01 0006 736563726574 0000"
	sessionHMAC  = "8002 00000023 00000129 4000000c 0000000f 02000000 0000 01 0006 736563726574 0000"
	encryptedArg = "8002 00000029 00000129 4000000c 0000000f 02000000 0000 21 0006 000000000000 0006 736563726574"
	damagedArg   = "8002 00000029 00000129 4000000c 0000000f 40000009 0000 01 0006 736563726574 0007 736563726574"
)

// Secrets are not shown, whatever is wrong with the command.
func TestSecretsAreHidden(t *testing.T) {
	const secret = "736563726574"
	for _, cmd := range []string{changeAuth, policyHMAC, damagedArg} {
		msg := unhex(cmd)
		for n := range len(msg) + 1 {
			if got := inWords(t, Options{Full: true}, "> "+hex.EncodeToString(msg[:n])+"\n> 8001 0000000a 00000181"); strings.Contains(got, secret) || strings.Contains(got, "secret") {
				t.Fatalf("%d bytes of %s: %s", n, cmd, got)
			}
		}
		if got := inWords(t, Options{Secrets: true}, cmd); !strings.Contains(got, secret) {
			t.Errorf("asked for, and not shown: %s", got)
		}
	}
	want := `> TPM2_HierarchyChangeAuth (Part 3, 24.8), 41 bytes
    authHandle: TPM_RH_PLATFORM
    session 1: TPM_RS_PW, continueSession
        nonceCaller: empty
        authorization value: hidden, 6 bytes
    newAuth: hidden, 8 bytes
`
	if got := inWords(t, Options{}, changeAuth); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := inWords(t, Options{}, sessionHMAC); !strings.Contains(got, "hmac: "+secret) {
		t.Errorf("an HMAC is hidden: %s", got)
	}
	if got := inWords(t, Options{}, encryptedArg); !strings.Contains(got, "newAuth: encrypted: "+secret) {
		t.Errorf("%s", got)
	}
}

// The table of responses names commands and types that there are, and all commands with an answer.
func TestResponseTable(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(responseTable), "\n")
	if len(lines) != len(responseLists()) {
		t.Errorf("%d lines for %d commands", len(lines), len(responseLists()))
	}
	for code, words := range responseLists() {
		if got := len(responseFields(code)); got != len(words) || got == 0 {
			t.Errorf("%v: %d of %d types are known", code, got, len(words))
		}
	}
	for code, info := range commandInfos() {
		if info.Encrypt && info.Implemented && len(responseFields(code)) == 0 {
			t.Errorf("%v has a response", code)
		}
		for _, name := range secretParameters(code) {
			found := false
			for _, f := range commandFields(info) {
				found = found || f.name == name && f.secret
			}
			if !found {
				t.Errorf("%v has no parameter %s", code, name)
			}
		}
	}
}

func TestSources(t *testing.T) {
	var recording bytes.Buffer
	r := pcap.New(&recording, pcap.Options{ClientPort: 50000, Now: func() time.Time { return time.Unix(0, 0) }})
	r.Command(unhex("8001 0000000c 0000017b 0002"))
	r.Response(unhex("8001 0000000e 00000000 0002 abcd"))
	const log = `p  SWTPM_IO_Read: length 12
p  80 01 00 00 00 0C 00 00 01 7B 00 02 
p  Ctrl Cmd: length 8
p  00 00 00 02 00 00 00 00 
p  SWTPM_IO_Write: length 14
p  80 01 00 00 00 0E 00 00 00 00 00 02 AB CD 
`
	want := inWords(t, Options{}, "80010000000c0000017b0002 80010000000e000000000002abcd")
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		args  []string
		stdin string
	}{
		"digits":    {args: []string{"80010000000c0000017b0002", "0x80010000000e000000000002abcd"}},
		"words":     {args: strings.Fields("8001 0000000c 0000017b 0002 8001 0000000e 00000000 0002 abcd")},
		"stdin":     {stdin: "# a comment\n80 01 0000000c\n0000017b 0002\n\n80010000000e000000000002abcd\n"},
		"dash":      {args: []string{"-"}, stdin: "80010000000c0000017b0002 80010000000e000000000002abcd"},
		"log":       {args: []string{file}},
		"recording": {stdin: recording.String()},
	} {
		var out, errs bytes.Buffer
		status := Main(row.args, strings.NewReader(row.stdin), &out, &errs)
		got := strings.ReplaceAll(out.String(), "1970-01-01 00:00:00.000000\n", "")
		if status != 0 || got != want || errs.Len() != 0 {
			t.Errorf("%s: %d, %s, %s", name, status, got, errs.String())
		}
	}
	for _, args := range [][]string{{"--nothing"}, {filepath.Join(t.TempDir(), "none")}, {"-"}} {
		var out, errs bytes.Buffer
		if status := Main(args, strings.NewReader("nothing"), &out, &errs); status != 1 || errs.Len() == 0 {
			t.Errorf("%v: %d, %s", args, status, errs.String())
		}
	}
	var out bytes.Buffer
	if status := Main([]string{"--help"}, nil, &out, nil); status != 0 || out.String() != usage {
		t.Errorf("help: %d, %s", status, out.String())
	}
}

// What is no message is told in words, after all that is one.
func TestFaults(t *testing.T) {
	const whole = "80010000000c000001440000"
	words := inWords(t, Options{}, whole)
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	long := strings.Repeat("80 01 ", maxLine/6)
	for _, row := range []struct {
		name string
		args []string
		in   string
		err  string // the whole message; "" for none
		out  string // what the output begins with
	}{
		{name: "two bytes", args: []string{"8001"}, err: "message 1 is cut off: it has 2 bytes, a header has 10", out: "> 2 bytes, too few for a header\n"},
		{name: "half a command", args: []string{whole[:20]}, err: "message 1 is cut off: it has 10 bytes of 12", out: "> TPM2_Startup (Part 3, 9.3), 10 bytes\n    size in the header: 12\n"},
		{name: "one and a half", args: []string{whole, whole[:6]}, err: "message 2 is cut off: it has 3 bytes, a header has 10", out: words},
		{name: "half, then one", args: []string{whole[:6], ">" + whole}, err: "message 1 is cut off: it has 3 bytes, a header has 10", out: "> 3 bytes, too few for a header\n" + words},
		{name: "half, then a file", args: []string{whole[:6], file("one", whole)}, err: "message 1 is cut off: it has 3 bytes, a header has 10", out: "> 3 bytes, too few for a header\n" + words},
		{name: "too small", args: []string{"80010000000900000144"}, err: "message 1 cannot have the size in its header, 9 bytes", out: "> TPM2_Startup"},
		{name: "too large", args: []string{"80010001000100000144"}, err: "message 1 cannot have the size in its header, 65537 bytes", out: "> TPM2_Startup"},
		{name: "a digit too many", args: []string{"80010"}, err: "80010: an odd number of digits, and no file of that name"},
		{name: "cut off in a file", args: []string{file("cut", whole+"\n# and\n"+whole[:22]+"\n")}, err: filepath.Join(dir, "cut") + ": message 2 is cut off: it has 11 bytes of 12", out: words},
		{name: "endless line", in: whole + "\n" + long + long, err: "line 2 has more than 262144 bytes: not a log, and digits have to be on several lines", out: words},
		{name: "endless line alone", in: long + long, err: "line 1 has more than 262144 bytes: not a log, and digits have to be on several lines"},
		{name: "sent like this", in: "p  SWTPM_IO_Read: length 2\np  80 01 \n", out: "> 2 bytes, too few for a header\n"},
		{name: "control channel", in: "p  Ctrl Cmd: length 4\np  00 00 00 01 \np  SWTPM_IO_Read: length 12\np  80 01 00 00 00 0C 00 00 01 44 00 00 \n", out: words},
	} {
		var out, errs bytes.Buffer
		status := Main(row.args, strings.NewReader(row.in), &out, &errs)
		if want := "swtpm decode: " + row.err + "\n"; row.err != "" && (status != 1 || errs.String() != want) || row.err == "" && (status != 0 || errs.Len() != 0) {
			t.Errorf("%s: status %d, %q, want %q", row.name, status, errs.String(), row.err)
		}
		if !strings.HasPrefix(out.String(), row.out) {
			t.Errorf("%s: %s\nwant %s", row.name, out.String(), row.out)
		}
	}
}

// endless is an input that never ends.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '8'
	}
	e.read += len(b)
	return len(b), nil
}

// Input without end is given up, in bounded memory.
func TestEndlessInput(t *testing.T) {
	in := new(endless)
	if err := New(io.Discard, Options{}).Read(in); err == nil || in.read > 4*maxLine {
		t.Errorf("%v after %d bytes", err, in.read)
	}
}

// No bytes make it panic, and none make it say more than a bounded multiple of them.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{changeAuth, policyHMAC, encryptedArg, "8001 00000014 0000017e 00000001 000b 03 810001"} {
		f.Add(unhex(s), []byte{}, true)
	}
	for _, code := range wire.CCs() {
		head := append(unhex("8002 00000040"), byte(code>>24), byte(code>>16), byte(code>>8), byte(code))
		f.Add(append(head, bytes.Repeat([]byte{0, 1}, 30)...), unhex("8002 0000001e 00000000 80000000 00000004 0002 abcd 0000 01 0000"), false)
	}
	f.Fuzz(func(t *testing.T, command, response []byte, secrets bool) {
		var out bytes.Buffer
		d := New(&out, Options{Secrets: secrets})
		d.Command(command)
		d.Response(response)
		d.Message(command)
		d.Message(response)
		if limit := 10000 + 400*(len(command)+len(response)); out.Len() > limit {
			t.Errorf("%d bytes of text", out.Len())
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte(changeAuth))
	f.Add([]byte("p  SWTPM_IO_Read: length 12\np  80 01 00 00 00 0C 00 00 01 7B 00 02 \n"))
	f.Add([]byte(pcap.Magic + "\x1c\x00\x00\x00\x4d\x3c\x2b\x1a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var out bytes.Buffer
		_ = New(&out, Options{}).Read(bytes.NewReader(text))
	})
}
