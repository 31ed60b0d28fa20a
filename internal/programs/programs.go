// Package programs is the list of the programs that the one binary is, and the choice among them: by the name it is run under, or by its
// first word. What lists the programs asks here. Start at All.
package programs

import (
	"io"
	"path/filepath"
	"slices"
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

// A Program is one of them. args are the words behind its name; Main returns the exit status.
type Program struct {
	Name string // it is run under this name, or as the first word
	Word string // the same, short, as the first word
	Page string // its manual page
	Main func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// All returns the programs, swtpm first.
func All() []Program {
	return []Program{
		{"swtpm", "swtpm", "swtpm", daemon.Main},
		{"swtpm_cuse", "cuse", "swtpm-cuse", daemon.CUSEMain},
		{"inspect", "inspect", "swtpm-inspect", inspect.Main},
		{"decode", "decode", "swtpm-decode", decode.Main},
		{"swtpm_setup", "setup", "swtpm_setup", setup.Main},
		{"swtpm_ioctl", "ioctl", "swtpm_ioctl", ioctltool.Main},
		{"swtpm_bios", "bios", "swtpm_bios", biostool.Main},
		{"swtpm_cert", "cert", "swtpm_cert", certtool.Main},
		{"swtpm_localca", "localca", "swtpm_localca", localca.Main},
		{localca.TPMCAName, "create-tpmca", localca.TPMCAName, localca.TPMCAMain},
	}
}

// Run is the binary: it chooses the program by the name it was called by, args[0], else by the first word, else it is swtpm.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	all := All()
	swtpm := all[0]
	name, words := swtpm.Name, []string(nil)
	if len(args) > 0 {
		name, words = strings.TrimSuffix(filepath.Base(args[0]), ".exe"), args[1:]
	}
	if i := slices.IndexFunc(all[1:], func(p Program) bool { return p.Name == name }); i >= 0 {
		return all[1+i].Main(words, stdin, stdout, stderr)
	}
	if len(words) > 0 {
		if i := slices.IndexFunc(all, func(p Program) bool { return p.Name == words[0] || p.Word == words[0] }); i >= 0 {
			return all[i].Main(words[1:], stdin, stdout, stderr)
		}
	}
	return swtpm.Main(words, stdin, stdout, stderr)
}
