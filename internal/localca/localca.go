// Package localca is the program swtpm_localca: a certificate authority in a directory, which issues the certificates of TPMs on
// this machine and makes its own keys when it is used for the first time.
//
// Options, files and exit codes are those of swtpm_localca 0.11. Any number of runs may share one CA: serial numbers and the making
// of the CA happen under one lock, so no two certificates of a CA have the same serial number. The certificates themselves are
// package certtool's work. Start at Main.
package localca

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"govtpm/internal/certtool"
	"govtpm/internal/conffile"
	"govtpm/internal/smallfile"
)

// Name is the name of the program.
const Name = "swtpm_localca"

// env is what the program takes from its surroundings.
type env struct {
	out, err io.Writer
	lookup   func(string) (string, bool) // environment variables
	now      func() time.Time
	rand     io.Reader
}

// Main runs the program with the arguments behind its name and returns its exit code.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	e := &env{out: stdout, err: stderr, lookup: os.LookupEnv, now: time.Now, rand: rand.Reader}
	o, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintln(stderr, err)
		return 1
	}
	if o.text["logfile"] != "" {
		log, err := os.OpenFile(o.text["logfile"], os.O_WRONLY|os.O_CREATE|os.O_APPEND|noFollow|smallfile.NonBlock, 0o640)
		if err != nil {
			fmt.Fprintf(stderr, "Could not open the logfile: %v\n", err)
			return 1
		}
		defer log.Close()
		e.out, e.err = log, log
	}
	if err := e.run(o); err != nil {
		fmt.Fprintln(e.err, err)
		return 1
	}
	return 0
}

// run issues the certificate, making the CA first if there is none.
func (e *env) run(o *options) error {
	optsFile, configFile := o.text["optsfile"], o.text["configfile"]
	if optsFile == "" {
		optsFile = conffile.Find("swtpm-localca.options", e.lookup)
	}
	if configFile == "" {
		configFile = conffile.Find("swtpm-localca.conf", e.lookup)
	}
	extra, err := conffile.ReadText(optsFile)
	if err != nil {
		return fmt.Errorf("Need read rights on options file %s: %w", optsFile, err) //nolint:staticcheck // known words
	}
	conf, err := conffile.Read(configFile, e.lookup)
	if err != nil {
		return fmt.Errorf("Need read rights on config file %s: %w", configFile, err) //nolint:staticcheck // known words
	}
	ca, err := newAuthority(conf, configFile, e.lookup)
	if err != nil {
		return err
	}
	defer ca.wipe()
	serial, err := e.prepare(ca)
	if err != nil {
		return err
	}
	args := o.certArgs(ca, strings.Fields(extra), serial)
	var messages bytes.Buffer
	if code := certtool.Run(args, ca.environ, &messages, &messages); code != 0 {
		return fmt.Errorf("Could not create %s certificate locally\n%s", o.typeName(), bytes.TrimSpace(messages.Bytes())) //nolint:staticcheck // known words
	}
	e.err.Write(messages.Bytes())
	fmt.Fprintf(e.out, "Successfully created %s certificate locally.\n", o.typeName())
	return nil
}

// prepare returns the next serial number, having made sure that the CA exists. All of it happens under the CA's lock.
func (e *env) prepare(ca *authority) (serial string, err error) {
	if err := makeStateDir(ca.stateDir); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(ca.stateDir, lockName))
	if err != nil {
		return "", fmt.Errorf("could not lock the state directory %s: %w", ca.stateDir, err)
	}
	defer unlock()
	if err := e.ensure(ca); err != nil {
		return "", err
	}
	return nextSerial(ca.serialFile, e.rand)
}

// lockName is the lock file in the state directory.
const lockName = ".lock.swtpm-localca"

// makeStateDir creates the state directory if it is missing and checks that files can be made in it.
func makeStateDir(dir string) error {
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return fmt.Errorf("the state directory %s is not a directory", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("could not reach the state directory: %w", err)
	} else if err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o770); err != nil {
		return fmt.Errorf("could not create the state directory: %w", err)
	}
	return nil
}
