// Package simdisk is a file system in memory that remembers what was synced. It lets a chosen call fail, or the
// machine stop before it, and then tells every content the disk may have: names change in order, but how far nobody
// knows; what was written and not synced is there, or not, or in part.
package simdisk

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"govtpm/store/internal/vfs"
)

// Errors of a disk that was told to fail.
var (
	ErrFailed  = errors.New("simulated I/O error")
	ErrStopped = errors.New("simulated stop of the machine")
)

// Sector is what a disk writes whole or not at all.
const Sector = 512

// Disk is a file system. Calls that change something are counted from 1.
type Disk struct {
	StopAt int          // from this call on nothing happens any more
	FailAt map[int]bool // these calls fail; a write is half done then, a sync loses track of what it should have written

	// NoLinks lets Link fail always.
	NoLinks bool

	calls   int
	names   map[string]*inode // as processes see them
	durable map[string]*inode // as the disk certainly has them
	pending []func(map[string]*inode)
}

type inode struct {
	content []byte // as processes see it
	durable []byte
	pending []change
	mode    fs.FileMode
	locked  *file
}

// change is a write of data, or, with nil data, a change of size.
type change struct {
	at   int64
	data []byte
	lost bool // a sync failed: no later one writes it
}

// New returns an empty disk.
func New() *Disk {
	return &Disk{names: map[string]*inode{}, durable: map[string]*inode{}}
}

// MakeDevice makes a block device full of zeros.
func (d *Disk) MakeDevice(name string, size int) {
	ino := &inode{content: make([]byte, size), durable: make([]byte, size), mode: fs.ModeDevice | 0o660}
	d.names[name], d.durable[name] = ino, ino
}

// Calls returns the number of calls that changed something.
func (d *Disk) Calls() int { return d.calls }

// Names returns the names that exist.
func (d *Disk) Names() []string {
	var list []string
	for n := range d.names {
		list = append(list, n)
	}
	return list
}

// step counts a call and tells whether it is to fail.
func (d *Disk) step() error {
	d.calls++
	if d.StopAt != 0 && d.calls >= d.StopAt {
		return ErrStopped
	}
	if d.FailAt[d.calls] {
		return ErrFailed
	}
	return nil
}

func (d *Disk) stopped() bool { return d.StopAt != 0 && d.calls >= d.StopAt }

func (d *Disk) rename(op func(map[string]*inode)) {
	op(d.names)
	d.pending = append(d.pending, op)
}

func missing(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// OpenFile implements vfs.FS.
func (d *Disk) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	if d.stopped() {
		return nil, ErrStopped
	}
	ino := d.names[name]
	switch {
	case ino == nil && flag&os.O_CREATE == 0:
		return nil, missing("open", name)
	case ino != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case ino == nil:
		if err := d.step(); err != nil {
			return nil, err
		}
		ino = &inode{mode: perm}
		d.rename(func(m map[string]*inode) { m[name] = ino })
	}
	return &file{d, ino, name}, nil
}

// Lstat implements vfs.FS.
func (d *Disk) Lstat(name string) (fs.FileInfo, error) {
	if d.stopped() {
		return nil, ErrStopped
	}
	if ino := d.names[name]; ino != nil {
		return info{name, ino}, nil
	}
	return nil, missing("lstat", name)
}

// Rename implements vfs.FS.
func (d *Disk) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	ino := d.names[from]
	if ino == nil {
		return missing("rename", from)
	}
	if d.names[to] != ino { // else POSIX keeps both names
		d.rename(func(m map[string]*inode) { delete(m, from); m[to] = ino })
	}
	return nil
}

// Link implements vfs.FS.
func (d *Disk) Link(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	ino := d.names[from]
	switch {
	case d.NoLinks:
		return &fs.PathError{Op: "link", Path: to, Err: fs.ErrPermission}
	case ino == nil:
		return missing("link", from)
	case d.names[to] != nil:
		return &fs.PathError{Op: "link", Path: to, Err: fs.ErrExist}
	}
	d.rename(func(m map[string]*inode) { m[to] = ino })
	return nil
}

