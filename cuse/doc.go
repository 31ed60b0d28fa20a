// Package cuse makes character devices whose driver is this process. It speaks the protocol of the Linux kernel on
// /dev/cuse, which is that of FUSE (version 7) with a handshake of its own, and needs no C library.
//
// [Open] connects with the kernel and [New] makes the device; [Device.Serve] then calls the [Driver], every request in a
// goroutine of its own. The context of a call ends when the client gets a signal, and when the device is to end.
//
// What the kernel sends is checked like any input: no message can make this package panic, or hand a driver more than
// the limits that were negotiated.
package cuse
