//go:build !unix

package token

import "syscall"

func noTerminal() *syscall.SysProcAttr { return nil }
