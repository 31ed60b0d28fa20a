package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"govtpm/store/internal/vfs"
)

// directory is the backend for dir://. Each blob is a file; beside them stand .lock and, while a blob is written, a
// temporary file. All names are swtpm's.
type directory struct {
	path string
	opt  Options
	fs   vfs.FS

	mu     sync.Mutex
	lock   io.Closer // nil: not held
	closed bool
	// noSwap: under the lock it was seen that no exchange with the backup is unfinished.
	noSwap bool
}

// OpenDirectory returns the store in a directory. The directory itself must exist when a blob is saved.
func OpenDirectory(path string, o Options) (Store, error) {
	if path == "" {
		return nil, fmt.Errorf("%w: the directory has no name", ErrBackend)
	}
	return &directory{path: path, opt: o, fs: o.system()}, nil
}

const (
	lockName              = ".lock"
	lockMode  fs.FileMode = 0o660
	ownerWrit fs.FileMode = 0o200
)

func (d *directory) file(k Kind) string { return d.named("tpm", k) }

// temp is the file a blob is written to before it takes the name of the old one.
func (d *directory) temp(k Kind) string { return d.named("TMP", k) }

func (d *directory) named(prefix string, k Kind) string {
	if !d.opt.TPM12 {
		prefix += "2"
	}
	return filepath.Join(d.path, prefix+"-00."+k.String())
}

func (d *directory) locking() bool { return d.opt.Lock != LockOff }

func (d *directory) usable(k Kind) error {
	if d.closed {
		return ErrClosed
	}
	if !k.valid() {
		return fmt.Errorf("%w: %d", ErrKind, k)
	}
	return nil
}

func (d *directory) writable(k Kind) error {
	if err := d.usable(k); err != nil {
		return err
	}
	if d.opt.ReadOnly {
		return ErrReadOnly
	}
	if d.locking() && d.lock == nil {
		return ErrNotLocked
	}
	return nil
}

// Load implements [Store].
func (d *directory) Load(k Kind) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.usable(k); err != nil {
		return nil, err
	}
	for _, name := range d.current(k) {
		blob, err := d.read(name)
		if !errors.Is(err, ErrNotExist) {
			return blob, err
		}
	}
	return nil, fmt.Errorf("load %s: %w", d.file(k), ErrNotExist)
}

// current lists the files that may hold the current blob: the first that exists does.
func (d *directory) current(k Kind) []string {
	if d.opt.Backup && k == Permanent {
		return []string{d.file(k), d.swapFile(), d.backupFile()}
	}
	return []string{d.file(k)}
}

func (d *directory) read(name string) ([]byte, error) {
	f, err := d.fs.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("load %s: %w", name, ErrIrregular)
	}
	if err := d.adjustMode(f, fi.Mode()); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	blob, err := readAll(f, fi.Size())
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", name, err)
	}
	return blob, nil
}

// adjustMode gives an existing file the mode that was asked for, or at least makes it writable for its owner.
func (d *directory) adjustMode(f vfs.File, have fs.FileMode) error {
	switch want := d.opt.Mode.Perm(); {
	case d.opt.ReadOnly:
	case want != 0 && want != have.Perm():
		return f.Chmod(want)
	case want == 0 && have&ownerWrit == 0:
		_ = f.Chmod(have.Perm() | ownerWrit) // a courtesy to other programs: we replace the file and need no such bit
	}
	return nil
}

