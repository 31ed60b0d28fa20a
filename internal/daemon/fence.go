package daemon

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"govtpm/internal/option"
	"govtpm/internal/sandbox"
)

// fenceSettings are --seccomp.
type fenceSettings struct {
	action sandbox.Action
	given  bool // asked for, so that it must not be missing
}

func (o *options) seccomp() (s fenceSettings, err error) {
	l, err := o.list("seccomp", "seccomp", option.Def{Name: "action"})
	if err != nil {
		return s, err
	}
	s.given = o.has("seccomp")
	switch action := l.String("action", "kill"); action {
	case "kill":
		s.action = sandbox.Kill
	case "log":
		s.action = sandbox.Log
	case "none":
		s.action = sandbox.None
	default:
		return s, fmt.Errorf("Unsupported seccomp log action %s", action)
	}
	return s, nil
}

// hideMemory keeps the keys in memory from being dumped, before there are any.
func (r *process) hideMemory() {
	if !r.Confine {
		return
	}
	if err := sandbox.HideMemory(); err != nil {
		r.log.Printf("Warning: Core dumps could not be switched off: %v", err)
	}
}

// confine fences the process in. It is the end of the set-up: no file or socket
// but those of the state can be opened from here on.
func (r *process) confine(s fenceSettings) error {
	if !r.Confine || s.action == sandbox.None {
		return nil
	}
	report := sandbox.Apply(sandbox.Config{Filter: s.action, Files: r.reach()})
	if report.Filter != nil {
		if s.given {
			return fmt.Errorf("Error: Could not install the seccomp filter: %w", report.Filter)
		}
		r.log.Printf(" There is no seccomp filter: %v", report.Filter)
	}
	switch {
	case report.Files != nil:
		r.log.Printf(" The file system is not fenced in: %v", report.Files)
	case report.Landlock > 0:
		r.log.Printf(" The file system is fenced in by version %d of Landlock", report.Landlock)
	}
	return nil
}

// reach is what the process has to reach in the file system: its state, and what
// it removes at its end. It is nil, everything, if that cannot be said.
func (r *process) reach() *sandbox.Files {
	f := &sandbox.Files{Write: []string{os.DevNull}, Read: []string{"/dev/urandom"}}
	state, err := r.options.state(r.Env)
	if err != nil {
		return nil
	}
	if dir, ok := strings.CutPrefix(state.uri, "dir://"); ok {
		if _, err := os.Stat(dir); err != nil {
			return nil // somebody has yet to make it
		}
		f.Work = append(f.Work, dir)
	} else if file, ok := strings.CutPrefix(state.uri, "file://"); ok {
		if _, err := os.Stat(file); err == nil {
			f.Write = append(f.Write, file)
		} else {
			f.Work = append(f.Work, filepath.Dir(file))
		}
	}
	if r.pid != nil && r.pid.path != "" {
		f.Remove = append(f.Remove, filepath.Dir(r.pid.path))
	}
	for _, c := range []*channel{r.ctrl, r.data} {
		if c == nil || c.listener == nil {
			continue
		}
		if a, ok := c.listener.Addr().(*net.UnixAddr); ok && a.Name != "" && a.Name[0] != '@' {
			f.Remove = append(f.Remove, filepath.Dir(a.Name))
		}
	}
	return f
}
