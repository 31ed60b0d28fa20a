//go:build !unix

package setup

import "errors"

// noFollow has no counterpart here.
const noFollow = 0

func writable(string) bool { return true }

func changeUser(string) error { return errors.New("--runas is not supported on this system") }
