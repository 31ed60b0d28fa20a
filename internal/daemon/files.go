package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"govtpm/internal/logging"
	"govtpm/internal/option"
	"govtpm/internal/smallfile"
)

// openLog opens the log of --log.
func (r *process) openLog() error {
	o := r.options
	if !o.has("log") {
		return nil
	}
	l, err := o.list("log", "logging", option.Def{Name: "file"}, option.Def{Name: "fd", Type: option.Uint},
		option.Def{Name: "level", Type: option.Uint}, option.Def{Name: "prefix"}, option.Def{Name: "truncate", Type: option.Bool})
	if err != nil {
		return err
	}
	level, prefix := l.Int("level", 1), l.String("prefix", "")
	var f *os.File
	switch name := l.String("file", ""); {
	case name == "-":
		r.log = logging.New(io.Discard, "", 0)
		return nil
	case name != "":
		flags := os.O_WRONLY | os.O_CREATE | noFollow
		if l.Bool("truncate", false) {
			flags |= os.O_TRUNC
		} else {
			flags |= os.O_APPEND
		}
		if f, err = os.OpenFile(name, flags, 0o600); err != nil {
			return fmt.Errorf("Could not open logfile for writing: %s", option.Sentence(err))
		}
	case l.Has("fd"):
		fd := l.Int("fd", -1)
		if f, err = option.Inherited(fd); err != nil {
			return fmt.Errorf("Could not access logfile using fd %d: Bad file descriptor", fd)
		}
		if readOnly(fd) {
			return fmt.Errorf("Could not access logfile using fd %d: it is open for reading only", fd)
		}
	default:
		return r.levelOnly(l)
	}
	r.closers = append(r.closers, f)
	r.log = logging.New(f, prefix, level)
	return nil
}

// levelOnly is --log without a place to write to: the console stays.
func (r *process) levelOnly(l *option.List) error {
	r.log = logging.ConsoleLevel(r.Stdout, r.Stderr, l.String("prefix", ""), l.Int("level", 1))
	return nil
}

// pidFile is where --pid wants the process ID. A nil one does nothing.
type pidFile struct {
	path string
	file *os.File
	made bool
}

func (o *options) pidFile() (*pidFile, error) {
	if !o.has("pid") {
		return nil, nil
	}
	l, err := o.list("pid", "pid", option.Def{Name: "file"}, option.Def{Name: "fd", Type: option.Uint})
	if err != nil {
		return nil, err
	}
	switch {
	case l.Has("file"):
		return &pidFile{path: l.String("file", "")}, nil
	case l.Has("fd"):
		fd := l.Int("fd", -1)
		f, err := option.Inherited(fd)
		if err == nil {
			st, statErr := f.Stat()
			if err = statErr; err == nil && !st.Mode().IsRegular() {
				err = errors.New("not a regular file")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("Bad filedescriptor %d for pid file", fd)
		}
		return &pidFile{path: pathOf(fd), file: f}, nil
	}
	return nil, fmt.Errorf("The file or fd parameter is required for the pid option.")
}

// write writes the process ID.
func (p *pidFile) write() (err error) {
	if p == nil {
		return nil
	}
	f := p.file
	if f == nil {
		// A pipe that nobody reads is an error: a signal would not end a process that waits here.
		f, err = os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|noFollow|smallfile.NonBlock, 0o644)
		if err != nil {
			return fmt.Errorf("Could not open pidfile %s : %s", p.path, option.Sentence(err))
		}
	}
	p.made = true
	if p.file != nil {
		if err := f.Truncate(0); err != nil {
			return fmt.Errorf("Could not truncate pidfile: %s", option.Sentence(err))
		}
	}
	_, err = f.WriteString(strconv.Itoa(os.Getpid()))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("Could not write to pidfile: %s", option.Sentence(err))
	}
	return nil
}

// remove removes the file that write made.
func (p *pidFile) remove() {
	if p == nil || !p.made || p.path == "" {
		return
	}
	if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.made = false
	}
}
