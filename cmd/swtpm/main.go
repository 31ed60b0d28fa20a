// A TPM needs no more processors than it finds, and is there quicker without asking for limits.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command swtpm is all programs of a software TPM in one. By its name, or by its
// first word (with or without "swtpm_"), it is swtpm, swtpm_ioctl and so on; each
// is a package with a function Main, and package programs is their list.
package main

import (
	"os"

	"govtpm/internal/programs"
)

func main() { os.Exit(programs.Run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
