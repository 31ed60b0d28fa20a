//go:build !linux

package ioctltool

import "errors"

// openDevice fails: there are CUSE devices only on Linux.
func openDevice(string) (channel, error) {
	return nil, errors.New("TPM devices have a control channel only on Linux.")
}
