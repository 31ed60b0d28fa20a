//go:build unix

package smallfile

import (
	"errors"
	"io"
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

// A pipe is waited for, with and without a writer; what it brings may take its time once there is one.
func TestAwait(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(patience time.Duration) (string, error) {
		f, err := await(name, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		return string(data), err
	}
	if data, err := read(50 * time.Millisecond); err == nil || err.Error() != name+" is a pipe that nobody writes to" {
		t.Errorf("without a writer: %q, %v", data, err)
	}
	ended := make(chan error, 1)
	go func() {
		time.Sleep(50 * time.Millisecond)
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		for _, s := range []string{"slow ", "words"} {
			time.Sleep(400 * time.Millisecond)
			if err == nil {
				_, err = w.WriteString(s)
			}
		}
		ended <- errors.Join(err, w.Close())
	}()
	if data, err := read(300 * time.Millisecond); err != nil || data != "slow words" {
		t.Errorf("a late and slow writer: %q, %v", data, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What is no pipe is read as ever.
func TestAwaitFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{name: "words", os.DevNull: ""} {
		f, err := Await(name)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(f); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		f.Close()
	}
	if _, err := Await(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	f, err := Await(dir)
	if err == nil {
		_, err = io.ReadAll(f)
		f.Close()
	}
	if err == nil {
		t.Error("a directory is read")
	}
}
