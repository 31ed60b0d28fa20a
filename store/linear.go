package store

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"govtpm/store/internal/vfs"
)

// linear is the backend for file://: all blobs in one file or block device, in swtpm's format.
//
// The format has no journal and one header, but it lets sections be anywhere. So a blob is never overwritten: the new
// one goes to a free place and is synced, then the header, which lies in one sector, is rewritten to point there, and
// synced. Before that second write the old blob counts, after it the new one. The old place is then cleared. swtpm
// reads such a file, and what swtpm writes is read here.
//
// The header is read anew for each call, because without a lock somebody else may have written in between.
type linear struct {
	path string
	opt  Options
	fs   vfs.FS

	mu     sync.Mutex
	file   vfs.File // nil: not opened yet
	device bool     // the size cannot change
	locked bool
	closed bool
	// settled: the header that is read is known to be the one on the disk. It is not, at first, and after a failed
	// sync: then the disk may still point to places that look free.
	settled bool
}

// OpenFile returns the store in one file or block device. A file is made when it is first locked or written.
func OpenFile(path string, o Options) (Store, error) {
	if path == "" {
		return nil, fmt.Errorf("%w: the file has no name", ErrBackend)
	}
	if o.Backup {
		return nil, fmt.Errorf("%w: a backup is kept only in a directory (dir://)", ErrBackend)
	}
	return &linear{path: path, opt: o, fs: o.system()}, nil
}

func (l *linear) locking() bool { return l.opt.Lock == LockOn }

func (l *linear) usable(k Kind) error {
	if l.closed {
		return ErrClosed
	}
	if !k.valid() {
		return fmt.Errorf("%w: %d", ErrKind, k)
	}
	return nil
}

func (l *linear) writable(k Kind) error {
	if err := l.usable(k); err != nil {
		return err
	}
	if l.opt.ReadOnly {
		return ErrReadOnly
	}
	if l.locking() && !l.locked {
		return ErrNotLocked
	}
	return nil
}

// header reads the header, and the size of the file. An empty store has the zero header.
func (l *linear) header() (h linearHeader, size int64, err error) {
	h, _, size, err = l.readHeader()
	return h, size, err
}

func (l *linear) readHeader() (h linearHeader, blank bool, size int64, err error) {
	size, err = l.file.Size()
	if err != nil {
		return h, false, 0, err
	}
	head := make([]byte, min(size, linearHeaderSize))
	if n, err := l.file.ReadAt(head, 0); n < len(head) {
		return h, false, 0, err
	}
	h, blank, err = decodeLinear(head, size)
	if errors.Is(err, ErrForeign) && l.opt.Format {
		return linearHeader{}, true, size, nil
	}
	return h, blank, size, err
}

// settledHeader reads the header and sees to it that the disk has no other.
func (l *linear) settledHeader() (linearHeader, int64, error) {
	h, blank, size, err := l.readHeader()
	if err == nil && !blank && !l.settled {
		err = l.writeHeader(h)
	}
	return h, size, err
}

// Load implements [Store].
func (l *linear) Load(k Kind) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	blob, err := l.load(k)
	if err != nil {
		return nil, fmt.Errorf("load %v from %s: %w", k, l.path, err)
	}
	return blob, nil
}

// readTries bounds how often Load finds that the blob was moved while it read it.
const readTries = 10

func (l *linear) load(k Kind) ([]byte, error) {
	if err := l.usable(k); err != nil {
		return nil, err
	}
	if err := l.open(false); err != nil {
		return nil, err
	}
	h, _, err := l.header()
	for range readTries {
		if err != nil {
			return nil, err
		}
		s := *h.entry(k)
		if !s.used() {
			return nil, ErrNotExist
		}
		if s.data > MaxBlob {
			return nil, fmt.Errorf("%w: it has %d bytes", ErrDamaged, s.data)
		}
		blob := make([]byte, s.data)
		n, rerr := l.file.ReadAt(blob, int64(s.offset))
		h, _, err = l.header()
		if err != nil || *h.entry(k) != s {
			continue
		}
		if n == len(blob) {
			return blob, nil
		}
		if rerr == nil || rerr == io.EOF {
			rerr = io.ErrUnexpectedEOF
		}
		return nil, rerr
	}
	return nil, ErrLocked // somebody writes it all the time
}

