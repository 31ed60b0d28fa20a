package smallfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// pause is the time between two looks at a pipe.
const pause = 10 * time.Millisecond

// awaited is a file, or a pipe that somebody still has to write to.
type awaited struct {
	*os.File
	empty bool // a pipe that nothing came from
	until time.Time
}

// Await opens a file that somebody hands over, such as a key. From a pipe it reads as long as there is a writer, who may have to ask a person,
// and waits for one for a while.
func Await(name string) (io.ReadCloser, error) { return await(name, patience) }

func await(name string, patience time.Duration) (io.ReadCloser, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|NonBlock, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &awaited{f, st.Mode()&os.ModeNamedPipe != 0, time.Now().Add(patience)}, nil
}

// Read implements io.Reader.
func (a *awaited) Read(b []byte) (int, error) {
	for {
		n, err := a.File.Read(b)
		switch {
		case n > 0:
			a.empty = false
			return n, err
		case errors.Is(err, syscall.EAGAIN): // a system that does not tell when there is something
		case err != io.EOF || !a.empty || len(b) == 0:
			return n, err
		case time.Now().After(a.until):
			return 0, fmt.Errorf("%s is a pipe that nobody writes to", a.Name())
		}
		time.Sleep(pause)
	}
}
