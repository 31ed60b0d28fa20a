package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"govtpm/internal/option"
	"govtpm/internal/serve"
	"govtpm/internal/vtpmproxy"
)

// chardevForm is "swtpm chardev".
func chardevForm() form {
	const needs, none = option.NeedsArg, option.NoArg
	return form{"chardev", commonOptions(
		option.Option{Long: "daemon", Short: 'd', Arg: none}, option.Option{Long: "ctrl", Arg: needs},
		option.Option{Long: "chardev", Short: 'c', Arg: needs}, option.Option{Long: "fd", Short: 'f', Arg: needs},
		option.Option{Long: "vtpm-proxy", Arg: none},
	), chardevUsage}
}

// hasDevice tells whether "swtpm chardev" was given a device.
func (o *options) hasDevice() bool {
	return o.form.name == "chardev" && (o.has("chardev") || o.has("fd"))
}

// openData opens the data channel; nil if there is none.
func (r *process) openData() (*channel, error) {
	if r.options.form.name == "chardev" {
		return r.openDevice()
	}
	return r.options.data(r.Env)
}

// openDevice opens the device of "swtpm chardev", or makes it. Nothing that is only printed needs one.
func (r *process) openDevice() (*channel, error) {
	o := r.options
	switch {
	case o.has("vtpm-proxy") && o.hasDevice():
		return nil, fmt.Errorf("Error: Cannot use vTPM proxy with a provided device.")
	case o.has("print-states") || o.has("print-profiles") || o.has("print-info"):
		return nil, nil
	case o.has("vtpm-proxy"):
		return r.makeProxy()
	case o.has("fd"):
		return o.data(r.Env)
	case o.has("chardev"):
		f, err := os.OpenFile(o.given["chardev"], os.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("Cannot open %s: %s", o.given["chardev"], option.Sentence(err))
		}
		return &channel{conn: serve.Stream(f), ends: true}, nil
	}
	return nil, fmt.Errorf("Error: Missing character device or file descriptor")
}

// makeProxy makes a TPM device of the kernel, and says which one: programs read the line.
func (r *process) makeProxy() (*channel, error) {
	create := r.Proxy
	if create == nil {
		create = vtpmproxy.New
	}
	d, err := create(r.options.has("tpm2"))
	if err != nil {
		return nil, fmt.Errorf("Error: Could not create vTPM proxy device: %w%s", err, moduleHint(err, "tpm_vtpm_proxy"))
	}
	fmt.Fprintln(r.Stdout, d)
	return &channel{conn: serve.Stream(d.File), ends: true}, nil
}

// moduleHint says what may be missing if a device of the kernel is.
func moduleHint(err error, module string) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return "; is the kernel's module " + module + " loaded?"
}
