package localca

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func writeCert(name string, der []byte) error {
	var b bytes.Buffer
	if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return err
	}
	return writeWhole(name, b.Bytes(), 0o644)
}

// writeWhole writes a file so that it is there with all its bytes or not at all.
func writeWhole(name string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), tempPrefix(name)+"*")
	if err != nil {
		return fmt.Errorf("could not write for the CA: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("could not write for the CA: %w", err)
	}
	return syncDir(filepath.Dir(name))
}

func exists(name string) (bool, error) {
	_, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("could not reach a file of the CA: %w", err)
	}
	return true, nil
}

// staleAfter is how old a temporary file is that nobody writes any more: they are written at one go.
const staleAfter = 10 * time.Minute

// sweep removes what programs that were killed while they wrote one of the files left beside it: it may hold a key.
func (e *env) sweep(names ...string) {
	for _, name := range names {
		entries, err := os.ReadDir(filepath.Dir(name))
		if err != nil {
			continue
		}
		for _, entry := range entries {
			number, ours := strings.CutPrefix(entry.Name(), tempPrefix(name))
			if !ours || number == "" || strings.Trim(number, "0123456789") != "" || !entry.Type().IsRegular() {
				continue
			}
			if st, err := entry.Info(); err == nil && e.now().Sub(st.ModTime()) > staleAfter {
				_ = os.Remove(filepath.Join(filepath.Dir(name), entry.Name()))
			}
		}
	}
}

// tempPrefix is what the names of temporary files for a file begin with; a number follows.
func tempPrefix(name string) string { return "." + filepath.Base(name) + "." }