// Save implements [Store].
func (l *linear) Save(k Kind, blob []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.save(k, blob); err != nil {
		return fmt.Errorf("save %v to %s: %w", k, l.path, err)
	}
	return nil
}

func (l *linear) save(k Kind, blob []byte) error {
	if err := l.writable(k); err != nil {
		return err
	}
	if len(blob) > MaxBlob {
		return ErrNoSpace
	}
	if err := l.open(true); err != nil {
		return err
	}
	h, size, err := l.settledHeader()
	if err != nil {
		return err
	}
	place, err := l.place(&h, len(blob), size)
	if err != nil {
		return err
	}
	if err := l.writeSection(place, blob, size); err != nil {
		l.shrink(h, max(size, place.end()))
		return err
	}
	old := *h.entry(k)
	*h.entry(k) = place
	if err := l.writeHeader(h); err != nil {
		return err
	}
	l.scrub(old)
	l.shrink(h, max(size, place.end()))
	return nil
}

// place finds a free place for n bytes. On a device that is nearly full the section is as small as the blob, and the
// others lose what they have beyond theirs, which no header tells before the new blob is there.
func (l *linear) place(h *linearHeader, n int, size int64) (section, error) {
	limit := int64(math.MaxUint32)
	if l.device {
		limit = min(limit, size)
	}
	if at, ok := h.gap(sectionLength(n), limit); ok {
		return section{uint32(at), uint32(n), uint32(sectionLength(n))}, nil
	}
	h.trim()
	length := max(n, 1)
	if at, ok := h.gap(int64(length), limit); ok {
		return section{uint32(at), uint32(n), uint32(length)}, nil
	}
	return section{}, fmt.Errorf("%w: %d more bytes are needed beside what is there, and the device has %d", ErrNoSpace, n, size)
}

func (l *linear) writeSection(s section, blob []byte, size int64) error {
	if !l.device && size < s.end() {
		if err := l.file.Truncate(s.end()); err != nil {
			return err
		}
	}
	if _, err := l.file.WriteAt(blob, int64(s.offset)); err != nil {
		return err
	}
	return l.sync()
}

func (l *linear) writeHeader(h linearHeader) error {
	l.settled = false
	_, err := l.file.WriteAt(h.encode(), 0)
	if err == nil {
		err = l.sync()
	}
	l.settled = err == nil
	return err
}

func (l *linear) sync() error {
	if l.opt.NoSync {
		return nil
	}
	return l.file.Sync()
}

// scrub clears a place that is not used any more, so that old secrets do not stay. That it fails harms nothing.
func (l *linear) scrub(s section) {
	if s.used() && s.data > 0 {
		_, _ = l.file.WriteAt(make([]byte, s.data), int64(s.offset))
	}
}

// shrink cuts off what is behind the last section.
func (l *linear) shrink(h linearHeader, size int64) {
	if end := h.end(); !l.device && end < size {
		_ = l.file.Truncate(end)
	}
}

// Delete implements [Store].
func (l *linear) Delete(k Kind) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.delete(k); err != nil {
		return fmt.Errorf("delete %v in %s: %w", k, l.path, err)
	}
	return nil
}

func (l *linear) delete(k Kind) error {
	if err := l.writable(k); err != nil {
		return err
	}
	if err := l.open(false); err != nil {
		if errors.Is(err, ErrNotExist) {
			return nil
		}
		return err
	}
	h, size, err := l.settledHeader()
	if err != nil {
		return err
	}
	old := *h.entry(k)
	if !old.used() {
		return nil
	}
	*h.entry(k) = section{}
	if err := l.writeHeader(h); err != nil {
		return err
	}
	l.scrub(old)
	l.shrink(h, size)
	return nil
}

// List implements [Store].
func (l *linear) List() ([]Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if err := l.open(false); err != nil {
		if errors.Is(err, ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("list %s: %w", l.path, err)
	}
	h, _, err := l.header()
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.path, err)
	}
	var list []Info
	for _, k := range Kinds() {
		if s := h.entry(k); s.used() {
			list = append(list, Info{k, int64(s.data)})
		}
	}
	return list, nil
}
