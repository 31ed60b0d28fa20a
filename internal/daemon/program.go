package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"

	"govtpm/control"
	"govtpm/cuse"
	"govtpm/internal/keyoption"
	"govtpm/internal/logging"
	"govtpm/internal/serve"
	"govtpm/internal/vtpmproxy"
	"govtpm/store/envelope"
)

// Program is the program with its surroundings.
type Program struct {
	Engine         Engine
	Stdout, Stderr io.Writer
	Env            func(string) string

	// Confine fences the process in when its set-up is done. A program that is
	// part of another process must not do that to it.
	Confine bool

	// CUSE connects with the kernel for "swtpm cuse", Proxy makes the device of
	// "swtpm chardev --vtpm-proxy"; nil: the system's.
	CUSE  func() (cuse.Conn, error)
	Proxy func(tpm2 bool) (*vtpmproxy.Device, error)
}

// Main is the program: args are the words behind its name. It returns the exit
// status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	p := &Program{Engine: DefaultEngine(), Stdout: stdout, Stderr: stderr, Env: os.Getenv, Confine: true}
	return p.Main(args)
}

// Main runs the program.
func (p *Program) Main(args []string) int {
	if len(args) == 0 {
		fmt.Fprintf(p.Stderr, "Missing TPM interface type.\n%sTry 'swtpm --help'.\n", synopsis)
		return 1
	}
	switch args[0] {
	case "-h", "--help":
		io.WriteString(p.Stdout, usageText)
		return 0
	case "-v", "--version":
		io.WriteString(p.Stdout, versionText)
		return 0
	case "socket":
		return p.serveForm(socketForm(), args[1:])
	case "chardev":
		return p.serveForm(chardevForm(), args[1:])
	case "cuse":
		return p.CUSEMain(args[1:])
	}
	fmt.Fprintf(p.Stderr, "Unsupported TPM interface type '%s'.\n%sTry 'swtpm --help'.\n", args[0], synopsis)
	return 1
}

// serveForm is "swtpm socket" and "swtpm chardev".
func (p *Program) serveForm(f form, args []string) int {
	o, hint, err := parseOptions(f, args)
	switch {
	case hint:
		fmt.Fprintf(p.Stderr, "%v\nTry 'swtpm %s --help'.\n", err, f.name)
		return 1
	case err != nil:
		fmt.Fprintf(p.Stderr, "swtpm: %v\n", err)
		return 1
	case o.has("help"):
		io.WriteString(p.Stdout, f.usage)
		return 0
	}
	ready := p.readiness()
	if o.has("daemon") && ready == nil {
		return p.background()
	}
	r := p.newProcess(o)
	r.ready = ready
	defer r.close()
	if err := r.run(); err != nil {
		if !errors.Is(err, errPrinted) {
			r.log.Errorf("%v", err)
		}
		return 1
	}
	return 0
}

// newProcess begins a run of the program.
func (p *Program) newProcess(o *options) *process {
	return &process{Program: p, options: o, locality: new(atomic.Uint32), log: logging.Console(p.Stdout, p.Stderr, "swtpm: ")}
}

// errPrinted ends the program with status 1; what there is to say was said.
var errPrinted = errors.New("failed")

// process is one run of the program.
type process struct {
	*Program
	options  *options
	log      *logging.Logger
	ready    func() // tells the parent of a background process; nil in the foreground
	state    *stateSettings
	locality *atomic.Uint32
	presence atomic.Bool // physical presence is asserted
	tpm      Instance
	ctrl     *channel
	data     *channel
	device   *device // of "swtpm cuse"
	pid      *pidFile
	signals  chan os.Signal // that end the process; nil before the process ID is told
	keys     envelope.Keys
	closers  []io.Closer
	trace    func(label string, msg []byte)
}

// close releases what run acquired, in the opposite order.
func (r *process) close() {
	if r.ctrl != nil {
		r.ctrl.close()
	}
	if r.data != nil {
		r.data.close()
	}
	if r.tpm != nil {
		if err := r.tpm.Close(); err != nil {
			r.log.Errorf("Error: Could not close the TPM: %v", err)
		}
	}
	if r.device != nil {
		r.device.Close()
	}
	r.keys.File.Wipe()
	r.keys.Migration.Wipe()
	r.pid.remove()
	if r.signals != nil {
		signal.Stop(r.signals)
	}
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i].Close()
	}
}

// run goes through the options in the order that permissions depend on, then
// serves until the end.
func (r *process) run() error {
	o := r.options
	for _, step := range []func() error{r.dropPrivileges, r.openLog} {
		if err := step(); err != nil {
			return err
		}
	}
	if o.has("print-capabilities") {
		r.printCapabilities(r.Stdout, o.form, o.has("tpm2"))
		return nil
	}
	if err := r.checkVersion(); err != nil {
		return err
	}
	var err error
	if r.ctrl, err = o.control(); err != nil {
		r.ctrl = nil
		return err
	}
	if r.data, err = r.openData(); err != nil {
		r.data = nil
		return err
	}
	if done, err := r.print(); done || err != nil {
		return err
	}
	if err := r.activate(); err != nil {
		return err
	}
	return r.serve()
}

// checkVersion refuses a version of the TPM that there is not.
func (r *process) checkVersion() error {
	tpm2 := r.options.has("tpm2")
	switch {
	case tpm2 && !r.Engine.TPM20:
		return fmt.Errorf("Error: This program does not support TPM 2.")
	case !tpm2 && !r.Engine.TPM12:
		return fmt.Errorf("Error: This program does not support TPM 1.2; use --tpm2.")
	}
	return nil
}

