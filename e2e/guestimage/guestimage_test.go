package guestimage

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// list reads an archive back as "mode name content" lines.
func list(t *testing.T, b []byte) []string {
	t.Helper()
	var out []string
	for at := 0; ; {
		field := func(n int) int {
			v, err := strconv.ParseUint(string(b[at+6+8*n:at+14+8*n]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(v)
		}
		if string(b[at:at+6]) != "070701" {
			t.Fatalf("no header at %d", at)
		}
		mode, size, nameSize := field(1), field(6), field(11)
		start := at + 110
		name := string(b[start : start+nameSize-1])
		data := (start + nameSize + 3) &^ 3
		if name == "TRAILER!!!" {
			return out
		}
		out = append(out, fmt.Sprintf("%o %s %s", mode, name, b[data:data+size]))
		at = (data + size + 3) &^ 3
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, []File{
		{Name: "/init", Mode: 0o755, Data: []byte("start")},
		{Name: "/a/b/file", Mode: 0o644, Data: []byte("x")},
		{Name: "/a/link", Link: "b/file"},
		{Name: "/init", Mode: 0o755, Data: []byte("second")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"40755 a ", "40755 a/b ", "40755 dev ", "40755 proc ", "40755 run ", "40755 sys ", "40755 tmp ",
		"100755 init start", "100644 a/b/file x", "120777 a/link b/file",
	}
	if got := list(t, b.Bytes()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("archive has %q, want %q", got, want)
	}
}

func TestModules(t *testing.T) {
	dir := t.TempDir()
	if _, err := FindKernel(dir); err == nil {
		t.Error("a kernel was found in an empty directory")
	}
	tree := filepath.Join(dir, "lib", "modules", "1.0", "kernel")
	for _, d := range []string{filepath.Join(dir, "boot"), tree} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string]string{filepath.Join(dir, "boot", "vmlinuz-1.0"): "", filepath.Join(tree, "a-b.ko"): "no ELF"} {
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	k, err := FindKernel(dir)
	if err != nil || k.Release != "1.0" {
		t.Fatalf("found %v, %v", k, err)
	}
	if files, err := k.Modules("built-in"); err != nil || len(files) != 0 {
		t.Errorf("a module that is built in: %v, %v", files, err)
	}
	if _, err := k.Modules("a_b"); err == nil {
		t.Error("a file that is no module was taken")
	}
}

func TestProgram(t *testing.T) {
	self, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	files, err := Program("/bin/sh", self)
	if err != nil || files[0].Name != "/bin/sh" || files[0].Mode != 0o755 || len(files[0].Data) == 0 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
