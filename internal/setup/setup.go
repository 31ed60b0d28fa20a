package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"govtpm/internal/conffile"
)

// Name is the name of the program.
const Name = "swtpm_setup"

// Version is the version of swtpm whose behaviour the program has.
const Version = "0.11.0"

// run is one run of the program.
type run struct {
	ctx      context.Context // ends when somebody wants the program to end
	o        *options
	out, err io.Writer // both the log, if there is one
	conf     *conffile.File
	program  *program
	tool     *tool // that makes certificates, nil if none are wanted
	state    place
	copies   copies
}

// Main runs the program with the arguments behind its name and returns its exit code.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, errHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "%v\nTry '%s --help' for the options there are.\n", err, Name)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	r := &run{ctx: ctx, o: o, out: &lockedWriter{w: stdout}, err: &lockedWriter{w: stderr}}
	if done, err := r.inform(); done || err != nil {
		return r.code(err)
	}
	if err := o.check(); err != nil {
		return r.code(err)
	}
	if user, ok := o.text["runas"]; ok {
		if err := changeUser(user); err != nil {
			return r.code(err)
		}
	}
	if name := o.text["logfile"]; name != "" {
		log, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|noFollow, 0o640)
		if err != nil {
			return r.code(fmt.Errorf("could not open the logfile: %w", err))
		}
		defer log.Close()
		both := &lockedWriter{w: log}
		r.out, r.err = both, both
	}
	for _, name := range []string{"swtpm_ioctl", "tcsd-system-ps-file"} {
		if o.has(name) {
			r.printf("Warning: --%s is deprecated and has no effect.", name)
		}
	}
	return r.code(r.manufacture())
}

// lockedWriter is written to by this program and, through a pipe, by the TPM program at the same time.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *run) code(err error) int {
	if err != nil {
		fmt.Fprintln(r.err, err)
		return 1
	}
	return 0
}

func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// inform answers the options that only ask for something.
func (r *run) inform() (done bool, err error) {
	switch {
	case r.o.flags["version"]:
		r.printf("TPM emulator setup tool version %s", Version)
	case r.o.has("create-config-files"):
		return true, createConfigFiles(r.o.text["create-config-files"], os.LookupEnv, r.printf)
	case r.o.flags["print-capabilities"]:
		p, err := findProgram(r.o.text["tpm"])
		if err != nil {
			return true, err
		}
		text, err := p.capabilities()
		if err != nil {
			return true, err
		}
		r.printf("%s", text)
	case r.o.flags["print-profiles"]:
		return true, r.printProfiles()
	default:
		return false, nil
	}
	return true, nil
}

// configuration reads the configuration file.
func (r *run) configuration() error {
	name := r.o.text["config"]
	if name == "" {
		name = conffile.Find("swtpm_setup.conf", os.LookupEnv)
	}
	var err error
	r.conf, err = conffile.Read(name, os.LookupEnv)
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.o.text["config"] == "":
		return fmt.Errorf("could not read the configuration file: %w; --create-config-files makes one", err)
	case err != nil:
		return fmt.Errorf("could not read the configuration file: %w", err)
	}
	return nil
}

// endings are the signals that end the program in order; those that whoever started it has it ignore stay ignored.
func endings() []os.Signal {
	return slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
}

// manufacture prepares everything and makes the TPM.
func (r *run) manufacture() error {
	tpm2 := r.o.flags["tpm2"]
	var err error
	if r.program, err = findProgram(r.o.text["tpm"]); err != nil {
		return err
	}
	if err := r.program.ask(tpm2); err != nil {
		return err
	}
	if err := r.program.supports(tpm2); err != nil {
		return err
	}
	if err := r.checkAccess(); err != nil {
		return err
	}
	r.state = r.place()
	defer r.state.close()
	if keep, err := r.lookForState(); keep || err != nil {
		return err
	}
	if err := r.configuration(); err != nil {
		return err
	}
	plan, err := r.plan()
	if err != nil {
		return err
	}
	if plan.ekCert || plan.platformCert {
		if r.tool, err = findTool(r.conf); err != nil {
			return err
		}
	}
	if err := r.state.claim(); err != nil {
		return err
	}
	r.tellEncryption()
	kind := "manufacturing"
	if r.o.flags["reconfigure"] {
		kind = "reconfiguration"
	}
	r.printf("Starting vTPM %s as %s @ %s", kind, whoami(), date())
	defer r.copies.drop()
	if err = r.author(plan); err != nil {
		fmt.Fprintln(r.err, err)
		fmt.Fprintln(r.err, "An error occurred. Authoring the TPM state failed.")
		if uerr := r.state.undo(); uerr != nil {
			fmt.Fprintln(r.err, uerr)
		}
		err = errors.New("The TPM state was not made.") //nolint:staticcheck // a sentence of its own
	} else {
		r.printf("Successfully authored TPM state.")
		err = r.copies.commit()
	}
	r.printf("Ending vTPM manufacturing @ %s", date())
	return err
}

