package setup

import (
	"fmt"
	"os"
	"path/filepath"
)

// copies are certificates for the directory of --write-ek-cert-files. They belong to a TPM that is yet to be put in its place, and those
// that are there to the one before: so they are written beside those, and take their place after the TPM has.
type copies struct {
	dir   string // "" for no copies
	files []copied
}

type copied struct {
	name string
	der  []byte
	temp string // the file it is in until it gets its name
}

func (c *copies) add(name string, der []byte) {
	if c.dir != "" {
		c.files = append(c.files, copied{name: name, der: der})
	}
}

// prepare writes the copies, not yet under their names.
func (c *copies) prepare() error {
	for i := range c.files {
		if err := c.files[i].write(c.dir); err != nil {
			return fmt.Errorf("keeping a copy of a certificate: %w", err)
		}
	}
	return nil
}

func (f *copied) write(dir string) error {
	temp, err := os.CreateTemp(dir, "."+f.name+".")
	if err != nil {
		return err
	}
	f.temp = temp.Name()
	_, err = temp.Write(f.der)
	if cerr := temp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.temp, 0o640)
	}
	return err
}

// commit gives the copies their names.
func (c *copies) commit() error {
	for i := range c.files {
		f := &c.files[i]
		if err := os.Rename(f.temp, filepath.Join(c.dir, f.name)); err != nil {
			return fmt.Errorf("keeping a copy of a certificate: %w", err)
		}
		f.temp = ""
	}
	return nil
}

// drop removes what did not get its name.
func (c *copies) drop() {
	for _, f := range c.files {
		if f.temp != "" {
			_ = os.Remove(f.temp)
		}
	}
}
