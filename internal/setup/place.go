package setup

import (
	"fmt"
	"os"
	"strconv"
)

// machine is a TPM that is being made.
type machine interface {
	TPM
	info(flags uint64) ([]byte, error) // what the TPM tells about itself, as GET_INFO does
	stop() error                       // end it in order
	kill()                             // end it if it still runs
}

// place is where the state of the TPM is made: nothing of a TPM that could not be finished stays there, and the state that was
// there before does.
type place interface {
	exists() (bool, error)   // is there permanent state?
	claim() error            // keep others off, put old state aside
	start() (machine, error) // start a TPM on the place
	settle() error           // the TPM is done and stopped: keep its state for good
	undo() error             // it could not be made: everything as it was
	close()                  // in the end
}

// place chooses between a TPM of this program and another program.
func (r *run) place() place {
	if r.program.own() {
		return &ownPlace{run: r}
	}
	return &programPlace{run: r}
}

// programPlace has another program make the state. That program writes into the place, so old state is put aside first.
type programPlace struct {
	*run
	aside aside
}

func (p *programPlace) exists() (bool, error) {
	if p.o.flags["reconfigure"] { // the program finds out
		return true, nil
	}
	if names, err := stateFiles(p.o.stateURI()); err == nil && len(names) == 0 {
		return false, nil // the program would make a file to look into it
	}
	return p.program.hasState(p.o.stateURI(), p.o.flags["tpm2"])
}

func (p *programPlace) claim() error { return nil }

func (p *programPlace) start() (machine, error) {
	extra, files, err := p.tpmArguments()
	if err != nil {
		return nil, err
	}
	defer closeAll(files)
	if !p.o.flags["reconfigure"] {
		if err := p.aside.put(p.o.stateURI()); err != nil {
			return nil, err
		}
	}
	proc, err := p.program.start(p.ctx, extra, files, p.out, p.err)
	if err != nil {
		return nil, err
	}
	p.printf("TPM is listening on Unix socket.")
	return proc, nil
}

func (p *programPlace) settle() error { return p.aside.drop() }

func (p *programPlace) undo() error {
	if p.o.flags["reconfigure"] {
		return nil
	}
	return p.aside.restore(p.o.stateURI())
}

func (p *programPlace) close() {}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// inherited is the file whose descriptor's number an option gives.
func (o *options) inherited(option string) (*os.File, error) {
	n, err := strconv.ParseUint(o.text[option], 10, 31)
	if err != nil {
		return nil, fmt.Errorf("--%s needs the number of a file descriptor", option)
	}
	f := os.NewFile(uintptr(n), option)
	if f == nil {
		return nil, fmt.Errorf("--%s: %d is not a file descriptor", option, n)
	}
	if _, err := f.Stat(); err != nil {
		return nil, fmt.Errorf("--%s: %d is not a file descriptor: %w", option, n, err)
	}
	return f, nil
}