// print answers the print options that need no TPM.
func (r *process) print() (done bool, err error) {
	o := r.options
	if o.has("print-states") {
		if !o.has("tpmstate") {
			return true, fmt.Errorf("Error: --tpmstate option is required for --print-states")
		}
		s, err := o.state(r.Env)
		if err != nil {
			return true, err
		}
		return true, printStates(r.Stdout, s)
	}
	if o.has("print-profiles") {
		return true, r.printProfiles(r.Stdout, o.has("tpm2"))
	}
	return false, nil
}

// settings are what the command line says, beyond the channels.
type settings struct {
	cfg      Config
	flags    flagSettings
	locality localitySettings
	fence    fenceSettings
}

// settings reads the options that are the same for all interfaces.
func (r *process) settings() (s settings, err error) {
	r.hideMemory()
	if s.cfg, s.flags, err = r.config(); err != nil {
		return s, err
	}
	if s.locality, err = r.options.locality(); err != nil {
		return s, err
	}
	if r.pid, err = r.options.pidFile(); err != nil {
		return s, err
	}
	if err := r.openCapture(); err != nil {
		return s, err
	}
	s.fence, err = r.options.seccomp()
	return s, err
}

// openTPM makes the TPM, which is off.
func (r *process) openTPM(cfg Config) (err error) {
	if r.tpm, err = r.Engine.Open(cfg); err != nil {
		return cannotStart(r.state, err)
	}
	return nil
}

// serve opens the TPM and serves it.
func (r *process) serve() error {
	s, err := r.settings()
	if err != nil {
		return err
	}
	if err := r.writePID(); err != nil {
		return err
	}
	if err := r.openTPM(s.cfg); err != nil {
		return err
	}
	if r.options.has("print-info") {
		return r.printInfo(s.cfg.Store != nil)
	}
	if s.flags.start {
		if err := r.powerOn(s.flags.startup); err != nil {
			return err
		}
	}
	r.warn()
	return r.loop(s)
}

// config collects what the command line says about the TPM.
func (r *process) config() (cfg Config, flags flagSettings, err error) {
	o := r.options
	cfg = Config{TPM12: !o.has("tpm2"), Log: r.log.Printf, DebugLevel: max(0, r.log.Level()-4), PhysicalPresence: r.presence.Load,
		OwnCommand: r.recordOwn}
	if r.keys.File, err = r.key("key"); err != nil {
		return cfg, flags, err
	}
	if r.keys.Migration, err = r.key("migration-key"); err != nil {
		return cfg, flags, err
	}
	cfg.Keys = r.keys
	if r.state, err = o.state(r.Env); err != nil {
		return cfg, flags, err
	}
	if r.state.opts.NoSync {
		r.log.Errorf("Warning: The state is not synced (sync=off): what was acknowledged can be lost when this machine fails")
	}
	if flags, err = o.flags(); err != nil {
		return cfg, flags, err
	}
	migration, err := o.migration()
	if err != nil {
		return cfg, flags, err
	}
	cfg.Incoming, cfg.ReleaseLockOutgoing = migration.incoming, migration.releaseOutgoing
	cfg.DisableAutoShutdown = flags.disableAutoShutdown
	if cfg.Profile, cfg.RemoveDisabled, err = o.profile(); err != nil {
		return cfg, flags, err
	}
	cfg.Store, err = r.state.open()
	return cfg, flags, err
}

// key reads the key that an option tells of, nil if there is none.
func (r *process) key(name string) (*envelope.Key, error) {
	if !r.options.has(name) {
		return nil, nil
	}
	return keyoption.Read(name, r.options.given[name], func(text string) { r.log.Printf("%s", text) })
}

// printInfo describes the TPM, which is started if it has a place for its state.
func (r *process) printInfo(start bool) error {
	if start {
		if err := r.tpm.Init(context.Background(), false); err != nil {
			return cannotStart(r.state, err)
		}
	}
	flags, err := strconv.ParseUint(r.options.given["print-info"], 0, 64)
	if err != nil {
		return err
	}
	text, err := r.tpm.Info(flags)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.Stdout, "%s\n", text)
	return nil
}

// servers makes the servers of both channels.
func (r *process) servers(cfg Config, l localitySettings) (*control.Server, *serve.Server) {
	tpm := announced{r.tpm, r.state, r.log}
	data := &serve.Server{
		TPM: tpm, TPM12: cfg.TPM12, Locality: r.locality,
		RejectLocality4: l.reject4, AllowSetLocality: l.allowSet,
		Disconnect: r.data != nil && r.data.disconnect,
		OnHangup:   func() { r.log.Errorf("Data client disconnected") },
		Trace: func(label string, msg []byte) {
			r.log.Dump("SWTPM_IO_"+label, msg)
			if r.trace != nil {
				r.trace(label, msg)
			}
		},
	}
	h := &control.Handler{TPM: tpm, Caps: control.CapsSocket20, Locality: r.locality, RejectLocality4: l.reject4}
	if cfg.TPM12 {
		h.Caps = control.CapsSocket12
	}
	if cfg.Keys.File != nil {
		h.Config |= control.ConfigFileKey
	}
	if cfg.Keys.Migration != nil {
		h.Config |= control.ConfigMigrationKey
	}
	ctrl := &control.Server{
		Handler: h,
		Trace:   func(label string, msg []byte) { r.log.Dump("Ctrl "+label, msg) },
	}
	return ctrl, data
}
