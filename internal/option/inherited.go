package option

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Inherited makes a file of a descriptor that the caller of the program opened, and told the number of.
func Inherited(fd int) (*os.File, error) {
	f := os.NewFile(uintptr(fd), fmt.Sprintf("fd %d", fd))
	if f == nil {
		return nil, fmt.Errorf("file descriptor %d: %w", fd, fs.ErrInvalid)
	}
	if _, err := f.Stat(); err != nil {
		return nil, fmt.Errorf("file descriptor %d: %w", fd, reason(err))
	}
	return f, nil
}

// reason strips the operation and the path from an error.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Sentence begins a system error with a capital, as the C library does, and leaves out the operation and the path.
func Sentence(err error) string {
	text := reason(err).Error()
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