func readAll(f vfs.File, size int64) ([]byte, error) {
	if size > MaxBlob {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrDamaged, size)
	}
	blob := make([]byte, size)
	n, err := f.ReadAt(blob, 0)
	if int64(n) == size {
		return blob, nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// Save implements [Store].
func (d *directory) Save(k Kind, blob []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.save(k, blob); err != nil {
		return fmt.Errorf("save %s: %w", d.file(k), err)
	}
	return nil
}

func (d *directory) save(k Kind, blob []byte) error {
	if err := d.writable(k); err != nil {
		return err
	}
	if len(blob) > MaxBlob {
		return ErrNoSpace
	}
	there, err := d.regular(d.file(k))
	if err != nil {
		return err
	}
	temp := d.temp(k)
	err = d.writeTemp(temp, blob)
	if err == nil && d.opt.Backup && k == Permanent {
		err = d.keepBackup(there)
	}
	if err == nil {
		err = d.fs.Rename(temp, d.file(k))
	}
	if err != nil {
		_ = d.fs.Remove(temp)
		return err
	}
	return d.syncDir()
}

// regular refuses to replace what is not a regular file: somebody put it there on purpose. It tells whether there is one.
func (d *directory) regular(name string) (there bool, err error) {
	fi, err := d.fs.Lstat(name)
	if errors.Is(err, ErrNotExist) {
		return false, nil
	}
	if err == nil && !fi.Mode().IsRegular() {
		err = ErrIrregular
	}
	return err == nil, err
}

// create makes a new file and never opens one that exists: that could have a second name elsewhere.
func (d *directory) create(name string) (vfs.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := d.fs.OpenFile(name, flags, d.opt.createMode())
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if err := d.remove(name); err != nil {
		return nil, err
	}
	return d.fs.OpenFile(name, flags, d.opt.createMode())
}

// writeTemp writes a new file. Sync it has to be: to write the data alone (fdatasync) gains nothing where the size is new.
func (d *directory) writeTemp(name string, blob []byte) error {
	f, err := d.create(name)
	if err != nil {
		return err
	}
	if d.opt.Mode != 0 {
		err = f.Chmod(d.opt.Mode.Perm()) // past the umask
	}
	if err == nil {
		_, err = f.WriteAt(blob, 0)
	}
	if err == nil && !d.opt.NoSync {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (d *directory) syncDir() error {
	if d.opt.NoSync {
		return nil
	}
	return d.fs.SyncDir(d.path)
}

// remove takes away a name that need not exist.
func (d *directory) remove(name string) error {
	if err := d.fs.Remove(name); err != nil && !errors.Is(err, ErrNotExist) {
		return err
	}
	return nil
}

// Delete implements [Store]. The backup goes first, so that it does not come back in place of what is deleted.
func (d *directory) Delete(k Kind) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.writable(k)
	if err == nil {
		_, err = d.regular(d.file(k))
	}
	names := d.current(k)
	for i := len(names) - 1; i >= 0 && err == nil; i-- {
		err = d.remove(names[i])
	}
	if err == nil {
		err = d.syncDir()
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", d.file(k), err)
	}
	return nil
}

// List implements [Store].
func (d *directory) List() ([]Info, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	var list []Info
	for _, k := range Kinds() {
		for _, name := range d.current(k) {
			fi, err := d.fs.Lstat(name)
			if errors.Is(err, ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("list: %w", err)
			}
			list = append(list, Info{k, fi.Size()})
			break
		}
	}
	return list, nil
}

func isLocked(err error) bool { return errors.Is(err, ErrLocked) }

// Lock implements [Store].
func (d *directory) Lock(retries int) error {
	return lockWithRetries(retries, d.tryLock)
}

func (d *directory) tryLock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	if d.lock != nil {
		return nil
	}
	if !d.locking() {
		d.restoreBackup()
		return nil
	}
	if d.opt.ReadOnly {
		return ErrReadOnly
	}
	name := filepath.Join(d.path, lockName)
	l, err := d.fs.LockFile(name, lockMode)
	if err != nil {
		return fmt.Errorf("lock %s: %w", name, lockError(err))
	}
	d.lock = l
	for _, k := range Kinds() {
		_ = d.remove(d.temp(k)) // left by a crash; with the lock we know that nobody is writing it
	}
	d.restoreBackup()
	return nil
}

func lockError(err error) error {
	if errors.Is(err, vfs.ErrLocked) {
		return ErrLocked
	}
	return err
}

// Unlock implements [Store].
func (d *directory) Unlock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unlock()
}

func (d *directory) unlock() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock, d.noSwap = nil, false
	return err
}

// Close implements [Store].
func (d *directory) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return d.unlock()
}
