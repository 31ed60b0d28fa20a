package ioctltool

import (
	"fmt"
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// file is a device whose reads wait.
type file int

func openDevice(name string) (channel, error) {
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, unreachable(fmt.Sprintf("Unable to open device '%s'", name), err, "the name of its device")
	}
	return &device{node: file(fd), chunk: chunkSize(os.Getenv("SWTPM_IOCTL_BUFFERSIZE"))}, nil
}

func (f file) Close() error { return unix.Close(int(f)) }

func (f file) Read(b []byte) (int, error) {
	n, err := unix.Read(int(f), b)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return max(n, 0), err
}

func (f file) Write(b []byte) (int, error) {
	n, err := unix.Write(int(f), b)
	return max(n, 0), err
}

func (f file) Ioctl(number uint32, arg []byte) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(f), uintptr(number), uintptr(unsafe.Pointer(&arg[0]))); errno != 0 {
		return errno
	}
	return nil
}
