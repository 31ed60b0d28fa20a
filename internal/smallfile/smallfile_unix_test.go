//go:build unix

package smallfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"empty": "", "full": "12345678", "long": "123456789"} {
		if err := os.WriteFile(path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(path("long"), 1<<40); err != nil { // a hole
		t.Log(err)
	}
	for _, err := range []error{syscall.Mkfifo(path("pipe"), 0o600), os.Symlink("loop", path("loop")), os.Symlink("full", path("link"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		path("empty"): "", path("full"): "12345678", path("link"): "12345678", path("pipe"): "", os.DevNull: "",
		path("long"): "error longer than 8 bytes", "/dev/zero": "error longer than 8 bytes", dir: "error is a directory", path("none"): "error no such file", path("loop"): "error levels of symbolic links",
	} {
		start := time.Now()
		data, err := Read(name, 8)
		if text, fails := strings.CutPrefix(want, "error "); fails != (err != nil) || fails && !strings.Contains(err.Error(), text) || !fails && string(data) != want {
			t.Errorf("%s: %q, %v, want %s", name, data, err, want)
		}
		if took := time.Since(start); took > patience/2 {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// TestPipe reads from a writer that takes its time, as a shell's <(command) does.
func TestPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, s := range []string{"slow ", "words"} {
			time.Sleep(50 * time.Millisecond)
			if _, err := w.WriteString(s); err != nil {
				t.Error(err)
			}
		}
		w.Close()
	}()
	if data, err := Read(name, 100); err != nil || string(data) != "slow words" {
		t.Errorf("%q, %v", data, err)
	}
}
