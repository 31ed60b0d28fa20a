package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"govtpm/control"
	"govtpm/cuse"
	"govtpm/internal/option"
	"govtpm/internal/serve"
	"govtpm/internal/tpmdevice"
)

// The exit statuses of "swtpm cuse", beside 0 and 1.
const (
	statusFailure    = 255 // a bad number, no place for the state, the device exists, the TPM does not start
	statusNoName     = 254
	statusSuboptions = 253
	statusNotRoot    = 252
	statusUser       = 251
	statusPIDFile    = 243
	statusSeccomp    = 242
)

// statusError is an error with the exit status of "swtpm cuse" for it.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// failing gives an error its status.
func failing(status int, err error) error {
	if err == nil {
		return nil
	}
	return &statusError{status, err}
}

// cuseForm is "swtpm cuse".
func cuseForm() form {
	const needs, none = option.NeedsArg, option.NoArg
	return form{"cuse", commonOptions(
		option.Option{Long: "maj", Short: 'M', Arg: needs}, option.Option{Long: "min", Short: 'm', Arg: needs},
		option.Option{Long: "name", Short: 'n', Arg: needs}, option.Option{Long: "version", Short: 'v', Arg: none},
	), cuseUsage}
}

// CUSEMain is the program swtpm_cuse: args are the words behind its name. It returns the exit status.
func CUSEMain(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	p := &Program{Engine: DefaultEngine(), Stdout: stdout, Stderr: stderr, Env: os.Getenv, Confine: true}
	return p.CUSEMain(args)
}

// CUSEMain runs "swtpm cuse".
func (p *Program) CUSEMain(args []string) int {
	o, hint, err := parseOptions(cuseForm(), args)
	switch {
	case hint:
		fmt.Fprintf(p.Stderr, "%v\nTry 'swtpm cuse --help'.\n", err)
		return 1
	case err != nil:
		fmt.Fprintf(p.Stderr, "swtpm: %v\n", err)
		return 1
	case o.has("help"):
		io.WriteString(p.Stdout, cuseUsage)
		return 0
	case o.has("version"):
		io.WriteString(p.Stdout, cuseVersionText)
		return 0
	}
	r := p.newProcess(o)
	defer r.close()
	return r.status(r.cuse())
}

// status reports an error and returns the exit status for it.
func (r *process) status(err error) int {
	if err == nil {
		return 0
	}
	if !errors.Is(err, errPrinted) {
		r.log.Errorf("%v", err)
	}
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 1
}

// cuse prints what was asked for, or goes on in the background.
func (r *process) cuse() error {
	o := r.options
	for _, name := range []string{"print-capabilities", "print-states", "print-profiles", "print-info"} {
		if o.has(name) {
			return r.run()
		}
	}
	dev, err := newDevice(o)
	if err != nil {
		return err
	}
	if err := becomeRoot(); err != nil {
		return failing(statusNotRoot, fmt.Errorf("Error: Only root can make a CUSE device: %w", err))
	}
	if r.ready = r.readiness(); r.ready == nil {
		if status := r.background(); status != 0 {
			return failing(status, errPrinted)
		}
		return nil
	}
	return r.serveCUSE(dev)
}

// serveCUSE makes the device and serves it. What has to be opened by root, and outside a new root directory, comes first.
func (r *process) serveCUSE(dev *device) error {
	o := r.options
	if _, err := os.Lstat("/dev/" + dev.options.Name); err == nil {
		return failing(statusFailure, fmt.Errorf("Error: The device /dev/%s exists already.", dev.options.Name))
	}
	connect := r.CUSE
	if connect == nil {
		connect = cuse.Open
	}
	conn, err := connect()
	if err != nil {
		return fmt.Errorf("Error: Could not open the CUSE device: %w%s", err, moduleHint(err, "cuse"))
	}
	defer dev.closeUnused(conn)
	if err := r.only("chroot").dropPrivileges(); err != nil {
		return err
	}
	if err := r.openLog(); err != nil {
		return err
	}
	if err := r.checkVersion(); err != nil {
		return err
	}
	if err := o.makeStateDir(r.Env); err != nil {
		return failing(statusFailure, err)
	}
	s, err := r.settings()
	if err != nil {
		return failing(statusSuboptions, err)
	}
	if err := r.openTPM(s.cfg); err != nil {
		return failing(statusFailure, err)
	}
	if err := dev.create(conn); err != nil {
		return fmt.Errorf("Error: Could not make the device: %w", err)
	}
	r.device = dev
	if err := r.only("runas").dropPrivileges(); err != nil {
		return failing(statusUser, err)
	}
	if err := r.writePID(); err != nil {
		return failing(statusPIDFile, err)
	}
	if s.flags.start {
		if err := r.powerOn(s.flags.startup); err != nil {
			return failing(statusFailure, err)
		}
	}
	return r.loop(s)
}

// only is the process as if it had been given one of its options at most.
func (r *process) only(name string) *process {
	o := &options{form: r.options.form, given: map[string]string{}}
	if r.options.has(name) {
		o.given[name] = r.options.given[name]
	}
	return &process{Program: r.Program, options: o, log: r.log}
}

// makeStateDir makes the directory for the state if it is missing.
func (o *options) makeStateDir(env func(string) string) error {
	s, err := o.state(env)
	if err != nil {
		return err
	}
	if s.uri == "" {
		return fmt.Errorf("Error: Missing state directory or backend URI.")
	}
	dir, ok := strings.CutPrefix(s.uri, "dir://")
	if !ok {
		return nil
	}
	if err := os.Mkdir(dir, 0o775); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("Error: Could not make the state directory %s: %s", dir, option.Sentence(err))
	}
	return nil
}

// device is the device of "swtpm cuse".
type device struct {
	options cuse.Options
	driver  tpmdevice.Driver
	*cuse.Device
}

// newDevice reads the options about the device.
func newDevice(o *options) (*device, error) {
	d := &device{}
	for name, to := range map[string]*uint32{"maj": &d.options.Major, "min": &d.options.Minor} {
		if !o.has(name) {
			continue
		}
		n, err := strconv.ParseUint(o.given[name], 0, 16)
		if err != nil {
			return nil, failing(statusFailure, fmt.Errorf("Error: The device number '%s' is not one of 0 to 65535.", o.given[name]))
		}
		*to = uint32(n)
	}
	if d.options.Name = o.given["name"]; d.options.Name == "" {
		return nil, failing(statusNoName, fmt.Errorf("Error: The name of the device is missing; use --name."))
	}
	return d, nil
}

// create makes the device, on a connection that is the device's then.
func (d *device) create(conn cuse.Conn) (err error) {
	d.Device, err = cuse.New(conn, d.options, &d.driver)
	return err
}

// closeUnused closes a connection from which no device was made.
func (d *device) closeUnused(conn cuse.Conn) {
	if d.Device == nil {
		conn.Close()
	}
}

// serve serves the device with what serves sockets, too.
func (d *device) serve(ctx context.Context, ctrl *control.Server, data *serve.Server, end func(error)) error {
	ctrl.Handler.Caps, ctrl.Handler.Data = control.CapsCUSE, nil
	d.driver.Control, d.driver.Execute = ctrl.Handler, data.Execute
	d.driver.End, d.driver.Trace = end, ctrl.Trace
	err := d.Serve(ctx)
	d.driver.Wait()
	return err
}
