//go:build !unix

package setup

import (
	"context"
	"errors"
	"io"
	"os"
)

// process is a running TPM program; here there is none, for lack of descriptors that a child inherits.
type process struct{}

func (p *program) start(context.Context, []string, []*os.File, io.Writer, io.Writer) (*process, error) {
	return nil, errors.New("manufacturing a TPM needs inherited sockets, which this system does not have")
}

func (*process) Execute([]byte) ([]byte, error) { return nil, errors.ErrUnsupported }

func (*process) info(uint64) ([]byte, error) { return nil, errors.ErrUnsupported }

func (*process) stop() error { return nil }

func (*process) kill() {}
