package inspect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"govtpm/internal/smallfile"
	"govtpm/store"
)

// A stored blob is one as it was found.
type stored struct {
	name string // of its kind, or "blob" if that is not known yet
	data []byte
	err  error // it is there and cannot be read
}

// open finds the blobs of a state.
func open(state string, stdin io.Reader) ([]stored, error) {
	if state == "-" {
		return readBlob(stdin)
	}
	if strings.Contains(state, "://") {
		return readStore(state)
	}
	fi, err := os.Stat(state)
	if err != nil {
		return nil, err
	}
	if fi.IsDir() {
		return readStore("dir://" + state)
	}
	blobs, err := readStore("file://" + state)
	if !errors.Is(err, store.ErrForeign) && !errors.Is(err, store.ErrIrregular) {
		return blobs, err
	}
	f, err := smallfile.Await(state)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBlob(f)
}

// readBlob reads one blob.
func readBlob(r io.Reader) ([]stored, error) {
	data, err := io.ReadAll(io.LimitReader(r, store.MaxBlob+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > store.MaxBlob:
		return nil, fmt.Errorf("more than %d bytes are no state of a TPM", store.MaxBlob)
	case len(data) == 0:
		return nil, errors.New("there is nothing in it")
	}
	return []stored{{name: "blob", data: data}}, nil
}

// readStore reads the blobs of a store.
func readStore(uri string) ([]stored, error) {
	s, err := store.Open(uri, store.Options{ReadOnly: true, Lock: store.LockOff})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	list, err := s.List()
	if err != nil {
		return nil, err
	}
	var blobs []stored
	for _, i := range list {
		data, err := s.Load(i.Kind)
		blobs = append(blobs, stored{i.Kind.String(), data, err})
	}
	if len(blobs) == 0 {
		return nil, nothing(uri)
	}
	return blobs, nil
}

// nothing says why a store has no blobs.
func nothing(uri string) error {
	scheme, path, _ := strings.Cut(uri, "://")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if scheme == "dir" {
		if _, err := os.Stat(filepath.Join(path, "tpm-00.permall")); err == nil {
			return fmt.Errorf("%s holds the state of a TPM 1.2; only that of a TPM 2 can be inspected", path)
		}
		if _, err := os.Stat(filepath.Join(path, "tpm2-00.permall.bak")); err == nil {
			return fmt.Errorf("%s holds no state but a backup, tpm2-00.permall.bak; inspect that file, and rename it if it is good", path)
		}
	}
	return fmt.Errorf("there is no state in %s", path)
}
