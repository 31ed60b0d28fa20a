package store

import "fmt"

// OpenFile returns the store in one file or block device.
func OpenFile(path string, o Options) (Store, error) {
	return nil, fmt.Errorf("%w: file://%s", ErrBackend, path)
}
