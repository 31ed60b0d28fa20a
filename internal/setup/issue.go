package setup

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"govtpm/internal/conffile"
	"govtpm/internal/ekcert"
)

// tool is the program that issues certificates, as the configuration names it.
type tool struct {
	path, config, options, vmid, logfile string
	timeout                              time.Duration // 0: toolTimeout
	tpm2, allowSigning, decryption       bool
	ctx                                  context.Context
	copies                               *copies
	info                                 []string
	printf                               func(string, ...any)
	log                                  func(string) // a line the tool prints
}

// findTool reads the configuration.
func findTool(conf *conffile.File) (*tool, error) {
	name, _ := conf.Value("create_certs_tool")
	if name == "" {
		return nil, errors.New("there is no tool for certificates: the configuration has no create_certs_tool")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("could not find the certificate tool %s: %w", name, err)
	}
	t := &tool{path: path}
	if text, ok := conf.Value("create_certs_tool_timeout"); ok {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("create_certs_tool_timeout is to be a number of seconds, not '%s'", text)
		}
		t.timeout = time.Duration(n) * time.Second
	}
	t.config, _ = conf.Value("create_certs_tool_config")
	t.options, _ = conf.Value("create_certs_tool_options")
	return t, nil
}

// describe turns what the TPM says about itself (GET_INFO with flags 3) into arguments.
func (t *tool) describe(text []byte) error {
	var info struct {
		TPMSpecification struct {
			Family          string
			Level, Revision int
		}
		TPMAttributes struct{ Manufacturer, Version, Model string }
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return fmt.Errorf("the TPM's information cannot be read: %w", err)
	}
	s, a := info.TPMSpecification, info.TPMAttributes
	t.info = []string{
		"--tpm-spec-family", s.Family, "--tpm-spec-level", fmt.Sprint(s.Level), "--tpm-spec-revision", fmt.Sprint(s.Revision),
		"--tpm-manufacturer", a.Manufacturer, "--tpm-model", a.Model, "--tpm-version", a.Version,
	}
	return nil
}

// issue runs the tool in a directory of its own and returns the certificate.
func (t *tool) issue(typ ekcert.Type, key, tpmSerial string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "swtpm_setup.certs.")
	if err != nil {
		return nil, fmt.Errorf("making a directory for certificates: %w", err)
	}
	defer os.RemoveAll(dir)
	keyOption := "--ek"
	if typ == ekcert.IAK || typ == ekcert.IDevID {
		keyOption = "--key"
	}
	args := []string{"--type", typ.String(), keyOption, key, "--dir", dir}
	add := func(name, value string) {
		if value != "" {
			args = append(args, name, value)
		}
	}
	if t.allowSigning {
		args = append(args, "--allow-signing")
		if t.decryption {
			args = append(args, "--decryption")
		}
	}
	add("--logfile", t.logfile)
	add("--vmid", t.vmid)
	args = append(args, t.info...)
	if t.tpm2 {
		args = append(args, "--tpm2")
	}
	add("--configfile", t.config)
	add("--optsfile", t.options)
	add("--tpm-serial-num", tpmSerial)
	t.printf("  Invoking %s %s", t.path, strings.Join(args, " "))
	if err := t.run(args); err != nil {
		return nil, err
	}
	der, err := readCertificate(filepath.Join(dir, typ.String()+".cert"))
	if err != nil {
		return nil, fmt.Errorf("the certificate tool left no certificate: %w", err)
	}
	if err := checkCertificate(typ, key, der, !t.tpm2); err != nil {
		return nil, fmt.Errorf("what the certificate tool made is no %s certificate of this TPM: %w", typ, err)
	}
	return der, nil
}

// Bounds on a certificate tool that does not behave.
const (
	toolTimeout  = 5 * time.Minute // a first key of a CA in hardware may take long
	toolPatience = time.Second     // for what the tool left running
	maxToolText  = 64 << 10        // of each of its outputs
)

// run runs the tool to its end, which must come in time.
func (t *tool) run(args []string) error {
	timeout := t.timeout
	if timeout == 0 {
		timeout = toolTimeout
	}
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.path, args...)
	var out, errs beginning
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, toolPatience
	err := cmd.Run()
	for line := range strings.Lines(strings.TrimSpace(out.String())) {
		t.log(filepath.Base(t.path) + ": " + strings.TrimRight(line, "\r\n"))
	}
	switch {
	case t.ctx.Err() != nil:
		return errInterrupted
	case ctx.Err() != nil:
		return fmt.Errorf("the certificate tool was stopped: it did not end within %v", timeout)
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and left something running
	case err != nil:
		return fmt.Errorf("the certificate tool failed: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	return nil
}

// beginning keeps the beginning of what is written, with nothing in it that a terminal would act on.
type beginning struct{ text []byte }

func (b *beginning) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), maxToolText-len(b.text))]...)
	return len(p), nil
}

func (b *beginning) String() string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, string(b.text))
}

// maxCertificate bounds a certificate: no NV index holds more.
const maxCertificate = 0xffff

func readCertificate(name string) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	der, err := io.ReadAll(io.LimitReader(f, maxCertificate+1))
	if err == nil && len(der) > maxCertificate {
		err = fmt.Errorf("it is longer than %d bytes", maxCertificate)
	}
	return der, err
}

// checkCertificate refuses what is no certificate, or one of another key. A platform certificate need only be one value in DER: there
// are some that are attribute certificates, without a key.
func checkCertificate(typ ekcert.Type, key string, der []byte, wrapped bool) error {
	if wrapped {
		if len(der) < ekcert.StoredHeaderSize {
			return errors.New("it is too short")
		}
		der = der[ekcert.StoredHeaderSize:]
	}
	var value asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &value); err != nil || len(rest) > 0 || value.Tag != asn1.TagSequence {
		return errors.New("it is not in DER")
	}
	if typ == ekcert.Platform {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	if got := parameterOf(cert.PublicKey); got == "" || !strings.HasPrefix(strings.ToLower(key)+",", got+",") {
		return errors.New("its key is another one")
	}
	return nil
}

// parameterOf writes a key as keyParameter does, without the name of a curve; "" is a key of no kind that is asked for.
func parameterOf(key any) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return hex.EncodeToString(key.N.Bytes())
	case *ecdsa.PublicKey:
		if point, err := key.Bytes(); err == nil { // 4, x, y
			n := len(point) / 2
			return fmt.Sprintf("x=%x,y=%x", point[1:1+n], point[1+n:])
		}
	}
	return ""
}

// keep has a copy of a certificate written when the TPM is done.
func (t *tool) keep(typ ekcert.Type, a algorithm, der []byte) error {
	t.copies.add(fmt.Sprintf("%s-%s.crt", typ, a.name), der)
	return nil
}

// noCertificates is for a TPM without certificates.
type noCertificates struct{}

func (noCertificates) issue(typ ekcert.Type, _, _ string) ([]byte, error) {
	return nil, fmt.Errorf("there is no tool to make the %s certificate", typ)
}

func (noCertificates) keep(ekcert.Type, algorithm, []byte) error { return nil }