// Remove implements vfs.FS.
func (d *Disk) Remove(name string) error {
	if d.stopped() {
		return ErrStopped
	}
	if d.names[name] == nil {
		return missing("remove", name)
	}
	if err := d.step(); err != nil {
		return err
	}
	d.rename(func(m map[string]*inode) { delete(m, name) })
	return nil
}

// SyncDir implements vfs.FS.
func (d *Disk) SyncDir(string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.durable, d.pending = maps.Clone(d.names), nil
	return nil
}

// LockFile implements vfs.FS.
func (d *Disk) LockFile(name string, perm fs.FileMode) (io.Closer, error) {
	f, err := d.OpenFile(name, os.O_CREATE, perm)
	if err != nil {
		return nil, err
	}
	return f, f.TryLock()
}

type file struct {
	d    *Disk
	ino  *inode
	name string
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	if f.d.stopped() {
		return 0, ErrStopped
	}
	if at >= int64(len(f.ino.content)) {
		return 0, io.EOF
	}
	n := copy(b, f.ino.content[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) change(c change) {
	f.ino.pending = append(f.ino.pending, c)
	f.ino.content = c.apply(f.ino.content)
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	if f.ino.mode&fs.ModeDevice != 0 && at+int64(len(b)) > int64(len(f.ino.content)) {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrInvalid}
	}
	err := f.d.step()
	switch {
	case err == nil:
		f.change(change{at: at, data: append([]byte{}, b...)})
		return len(b), nil
	case errors.Is(err, ErrFailed):
		half := len(b) / 2
		f.change(change{at: at, data: append([]byte{}, b[:half]...)})
		return half, err
	}
	return 0, err
}

func (f *file) Truncate(size int64) error {
	if f.ino.mode&fs.ModeDevice != 0 {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: fs.ErrInvalid}
	}
	if err := f.d.step(); err != nil {
		return err
	}
	f.change(change{at: size})
	return nil
}

func (f *file) Sync() error {
	err := f.d.step()
	if errors.Is(err, ErrFailed) {
		for i := range f.ino.pending {
			f.ino.pending[i].lost = true
		}
	}
	if err != nil {
		return err
	}
	var left []change
	for i, c := range f.ino.pending {
		if !c.lost {
			f.ino.durable = c.apply(f.ino.durable)
		} else if !covered(c, f.ino.pending[i+1:]) {
			left = append(left, c)
		}
	}
	f.ino.pending = left
	return nil
}

// covered tells whether a later change touches what c changed.
func covered(c change, later []change) bool {
	for _, l := range later {
		if l.data == nil || c.data == nil || l.at < c.at+int64(len(c.data)) && c.at < l.at+int64(len(l.data)) {
			return true
		}
	}
	return false
}

func (f *file) Size() (int64, error)       { return int64(len(f.ino.content)), nil }
func (f *file) Stat() (fs.FileInfo, error) { return info{f.name, f.ino}, nil }
func (f *file) Chmod(m fs.FileMode) error  { f.ino.mode = m; return nil }

func (f *file) TryLock() error {
	if f.ino.locked != nil && f.ino.locked != f {
		return vfs.ErrLocked
	}
	f.ino.locked = f
	return nil
}

func (f *file) Unlock() error {
	if f.ino.locked == f {
		f.ino.locked = nil
	}
	return nil
}

func (f *file) Close() error { return f.Unlock() }

type info struct {
	name string
	ino  *inode
}

func (i info) Name() string       { return filepath.Base(i.name) }
func (i info) Size() int64        { return int64(len(i.ino.content)) }
func (i info) Mode() fs.FileMode  { return i.ino.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// apply returns content with the change made.
func (c change) apply(content []byte) []byte {
	size := c.at + int64(len(c.data))
	b := make([]byte, max(size, int64(len(content))))
	copy(b, content)
	copy(b[c.at:], c.data)
	if c.data == nil {
		return b[:size]
	}
	return b
}
