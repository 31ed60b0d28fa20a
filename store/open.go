package store

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"govtpm/store/internal/vfs"
)

// Locking says whether a store is to be locked.
type Locking uint8

// Choices of locking. LockDefault is LockOn for a directory and LockOff for a single file, as with swtpm.
const (
	LockDefault Locking = iota
	LockOn
	LockOff
)

// Options are the choices for a directory or file. The zero value is a good one.
type Options struct {
	// TPM12 chooses the file names of TPM 1.2 in a directory.
	TPM12 bool
	// Mode is the exact mode of state files. 0 is 0640 less the umask, and leaves existing files as they are.
	Mode fs.FileMode
	// Lock says whether the state is to be locked. If so, it can be written only while the lock is held.
	Lock Locking
	// Backup keeps the previous permanent state. Only a directory can.
	Backup bool
	// NoSync gives up durability: writes return before they are on disk.
	NoSync bool
	// Format allows a file or device that holds something else to be made a state file. Without it only an empty one
	// or one that begins with zeros is.
	Format bool
	// ReadOnly leaves everything as it is, modes of files too: a look at the state of a TPM that may be running. Lock, Save
	// and Delete fail.
	ReadOnly bool

	fs vfs.FS // for tests; nil is the operating system
}

const defaultMode fs.FileMode = 0o640

func (o Options) system() vfs.FS {
	if o.fs != nil {
		return o.fs
	}
	return vfs.OS{}
}

func (o Options) createMode() fs.FileMode {
	if o.Mode != 0 {
		return o.Mode.Perm()
	}
	return defaultMode
}

// Open returns the store at an address: mem: (a new, empty one), dir://PATH or file://PATH. It touches nothing yet;
// a file is made by the first Lock or Save, a directory never.
func Open(uri string, o Options) (Store, error) {
	switch {
	case uri == "mem:" || uri == "mem://":
		return NewMemory(), nil
	case strings.HasPrefix(uri, "dir://"):
		return OpenDirectory(strings.TrimPrefix(uri, "dir://"), o)
	case strings.HasPrefix(uri, "file://"):
		return OpenFile(strings.TrimPrefix(uri, "file://"), o)
	}
	return nil, fmt.Errorf("%w: %q is none of dir://PATH, file://PATH and mem:", ErrBackend, uri)
}

const retryPause = 10 * time.Millisecond

// lockWithRetries calls try once and up to retries times more while it says that somebody else has the lock.
func lockWithRetries(retries int, try func() error) error {
	for i := 0; ; i++ {
		err := try()
		if !isLocked(err) || i >= retries {
			return err
		}
		time.Sleep(retryPause)
	}
}
