//go:build !unix

package serve

import (
	"io"
	"os"
)

func newDevice(f *os.File) io.ReadWriteCloser { return f }
