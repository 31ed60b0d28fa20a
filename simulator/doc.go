// Package simulator is a TPM 2.0 inside a Go program, for tests and experiments: no device, no socket, no cgo, no global
// state. As many simulators as wanted live beside each other.
//
// [Get] returns a TPM that is powered on and started. It is an io.ReadWriteCloser and a transport.TPM of go-tpm, so that
//
//	sim, err := simulator.Get()
//	...
//	rsp, err := tpm2.GetRandom{BytesRequested: 16}.Execute(sim)
//
// works as it stands. The functions and methods have the names that programs know from other simulators.
//
// What they do not cover is behind [Simulator.TPM]: state to be saved and loaded, secure channels, localities.
package simulator
