//go:build !unix

package main

// scriptHelpers are programs for scripts; those that there are need Unix.
func scriptHelpers() map[string]func() { return map[string]func(){} }
