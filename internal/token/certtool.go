package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const program = "certtool"

// maxOutput bounds what is taken of the program's output.
const maxOutput = 64 << 10

// job is what one run of the program works on: names of files, and of the hash.
type job struct{ message, issuer, out, hash string }

// run has the program sign and returns the CMS structure it made.
func (k *Key) run(j job) ([]byte, error) {
	path, err := exec.LookPath("gnutls-" + program) // its name where the system has a certtool of its own, as macOS does
	if err != nil {
		path, err = exec.LookPath(program)
	}
	if err != nil {
		return nil, fmt.Errorf("signing keys in PKCS #11 tokens need GnuTLS's program %s: %w", program, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--p7-detached-sign", "--load-privkey", k.uri.text(), "--load-certificate", j.issuer,
		"--hash", j.hash, "--infile", j.message, "--outder", "--outfile", j.out)
	if k.uri.module != "" {
		cmd.Args = append(cmd.Args, "--provider", k.uri.module)
	}
	cmd.Env = slices.DeleteFunc(append(os.Environ(), k.env...), func(s string) bool { return strings.HasPrefix(s, PINVariable+"=") })
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	if k.pin != "" {
		cmd.Env = append(cmd.Env, "GNUTLS_PIN="+k.pin)
	}
	messages := &tail{}
	cmd.Stdout, cmd.Stderr = messages, messages
	cmd.SysProcAttr = noTerminal() // it must not ask for a PIN there
	cmd.WaitDelay = time.Second    // a driver may have started something that holds the output
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s gave no signature in %v%s", program, k.limit, messages)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, fmt.Errorf("%s could not sign: %w%s", program, err, messages)
	}
	f, err := os.Open(j.out)
	if err != nil {
		return nil, fmt.Errorf("%s made no signature%s", program, messages)
	}
	defer f.Close()
	cms, err := io.ReadAll(io.LimitReader(f, maxOutput+1))
	if err == nil && len(cms) > maxOutput {
		err = errors.New("its output is too long")
	}
	return cms, err
}

// tail keeps the end of what a program prints.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-2048):]
	return len(p), nil
}

// String gives the last lines, on lines of their own. Drivers that were only asked what they have say much about themselves.
func (t *tail) String() string {
	var b strings.Builder
	lines := slices.DeleteFunc(strings.Split(strings.ToValidUTF8(string(bytes.TrimSpace(t.b)), "?"), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
	for _, line := range lines[max(0, len(lines)-3):] {
		b.WriteString("\n")
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}
