package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"govtpm/store/internal/vfs"
)

// This file opens, locks and closes the file or device of a linear store.

// open opens the file once and for all. A new file gets its place in the directory at once.
func (l *linear) open(create bool) error {
	if l.file != nil {
		return nil
	}
	access := os.O_RDWR
	if l.opt.ReadOnly {
		access = os.O_RDONLY
	}
	f, err := l.fs.OpenFile(l.path, access, 0)
	if create && errors.Is(err, ErrNotExist) {
		f, err = l.create()
	}
	if err != nil {
		return err
	}
	if err := l.adopt(f); err != nil {
		f.Close()
		return err
	}
	return nil
}

func (l *linear) create() (vfs.File, error) {
	f, err := l.fs.OpenFile(l.path, os.O_RDWR|os.O_CREATE, l.opt.createMode())
	if err != nil || l.opt.NoSync {
		return f, err
	}
	if err := l.fs.SyncDir(filepath.Dir(l.path)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (l *linear) adopt(f vfs.File) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	mode := fi.Mode()
	switch {
	case mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0:
		l.device = true
	case !mode.IsRegular():
		return ErrIrregular
	}
	if want := l.opt.Mode.Perm(); want != 0 && want != mode.Perm() && !l.device && !l.opt.ReadOnly {
		if err := f.Chmod(want); err != nil {
			return err
		}
	}
	l.file = f
	return nil
}

// Lock implements [Store].
func (l *linear) Lock(retries int) error {
	return lockWithRetries(retries, l.tryLock)
}

func (l *linear) tryLock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if !l.locking() || l.locked {
		return nil
	}
	if l.opt.ReadOnly {
		return ErrReadOnly
	}
	err := l.open(true)
	if err == nil {
		err = lockError(l.file.TryLock())
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", l.path, err)
	}
	l.locked = true
	return nil
}

// Unlock implements [Store].
func (l *linear) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unlock()
}

func (l *linear) unlock() error {
	if !l.locked {
		return nil
	}
	l.locked = false
	return l.file.Unlock()
}

// Close implements [Store].
func (l *linear) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	err := l.unlock()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
		l.file = nil
	}
	return err
}
