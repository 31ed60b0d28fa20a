// Package store is where the state of a TPM lives: in memory, in a directory, or in one file or block device.
//
// A [Store] keeps at most three blobs of bytes and knows nothing of what is in them. Directories and files are laid
// out exactly as swtpm lays them out, with the same locks, so that the two programs can take each other's place and
// never use one state at the same time. [Seal] puts the blob header, and encryption if there is a key, around any
// Store; the format itself is package envelope.
//
// What it promises:
//
//   - Save returns when the blob is durable. A crash at any moment leaves the old blob or the new one, whole.
//   - Load tells "does not exist" from "cannot be read", and what cannot be read is not overwritten.
//   - Symbolic links are not followed to a state file or a lock file.
//
// Start reading at [Store], then [Open].
package store

import (
	"errors"
	"io/fs"
)

// Kind says which of a TPM's blobs is meant. The numbers are those of the control channel's state blobs.
type Kind uint8

// The blobs of a TPM.
const (
	Permanent Kind = 1 // what survives power loss
	Volatile  Kind = 2 // what a running TPM holds beyond that
	SaveState Kind = 3 // TPM 1.2: what TPM_SaveState keeps
)

// Kinds lists all blobs, in the order of their numbers.
func Kinds() []Kind { return []Kind{Permanent, Volatile, SaveState} }

// String returns the name that stands in file names and in the list of states.
func (k Kind) String() string {
	switch k {
	case Permanent:
		return "permall"
	case Volatile:
		return "volatilestate"
	case SaveState:
		return "savestate"
	}
	return "unknown"
}

func (k Kind) valid() bool { return k >= Permanent && k <= SaveState }

// MaxBlob is the largest blob a Store takes or gives. It is far above what a TPM needs and bounds what a damaged or
// hostile file can make us allocate.
const MaxBlob = 16 << 20

// Errors that callers tell apart with [errors.Is].
var (
	// ErrNotExist: there is no such blob. No other error of Load means that.
	ErrNotExist = fs.ErrNotExist
	// ErrLocked: somebody else holds the storage lock.
	ErrLocked = errors.New("the state is locked by another TPM")
	// ErrNotLocked: a write to a store that is to be locked, without the lock. Somebody else may own the state.
	ErrNotLocked = errors.New("the storage lock is not held")
	// ErrChanged: the state was given up for another TPM, and that one changed it.
	ErrChanged = errors.New("another TPM has changed the state since this one gave it up; end this one, and start it anew to go on from there")
	// ErrReadOnly: a change to a store that was opened for reading only.
	ErrReadOnly = errors.New("the state was opened for reading only")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrForeign: the state file or device holds something that is not TPM state.
	ErrForeign = errors.New("not a TPM state file")
	// ErrDamaged: the state is there but not as a TPM wrote it.
	ErrDamaged = errors.New("the state is damaged")
	// ErrIrregular: a symbolic link, directory or device stands where a state file should be.
	ErrIrregular = errors.New("not a regular file")
	// ErrNoSpace: the blob does not fit into the block device, or is larger than MaxBlob.
	ErrNoSpace = errors.New("no room for the state")
	// ErrUnreadable: a write over a state that was found but could not be read.
	ErrUnreadable = errors.New("the existing state could not be read and is not overwritten")
	// ErrKind: no such kind of blob.
	ErrKind = errors.New("no such kind of state")
	// ErrBackend: the address names a kind of storage that does not exist or an option it does not have.
	ErrBackend = errors.New("unsupported storage backend")
)

// Info describes a blob that exists.
type Info struct {
	Kind Kind
	Size int64 // bytes as stored, with headers
}

// Store keeps the blobs of one TPM. Its methods may be called from several goroutines.
type Store interface {
	// Load returns a blob, or an error that is ErrNotExist if there is none and any other error if there is one that
	// cannot be read. The bytes are the caller's, who overwrites them after use: a Store that keeps the blob in memory
	// gives a copy.
	Load(Kind) ([]byte, error)
	// Save stores a blob and returns when it is durable. After an error the old blob is still there, or, if only the
	// last step failed, the new one; never a part of either. The bytes stay the caller's, who may overwrite them then.
	Save(Kind, []byte) error
	// Delete removes a blob. It is no error if there is none.
	Delete(Kind) error
	// List returns the blobs that exist, in the order of their numbers.
	List() ([]Info, error)
	// Lock makes this Store the only user of the state. It tries once and then up to retries times more, 10 ms apart,
	// and fails with ErrLocked. To lock what one holds already, or what was opened without locking, is a success.
	Lock(retries int) error
	// Unlock gives the lock back, if it is held. The Store can still be read; to write it, lock it again.
	Unlock() error
	// Close gives the lock back and releases everything. What was saved stays.
	Close() error
}

// Rewinder is a Store that keeps the previous permanent state.
type Rewinder interface {
	// SwapBackup exchanges the permanent state with the one before it. A second call undoes the first. If there is no
	// backup the error is ErrNotExist.
	SwapBackup() error
}
