package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// stateSuffixes end the names of state files in a directory.
var stateSuffixes = []string{"permall", "volatilestate", "savestate"}

// deleteState removes the state of a TPM: state files of a directory; a file; the beginning of a block device, which makes it unreadable.
func deleteState(uri string) error {
	if file, ok := strings.CutPrefix(uri, "file://"); ok {
		return deleteFile(file)
	}
	dir := strings.TrimPrefix(uri, "dir://")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for old state: %w", err)
	}
	for _, e := range entries {
		for _, suffix := range stateSuffixes {
			if !strings.HasSuffix(e.Name(), suffix) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing old state: %w", err)
			}
		}
	}
	return nil
}

func deleteFile(name string) error {
	st, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for old state: %w", err)
	case st.Mode()&fs.ModeDevice == 0:
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("removing old state: %w", err)
		}
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("removing old state: %w", err)
	}
	_, err = f.Write(make([]byte, 8)) // the magic of the linear format
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("removing old state: %w", err)
	}
	return nil
}
