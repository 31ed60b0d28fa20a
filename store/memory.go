package store

import (
	"fmt"
	"sync"
)

// Memory is a Store in memory. The zero value is not usable; see [NewMemory].
type Memory struct {
	medium *medium
	mu     sync.Mutex
	closed bool
}

// medium is what the handles of one memory store share.
type medium struct {
	mu     sync.Mutex
	blobs  map[Kind][]byte
	holder *Memory
}

// NewMemory returns an empty store in memory.
func NewMemory() *Memory {
	return &Memory{medium: &medium{blobs: make(map[Kind][]byte)}}
}

// Open returns another store on the same blobs, as a second process would have on a directory. The two exclude each
// other by Lock. It works also after m was closed.
func (m *Memory) Open() *Memory { return &Memory{medium: m.medium} }

func (m *Memory) do(k Kind, f func(*medium) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	if !k.valid() {
		return fmt.Errorf("%w: %d", ErrKind, k)
	}
	m.medium.mu.Lock()
	defer m.medium.mu.Unlock()
	return f(m.medium)
}

// Load implements [Store].
func (m *Memory) Load(k Kind) (blob []byte, err error) {
	err = m.do(k, func(d *medium) error {
		b, ok := d.blobs[k]
		if !ok {
			return fmt.Errorf("load %v: %w", k, ErrNotExist)
		}
		blob = append([]byte{}, b...)
		return nil
	})
	return blob, err
}

// writable: memory need not be locked, but while one handle holds the lock the others cannot write.
func (d *medium) writable(m *Memory) error {
	if d.holder != nil && d.holder != m {
		return ErrNotLocked
	}
	return nil
}

// Save implements [Store].
func (m *Memory) Save(k Kind, blob []byte) error {
	return m.do(k, func(d *medium) error {
		if len(blob) > MaxBlob {
			return fmt.Errorf("save %v: %w", k, ErrNoSpace)
		}
		if err := d.writable(m); err != nil {
			return fmt.Errorf("save %v: %w", k, err)
		}
		d.blobs[k] = append([]byte{}, blob...)
		return nil
	})
}

// Delete implements [Store].
func (m *Memory) Delete(k Kind) error {
	return m.do(k, func(d *medium) error {
		if err := d.writable(m); err != nil {
			return fmt.Errorf("delete %v: %w", k, err)
		}
		delete(d.blobs, k)
		return nil
	})
}

// List implements [Store].
func (m *Memory) List() (list []Info, err error) {
	err = m.do(Permanent, func(d *medium) error {
		for _, k := range Kinds() {
			if b, ok := d.blobs[k]; ok {
				list = append(list, Info{k, int64(len(b))})
			}
		}
		return nil
	})
	return list, err
}

// Lock implements [Store].
func (m *Memory) Lock(retries int) error {
	return lockWithRetries(retries, func() error {
		return m.do(Permanent, func(d *medium) error {
			if d.holder != nil && d.holder != m {
				return ErrLocked
			}
			d.holder = m
			return nil
		})
	})
}

func (d *medium) release(m *Memory) {
	if d.holder == m {
		d.holder = nil
	}
}

// Unlock implements [Store].
func (m *Memory) Unlock() error {
	return m.do(Permanent, func(d *medium) error { d.release(m); return nil })
}

// Close implements [Store].
func (m *Memory) Close() error {
	err := m.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if err == ErrClosed {
		return nil
	}
	return err
}
