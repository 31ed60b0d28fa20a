// A TPM needs no more processors than it finds, and is there quicker without asking for limits.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command swtpm is all programs of a software TPM in one. By its name, or by its
// first word (with or without "swtpm_"), it is swtpm, swtpm_ioctl and so on; each
// is a package with a function Main, which is where to start.
package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"govtpm/internal/biostool"
	"govtpm/internal/certtool"
	"govtpm/internal/daemon"
	"govtpm/internal/decode"
	"govtpm/internal/inspect"
	"govtpm/internal/ioctltool"
	"govtpm/internal/localca"
	"govtpm/internal/setup"
)

// program is a program: the words behind its name, and its exit status.
type program func(args []string, stdin io.Reader, stdout, stderr io.Writer) int

// programs are the programs by their names.
func programs() map[string]program {
	return map[string]program{
		"swtpm":              daemon.Main,
		"inspect":            inspect.Main,
		"decode":             decode.Main,
		"swtpm_ioctl":        ioctltool.Main,
		"swtpm_cuse":         daemon.CUSEMain,
		"swtpm_bios":         biostool.Main,
		"swtpm_cert":         certtool.Main,
		"swtpm_localca":      localca.Main,
		"swtpm_setup":        setup.Main,
		"swtpm-create-tpmca": localca.TPMCAMain,
	}
}

func main() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }

// run chooses the program: by the name it was called by, else by the first
// word, else it is swtpm.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	all := programs()
	name, words := "swtpm", []string(nil)
	if len(args) > 0 {
		name, words = strings.TrimSuffix(filepath.Base(args[0]), ".exe"), args[1:]
	}
	if p, ok := all[name]; ok && name != "swtpm" {
		return p(words, stdin, stdout, stderr)
	}
	if len(words) > 0 {
		// "swtpm setup" is swtpm_setup; "swtpm cuse" is swtpm's own.
		for _, name := range []string{words[0], "swtpm_" + words[0]} {
			if p, ok := all[name]; ok {
				return p(words[1:], stdin, stdout, stderr)
			}
		}
	}
	return all["swtpm"](words, stdin, stdout, stderr)
}
