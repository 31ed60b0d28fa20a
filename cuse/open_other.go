//go:build !linux

package cuse

import "errors"

// Open fails: only Linux has this protocol.
func Open() (Conn, error) { return nil, errors.New("cuse: there are such devices only on Linux") }

func ended(Conn) bool { return false }
