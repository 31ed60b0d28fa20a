//go:build unix

package token

import "syscall"

// noTerminal starts a program in a session of its own.
func noTerminal() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
