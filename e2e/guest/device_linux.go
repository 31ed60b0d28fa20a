package main

import (
	"io"

	"golang.org/x/sys/unix"
)

// A device is a character device whose reads wait. os.File would make it non-blocking, which means something else to
// the kernel's TPM devices: a read without a response is then the end of the file.
type device int

func openDevice(name string) (device, error) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0)
	return device(fd), err
}

func (d device) Read(b []byte) (int, error) {
	n, err := unix.Read(int(d), b)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (d device) Write(b []byte) (int, error) {
	n, err := unix.Write(int(d), b)
	return max(n, 0), err
}

func (d device) Close() error { return unix.Close(int(d)) }