// tellEncryption says with what the state will be encrypted.
func (r *run) tellEncryption() {
	for _, name := range []string{"keyfile", "keyfile-fd", "pwdfile", "pwdfile-fd"} {
		if !r.o.has(name) {
			continue
		}
		what := "with a provided key"
		if strings.HasPrefix(name, "pwd") {
			what = "using a key derived from a passphrase"
		}
		if strings.HasSuffix(name, "-fd") {
			what += " (fd)"
		}
		r.printf("  The TPM's state will be encrypted %s.", what)
	}
}

func date() string { return time.Now().Format("Mon 02 Jan 2006 03:04:05 PM MST") }

// whoami is the account and its group, as messages show them: those of now, for --runas changes them.
func whoami() string {
	name, group := strconv.Itoa(os.Geteuid()), strconv.Itoa(os.Getegid())
	u, err := user.LookupId(name)
	if os.Geteuid() < 0 { // there are no numbers on Windows
		u, err = user.Current()
	}
	if err == nil {
		name = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return name + ":" + group
}

// author starts the TPM, carries the plan out and puts the state in its place.
func (r *run) author(p *plan) error {
	started, err := r.state.start()
	if err != nil {
		return err
	}
	defer started.kill()
	tpm := interruptible{started, r.ctx}
	if r.o.flags["tpm2"] && !r.o.flags["reconfigure"] && r.program.can("cmdarg-profile") {
		if err := r.showProfile(tpm); err != nil {
			return err
		}
	}
	certs, err := r.certificates(tpm, p)
	if err != nil {
		return err
	}
	if r.o.flags["tpm2"] {
		err = (&manufacturing{plan: *p, tpm: tpm2{tpm}, certs: certs, printf: r.printf}).run()
	} else {
		err = (&manufacturing12{plan12: r.plan12(p), tpm: tpm, certs: certs, printf: r.printf}).run()
	}
	if err != nil {
		return err
	}
	if err := tpm.stop(); err != nil {
		return fmt.Errorf("shutting the TPM down: %w", err)
	}
	if err := r.copies.prepare(); err != nil {
		return err
	}
	return r.state.settle()
}

// interruptible is a TPM that takes no more commands when the program is to end.
type interruptible struct {
	machine
	ctx context.Context
}

// Execute runs a command.
func (i interruptible) Execute(command []byte) ([]byte, error) {
	if i.ctx.Err() != nil {
		return nil, errInterrupted
	}
	return i.machine.Execute(command)
}

var errInterrupted = errors.New("interrupted")

// infoActiveProfile and infoIdentity are flags of GET_INFO.
const (
	infoIdentity      = 3
	infoActiveProfile = 0x20
)

// showProfile prints the profile that the TPM uses.
func (r *run) showProfile(tpm machine) error {
	text, err := tpm.info(infoActiveProfile)
	if err != nil {
		return fmt.Errorf("asking for the active profile: %w", err)
	}
	var info struct{ ActiveProfile json.RawMessage }
	if err := json.Unmarshal(text, &info); err != nil || len(info.ActiveProfile) == 0 {
		return errors.New("the TPM does not tell its active profile")
	}
	r.printf("Active profile: %s", bytes.TrimSpace(info.ActiveProfile))
	return nil
}

// certificates prepares the certificate tool, if certificates are wanted.
func (r *run) certificates(tpm machine, p *plan) (certificates, error) {
	if !p.ekCert && !p.platformCert {
		return noCertificates{}, nil
	}
	t := r.tool
	r.copies.dir = r.o.text["write-ek-cert-files"]
	t.vmid, t.logfile, t.copies, t.ctx = r.o.text["vmid"], r.o.text["logfile"], &r.copies, r.ctx
	t.tpm2 = r.o.flags["tpm2"]
	t.allowSigning, t.decryption = p.allowSigning, p.decryption
	t.printf, t.log = r.printf, func(line string) { r.printf("%s", line) }
	text, err := tpm.info(infoIdentity)
	if err != nil {
		return nil, fmt.Errorf("asking the TPM about itself: %w", err)
	}
	return t, t.describe(text)
}
