package vtpmproxy

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// New makes a device of a TPM 2.0, or 1.2. The kernel sends the first commands at once.
func New(tpm2 bool) (*Device, error) {
	f, err := os.OpenFile("/dev/vtpmx", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	arg := request(tpm2)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), newDevice, uintptr(unsafe.Pointer(&arg))); errno != 0 {
		return nil, fmt.Errorf("make a TPM device: %w", errno)
	}
	d, fd := parse(arg)
	unix.CloseOnExec(int(fd))
	d.File = os.NewFile(uintptr(fd), "vtpm proxy")
	return d, nil
}
