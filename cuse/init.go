package cuse

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Versions of the protocol: every kernel since Linux 2.6.38 speaks at least the oldest.
const (
	protocolMajor  = 7
	protocolMinor  = 31
	oldestProtocol = 16
)

const flagUnrestricted = 1 << 0 // in CUSE_INIT

// MaxTransfer is the largest piece of data that one Read or Write of a driver is asked for.
const MaxTransfer = 128 << 10

// bufferSize holds the largest request there is: a write, or the memory of an ioctl.
const bufferSize = inHeaderSize + writeInSize + MaxTransfer + 4096

// Options describe a device.
type Options struct {
	Name string // below /dev
	// Major and Minor are the numbers of the device; with Major 0 the kernel chooses.
	Major, Minor uint32
	// Unrestricted lets ioctls use any memory of their caller, not only the structure that the number of the request
	// tells of.
	Unrestricted bool
}

// maxName keeps the description of the device in the page that the kernel has for it.
const maxName = 1024

// check refuses names that the kernel would read as something else.
func (o *Options) check() error {
	if o.Name == "" || len(o.Name) > maxName || strings.ContainsFunc(o.Name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("%q cannot be the name of a device", o.Name)
	}
	for part := range strings.SplitSeq(o.Name, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%q cannot be the name of a device", o.Name)
		}
	}
	return nil
}

// Conn is a connection with the kernel. A Read returns exactly one request, a Write is exactly one reply.
type Conn interface {
	io.ReadWriteCloser
	// SetReadDeadline ends a Read that waits.
	SetReadDeadline(time.Time) error
}

// New makes a device. When it returns, the device is there. The connection is the device's from now on, and is closed on
// an error.
func New(conn Conn, o Options, d Driver) (*Device, error) {
	dev := &Device{conn: conn, driver: d, unrestricted: o.Unrestricted, files: map[uint64]File{}, calls: map[uint64]func(){}}
	err := o.check()
	if err == nil {
		err = dev.negotiate(&o)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("cuse: %w", err)
	}
	return dev, nil
}

// negotiate answers the kernel's first request, which makes the device.
func (d *Device) negotiate(o *Options) error {
	buf := make([]byte, bufferSize)
	n, err := d.conn.Read(buf)
	if err != nil {
		return fmt.Errorf("waiting for the kernel: %w", err)
	}
	h, body, ok := parseHeader(buf[:n])
	r := reader{b: body}
	major, minor := r.uint32(), r.uint32()
	r.skip(4)
	flags := r.uint32()
	switch {
	case !ok || r.failed || h.op != opInit:
		return errors.New("the kernel does not begin with CUSE_INIT")
	case major != protocolMajor || minor < oldestProtocol:
		return fmt.Errorf("the kernel speaks version %d.%d, not %d.%d", major, minor, protocolMajor, protocolMinor)
	case o.Unrestricted && flags&flagUnrestricted == 0:
		return errors.New("the kernel does not offer unrestricted ioctls")
	}
	if _, err := d.conn.Write(message(h.unique, 0, initReply(o, min(minor, protocolMinor)))); err != nil {
		return fmt.Errorf("the kernel refuses device %q: %w", o.Name, err)
	}
	// The kernel makes the device before the write returns, and tells by ending the connection that it could not.
	if ended(d.conn) {
		return fmt.Errorf("the kernel refuses device %q: its name or number is in use", o.Name)
	}
	return nil
}

// initReply is cuse_init_out, and the description of the device behind it.
func initReply(o *Options, minor uint32) []byte {
	var flags uint32
	if o.Unrestricted {
		flags |= flagUnrestricted
	}
	b := words(protocolMajor, minor, 0, flags, MaxTransfer, MaxTransfer, o.Major, o.Minor)
	b = append(b, make([]byte, 10*4)...) // spare
	return append(b, "DEVNAME="+o.Name+"\x00"...)
}
