package control

import "encoding/binary"

// Ioctl is the request number of a device ioctl, in the generic encoding of
// Linux: direction (2 bits), size of the structure (14), type 'P' (8), number (8).
type Ioctl uint32

const (
	ioctlWrite = 1 << 30 // the kernel copies the structure in
	ioctlRead  = 2 << 30 // the kernel copies the structure out
	ioctlType  = 'P'
)

// Ioctl is the request number of c on a character device, 0 if c is unknown.
func (c Command) Ioctl() Ioctl {
	s := c.spec()
	if s == nil {
		return 0
	}
	dir := uint32(ioctlRead)
	if !s.read {
		dir |= ioctlWrite
	}
	return Ioctl(dir | uint32(s.arg)<<16 | ioctlType<<8 | uint32(c-1))
}

// Size is the size of the structure, Reads and Writes tell whether the device
// reads it from, and writes it to, the caller.
func (n Ioctl) Size() int { return int(n >> 16 & 0x3fff) }

// Reads tells whether the device takes the structure from the caller.
func (n Ioctl) Reads() bool { return n&ioctlWrite != 0 }

// Writes tells whether the device returns the structure to the caller.
func (n Ioctl) Writes() bool { return n&ioctlRead != 0 }

// Command is the message that n stands for, false if there is none.
func (n Ioctl) Command() (Command, bool) {
	c := Command(n&0xff) + 1
	return c, c.Known() && c.Ioctl() == n
}

// ParseIoctl decodes the structure of an ioctl, given in the host's order. Of
// data only as many bytes are taken as the length in the structure says.
func ParseIoctl(c Command, arg []byte) (Request, Result) {
	s := c.spec()
	if s == nil {
		return nil, BadOrdinal
	}
	if len(arg) < s.body {
		return nil, BadParameter
	}
	end := s.body
	if s.data {
		n := binary.NativeEndian.Uint32(arg[s.body-4:])
		if uint64(n) > uint64(len(arg)-s.body) {
			return nil, Fail
		}
		end += int(n)
	}
	return parseBody(c, arg[:end], binary.NativeEndian)
}

// AppendIoctl appends the structure that carries r to a device, padded to its
// size. Data that do not fit are cut off: StateBlobSize and HashDataSize bytes do.
func AppendIoctl(b []byte, r Request) []byte {
	n := len(b)
	b = r.appendBody(b, binary.NativeEndian)
	return fit(b, n, r.Command())
}

// AppendIoctlResponse appends the structure that carries the response to c back
// to the caller. GET_CAPABILITY has no result but a mask of 64 bits; fetched
// data are cut to StateBlobSize and InfoSize.
func AppendIoctlResponse(b []byte, c Command, r Response) []byte {
	n := len(b)
	switch r := r.(type) {
	case Capabilities:
		b = binary.NativeEndian.AppendUint64(b, uint64(r.Mask))
	case StateBlob:
		r.Data = r.Data[:min(len(r.Data), StateBlobSize)]
		b = r.append(b, binary.NativeEndian)
	case Info:
		r.Data = r.Data[:min(len(r.Data), InfoSize)]
		b = r.append(b, binary.NativeEndian)
	default:
		b = r.append(b, binary.NativeEndian)
	}
	return fit(b, n, c)
}

// ParseIoctlResponse decodes the structure that came back from a device.
func ParseIoctlResponse(c Command, arg []byte) (Response, error) {
	if c == CmdGetCapability {
		if len(arg) < 8 {
			return nil, errShort
		}
		return Capabilities{Mask: Capability(binary.NativeEndian.Uint64(arg))}, nil
	}
	r := responseReader{b: arg, order: binary.NativeEndian}
	rsp := r.read(c)
	return rsp, r.err
}

// fit pads or cuts what stands in b from n on to the size of c's structure.
func fit(b []byte, n int, c Command) []byte {
	size := c.Ioctl().Size()
	if len(b)-n > size {
		return b[:n+size]
	}
	return append(b, make([]byte, size-(len(b)-n))...)
}
