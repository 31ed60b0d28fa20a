//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// scriptHelpers are programs for scripts.
func scriptHelpers() map[string]func() {
	return map[string]func(){"withfds": withFDs, "hear": hear}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(99)
}

// withFDs becomes another program, with descriptors open:
//
//	withfds 3=unix:PATH 4=tcp:PORT 5=connect:PATH 6=file:PATH -- PROGRAM ARGS...
//
// unix and tcp listen, connect connects to a Unix socket, file opens for reading and writing and read for reading only.
// With LISTEN_FDS the numbers are told to the program as systemd does.
func withFDs() {
	args := os.Args[1:]
	for len(args) > 0 && args[0] != "--" {
		number, what, _ := strings.Cut(args[0], "=")
		n, err := strconv.Atoi(number)
		if err != nil {
			fail(err)
		}
		f, err := openHelper(what)
		if err != nil {
			fail(err)
		}
		// A number of its own first, so that none is hit that is in use; not close-on-exec.
		if int(f.Fd()) != n {
			if err := unix.Dup2(int(f.Fd()), n); err != nil {
				fail(err)
			}
		} else if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil {
			fail(err)
		}
		args = args[1:]
	}
	path, err := exec.LookPath(args[1])
	if err != nil {
		fail(err)
	}
	os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	fail(syscall.Exec(path, args[1:], os.Environ()))
}

func openHelper(what string) (*os.File, error) {
	kind, place, _ := strings.Cut(what, ":")
	switch kind {
	case "unix":
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: place, Net: "unix"})
		if err != nil {
			return nil, err
		}
		l.SetUnlinkOnClose(false)
		return l.File()
	case "tcp":
		l, err := net.Listen("tcp", "127.0.0.1:"+place)
		if err != nil {
			return nil, err
		}
		return l.(*net.TCPListener).File()
	case "connect":
		c, err := net.Dial("unix", place)
		if err != nil {
			return nil, err
		}
		return c.(*net.UnixConn).File()
	case "file":
		return os.OpenFile(place, os.O_RDWR|os.O_CREATE, 0o600)
	case "read":
		return os.Open(place)
	}
	return nil, fmt.Errorf("%s: unknown kind of descriptor", what)
}

// hear is where systemd listens: it prints the first message that comes to a socket.
func hear() {
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: os.Args[1], Net: "unixgram"})
	if err != nil {
		fail(err)
	}
	b := make([]byte, 1000)
	n, _, err := c.ReadFrom(b)
	if err != nil {
		fail(err)
	}
	fmt.Printf("%s\n", b[:n])
}
