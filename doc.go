// Package govtpm is a software TPM 2.0 as a Go value.
//
// A [TPM] is opened on a store, powered on by Init, given commands by Execute and powered off by Stop. It has the
// methods that the control channel of a virtual machine monitor calls (package control), and knows neither sockets
// nor files. Any number of TPMs live in one process.
//
// What it promises:
//
//   - When Execute returns a response, what it promises is durable in the store.
//   - State that exists and cannot be read is never replaced by a new TPM.
//   - Nothing is written while the storage lock belongs to somebody else.
//
// Start reading at Open. For a TPM inside a program or a test there is the shorter package simulator.
package govtpm
