package store

import (
	"errors"
	"fmt"
)

// backupFile holds the permanent state before the last one.
func (d *directory) backupFile() string { return d.file(Permanent) + ".bak" }

// swapFile exists only while permanent state and backup change places. It then holds the current state.
func (d *directory) swapFile() string { return d.file(Permanent) + ".tmp" }

func (d *directory) exists(name string) (bool, error) {
	_, err := d.fs.Lstat(name)
	if errors.Is(err, ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// keepBackup makes the current permanent state the backup, under a second name: there is no moment in which neither
// the old nor the new state has its own. Where files cannot have two names it is renamed, and Load knows where to look.
func (d *directory) keepBackup(there bool) error {
	if !d.noSwap {
		err := d.finishSwap()
		if err == nil {
			there, err = d.exists(d.file(Permanent))
		}
		if err != nil {
			return err
		}
		d.noSwap = d.lock != nil
	}
	if !there {
		return nil
	}
	if err := d.remove(d.backupFile()); err != nil {
		return err
	}
	if d.fs.Link(d.file(Permanent), d.backupFile()) == nil {
		return nil
	}
	return d.fs.Rename(d.file(Permanent), d.backupFile())
}

// restoreBackup gives a backup that is all there is the name of the permanent state, as swtpm does: a start that knows of no backups would
// make a new TPM. If that fails nothing is lost, for Load looks at the backup too.
func (d *directory) restoreBackup() {
	if !d.opt.Backup || d.opt.ReadOnly {
		return
	}
	for _, name := range []string{d.file(Permanent), d.swapFile()} {
		if there, err := d.exists(name); err != nil || there {
			return
		}
	}
	if d.fs.Rename(d.backupFile(), d.file(Permanent)) == nil {
		_ = d.syncDir()
	}
}

// finishSwap clears up after a swap that was interrupted: before its second step it is undone, after that completed.
func (d *directory) finishSwap() error {
	there, err := d.exists(d.swapFile())
	if err != nil || !there {
		return err
	}
	for _, name := range []string{d.file(Permanent), d.backupFile()} {
		taken, err := d.exists(name)
		if err != nil {
			return err
		}
		if !taken {
			return d.fs.Rename(d.swapFile(), name)
		}
	}
	return d.fs.Remove(d.swapFile())
}

// SwapBackup implements [Rewinder].
func (d *directory) SwapBackup() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.swap(); err != nil {
		return fmt.Errorf("exchange %s and its backup: %w", d.file(Permanent), err)
	}
	return nil
}

func (d *directory) swap() error {
	if err := d.writable(Permanent); err != nil {
		return err
	}
	if !d.opt.Backup {
		return fmt.Errorf("no backup is kept: %w", ErrNotExist)
	}
	if err := d.finishSwap(); err != nil {
		return err
	}
	if ok, err := d.exists(d.backupFile()); err != nil || !ok {
		return errors.Join(err, ErrNotExist)
	}
	d.noSwap = false
	main, back, aside := d.file(Permanent), d.backupFile(), d.swapFile()
	ok, err := d.exists(main)
	if err != nil {
		return err
	}
	if !ok { // the backup is the current state already
		return ErrNotExist
	}
	if err := d.fs.Rename(main, aside); err != nil {
		return err
	}
	if err := d.fs.Rename(back, main); err != nil {
		return errors.Join(err, d.fs.Rename(aside, main))
	}
	if err := d.fs.Rename(aside, back); err != nil {
		return err
	}
	return d.syncDir()
}
