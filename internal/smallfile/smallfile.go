// Package smallfile reads files that others may have put in place: keys, certificates, configurations.
//
// Whatever is at the name, reading it ends soon and takes little memory: what is too long is refused, a pipe without a writer is empty, one
// whose writer says nothing is given up after a while. Pipes as such are fine: a shell makes them of <(commands). Start at Read, or at Await
// for what a person may have to type.
package smallfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// patience is how long a pipe may say nothing.
const patience = 10 * time.Second

// Open opens the file for reading, without waiting for whoever may write to it.
func Open(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|NonBlock, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && st.IsDir() {
		err = fmt.Errorf("%s is a directory", name)
	}
	if err == nil && !st.Mode().IsRegular() {
		err = f.SetReadDeadline(time.Now().Add(patience))
		if errors.Is(err, os.ErrNoDeadline) { // a device such as /dev/null answers at once
			err = nil
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read returns the content of the file, which must not be longer than limit.
func Read(name string, limit int) ([]byte, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s: nothing came in %v", name, patience)
	case err != nil:
		return nil, err
	case len(data) > limit:
		clear(data)
		return nil, fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return data, nil
}
