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
var stateSuffixes = [...]string{"permall", "volatilestate", "savestate"}

// asideSuffix is what names of state files get while another program makes new ones.
const asideSuffix = ".before-setup"

// aside is old state that was put aside. A block device cannot be: its state is made unreadable instead.
type aside struct {
	began bool
	files []string // under their old names
}

// put puts the state of a TPM aside.
func (a *aside) put(uri string) error {
	names, err := stateFiles(uri)
	if err != nil {
		return fmt.Errorf("looking for old state: %w", err)
	}
	a.began = true
	for _, name := range names {
		st, err := os.Stat(name)
		switch {
		case err != nil:
		case st.Mode()&fs.ModeDevice != 0:
			err = eraseMagic(name)
		default:
			if err = os.Rename(name, name+asideSuffix); err == nil {
				a.files = append(a.files, name)
			}
		}
		if err != nil {
			return fmt.Errorf("putting old state aside: %w", err)
		}
	}
	return nil
}

// drop removes what was put aside.
func (a *aside) drop() error {
	for _, name := range a.files {
		if err := os.Remove(name + asideSuffix); err != nil {
			return fmt.Errorf("removing old state: %w", err)
		}
	}
	a.files = nil
	return nil
}

// restore removes half-made state and brings back what was put aside.
func (a *aside) restore(uri string) error {
	if !a.began {
		return nil
	}
	names, err := stateFiles(uri)
	if err != nil {
		return fmt.Errorf("looking for half-made state: %w", err)
	}
	for _, name := range names {
		st, err := os.Stat(name)
		if err == nil && st.Mode()&fs.ModeDevice != 0 {
			err = eraseMagic(name)
		} else if err == nil {
			err = os.Remove(name)
		}
		if err != nil {
			return fmt.Errorf("removing half-made state: %w", err)
		}
	}
	for _, name := range a.files {
		if err := os.Rename(name+asideSuffix, name); err != nil {
			return fmt.Errorf("bringing back old state: %w", err)
		}
	}
	return nil
}

// stateFiles returns the files with state of a TPM: those of a directory with their names, or the file or device itself.
func stateFiles(uri string) ([]string, error) {
	if file, ok := strings.CutPrefix(uri, "file://"); ok {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return []string{file}, nil
	}
	dir := strings.TrimPrefix(uri, "dir://")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		for _, suffix := range stateSuffixes {
			if strings.HasSuffix(e.Name(), suffix) {
				names = append(names, filepath.Join(dir, e.Name()))
			}
		}
	}
	return names, nil
}

// eraseMagic makes the state on a block device unreadable.
func eraseMagic(device string) error {
	f, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 8)) // the magic of the linear format
	return errors.Join(err, f.Close())
}
