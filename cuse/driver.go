package cuse

import "context"

// A Driver is what stands behind a device.
type Driver interface {
	// Open is called when the device is opened, with the flags of open(2).
	Open(ctx context.Context, c Call) (File, error)
}

// A File is the device as one client opened it. Its methods are called concurrently if the client has several threads,
// or has handed the descriptor on. An error that is, or wraps, a syscall.Errno reaches the client as that; the end of
// the context as EINTR; anything else as EIO.
type File interface {
	// Read returns up to n bytes.
	Read(ctx context.Context, c Call, n int) ([]byte, error)
	// Write takes data, which are the callee's to keep, and returns how many of them.
	Write(ctx context.Context, c Call, data []byte) (int, error)
	// Ioctl carries out a request to the device.
	Ioctl(ctx context.Context, c Call, req *Ioctl) (IoctlReply, error)
	// Release is called once, after everything else, when the last descriptor was closed or the device has ended.
	Release()
}

// A Poller is a File that can tell when it is ready. Without it reads and writes never have to wait.
type Poller interface {
	// Poll returns which events (POLLIN …) the file is ready for. If notify is not nil it is to be called once when
	// that changes; a later notify takes its place.
	Poll(ctx context.Context, c Call, events uint32, notify func()) (uint32, error)
}

// Call is who makes a request, and the status flags of the file at that moment (O_NONBLOCK …).
type Call struct {
	Caller
	Flags uint32
}

// Ioctl is a request by ioctl(2).
type Ioctl struct {
	Cmd uint32
	Arg uint64 // third argument of ioctl: mostly the address of a structure
	// In is the caller's structure, if the number of the request says that it is read. OutSize is how much can be
	// written back. On an unrestricted device both are empty at first: the driver asks for the memory that it needs
	// by IoctlReply, and is called again with it. The driver has to check that In is as long as it needs.
	In      []byte
	OutSize int
	Compat  bool // from a 32-bit program on a 64-bit machine
}

// IoctlReply is what an ioctl returns.
type IoctlReply struct {
	Result int32  // what ioctl(2) returns
	Data   []byte // for the caller's structure, at most OutSize bytes
	// WantIn and WantOut ask for memory of the caller to be read and written. Only an unrestricted device can. All
	// else in the reply is ignored then.
	WantIn, WantOut []Memory
}

// Memory is a part of the caller's memory.
type Memory struct{ Base, Len uint64 }

// maxMemory is how many parts of memory the kernel takes in one reply.
const maxMemory = 256

// Flags in the messages about ioctl.
const (
	ioctlCompat = 1 << 0
	ioctlRetry  = 1 << 2
)
