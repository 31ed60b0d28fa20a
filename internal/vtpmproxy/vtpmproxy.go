// Package vtpmproxy makes TPM devices with the Linux kernel's driver tpm_vtpm_proxy: the kernel's TPM driver sends its
// commands to a descriptor, and a TPM behind that answers them. Start at [New].
package vtpmproxy

import (
	"encoding/binary"
	"fmt"
	"os"
)

// Device is a TPM device of the kernel.
type Device struct {
	// File delivers commands, one per read, and takes responses. When it is closed the device is removed.
	File *os.File
	// Number is the one in the name: /dev/tpm<Number>.
	Number       uint32
	Major, Minor uint32
}

// String is the line that swtpm prints; other programs take the numbers from it.
func (d *Device) String() string {
	return fmt.Sprintf("New TPM device: /dev/tpm%d (major/minor = %d/%d)", d.Number, d.Major, d.Minor)
}

// newDevice is VTPM_PROXY_IOC_NEW_DEV with its structure: flags go in; number, descriptor, major and minor number come
// out. See include/uapi/linux/vtpm_proxy.h of the kernel.
const (
	newDevice     = 0xC014A100
	newDeviceSize = 20
	flagTPM2      = 1
)

// request makes the structure.
func request(tpm2 bool) (b [newDeviceSize]byte) {
	if tpm2 {
		binary.NativeEndian.PutUint32(b[:], flagTPM2)
	}
	return b
}

// parse reads the structure as it came back.
func parse(b [newDeviceSize]byte) (d *Device, fd uint32) {
	word := func(n int) uint32 { return binary.NativeEndian.Uint32(b[4*n:]) }
	return &Device{Number: word(1), Major: word(3), Minor: word(4)}, word(2)
}
