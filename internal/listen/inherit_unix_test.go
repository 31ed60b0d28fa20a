//go:build unix

package listen

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestInherited(t *testing.T) {
	socket := func(domain, kind int) *os.File {
		fd, err := unix.Socket(domain, kind, 0)
		if err != nil {
			t.Skip(err)
		}
		return os.NewFile(uintptr(fd), "socket")
	}
	listening := func() *os.File {
		f := socket(unix.AF_INET, unix.SOCK_STREAM)
		if err := unix.Listen(int(f.Fd()), 1); err != nil {
			t.Skip(err)
		}
		return f
	}
	pair := func(kind int) *os.File {
		fds, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { unix.Close(fds[1]) })
		return os.NewFile(uintptr(fds[0]), "socket")
	}
	file := func() *os.File {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, row := range []struct {
		name               string
		f                  func() *os.File
		listener, connects error
	}{
		{"listening", listening, nil, nil},
		{"a client", func() *os.File { return pair(unix.SOCK_STREAM) }, ErrNotListening, nil},
		{"not listening", func() *os.File { return socket(unix.AF_UNIX, unix.SOCK_STREAM) }, ErrNotListening, nil},
		{"UDP", func() *os.File { return socket(unix.AF_INET, unix.SOCK_DGRAM) }, ErrNoStream, ErrNoStream},
		{"datagrams", func() *os.File { return pair(unix.SOCK_DGRAM) }, ErrNoStream, ErrNoStream},
		{"packets", func() *os.File { return pair(unix.SOCK_SEQPACKET) }, ErrNoStream, ErrNoStream},
		{"no socket", file, unix.ENOTSOCK, unix.ENOTSOCK},
	} {
		if l, err := Inherit(row.f()); !errors.Is(err, row.listener) {
			t.Errorf("%s: Inherit: %v, want %v", row.name, err, row.listener)
		} else if err == nil {
			l.Close()
		}
		if c, err := Connected(row.f()); !errors.Is(err, row.connects) {
			t.Errorf("%s: Connected: %v, want %v", row.name, err, row.connects)
		} else if err == nil {
			c.Close()
		}
	}
}
