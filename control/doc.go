// Package control speaks the control channel of a software TPM: the messages
// by which a virtual machine monitor powers the TPM on and off, chooses the
// locality, hashes a dynamic launch, and carries state from host to host.
//
// Every message exists as a typed value ([Request], [Response]) with two
// encodings: big endian on a socket, and the host's order inside the structures
// of the device ioctls (see [Ioctl]). [Handler] carries out a request on a [TPM],
// [Server] serves a stream of requests, [Client] is the other end.
//
// The channel has no framing: the length of a message follows from its command.
// Nothing that arrives can make this package panic, allocate without bound or
// wait for ever while others are to be served.
package control
