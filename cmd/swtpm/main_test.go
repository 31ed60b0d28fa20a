package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/internal/programs"
)

// The program is chosen by its name, else by the first word.
func TestChoiceOfProgram(t *testing.T) {
	rows := []struct{ args, stdout, stderr string }{
		{"/usr/bin/swtpm --version", "TPM emulator version ", ""},
		{"govtpm --version", "TPM emulator version ", ""},
		{"/usr/bin/swtpm_ioctl --version", "TPM emulator control tool version ", ""},
		{"swtpm_ioctl.exe --version", "TPM emulator control tool version ", ""},
		{"swtpm swtpm_ioctl --version", "TPM emulator control tool version ", ""},
		{"swtpm ioctl --version", "TPM emulator control tool version ", ""},
		{"swtpm setup --version", "TPM emulator setup tool version ", ""},
		{"swtpm bios --version", "TPM emulator BIOS emulator version ", ""},
		{"swtpm cert --version", "TPM certificate tool version ", ""},
		{"swtpm localca --help", "Usage: swtpm_localca ", ""},
		{"swtpm create-tpmca --help", "Usage: swtpm-create-tpmca ", ""},
		{"swtpm swtpm-create-tpmca --help", "Usage: swtpm-create-tpmca ", ""},
		{"swtpm-create-tpmca --help", "Usage: swtpm-create-tpmca ", ""},
		{"decode --help", "Usage: swtpm decode ", ""},
		{"swtpm cuse --version", "TPM emulator CUSE interface version ", ""},
		{"swtpm swtpm_cuse --version", "TPM emulator CUSE interface version ", ""},
		{"govtpm swtpm --version", "TPM emulator version ", ""},
		{"swtpm", "", "Missing TPM interface type."},
		{"swtpm_ioctl swtpm -c -i", "", "Only one command may be given."},
		{"swtpm inspect --help", "Usage: swtpm inspect ", ""},
		{"swtpm inspect", "", "swtpm inspect: one state is wanted"},
		{"", "", "Missing TPM interface type."},
	}
	for _, row := range rows {
		var out, errs bytes.Buffer
		status := programs.Run(strings.Fields(row.args), strings.NewReader(""), &out, &errs)
		if !strings.HasPrefix(out.String(), row.stdout) || !strings.HasPrefix(errs.String(), row.stderr) || (status == 0) != (row.stderr == "") {
			t.Errorf("%q: %d, %q, %q", row.args, status, out.String(), errs.String())
		}
	}
}

// Every program has a manual page, and the help of swtpm has its short name.
func TestManualPages(t *testing.T) {
	var help bytes.Buffer
	programs.Run([]string{"swtpm", "--help"}, nil, &help, &help)
	for _, p := range programs.All() {
		if _, err := os.Stat(filepath.Join("..", "..", "doc", "man", p.Page+".8")); err != nil {
			t.Error(err)
		}
		if !strings.Contains(help.String(), "\n"+p.Word+" ") && p.Word != "swtpm" {
			t.Errorf("the help does not have %s:\n%s", p.Word, help.String())
		}
	}
}
