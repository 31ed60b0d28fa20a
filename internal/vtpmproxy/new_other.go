//go:build !linux

package vtpmproxy

import "errors"

// New fails: only Linux has this driver.
func New(bool) (*Device, error) { return nil, errors.New("there is no vTPM proxy on this system") }
