//go:build !unix && !windows

package vfs

import "errors"

type lockState struct{}

// TryLock implements [File]. These systems have no locks; open the store without locking.
func (f *osFile) TryLock() error { return errors.ErrUnsupported }

// Unlock implements [File].
func (f *osFile) Unlock() error { return nil }
