// Package serve is the data channel: it finds TPM commands in what connections
// deliver, has them executed, and returns the responses.
//
// It promises that a command arrives whole however it was cut up on the way,
// that one client at a time is served, and that no stream of bytes can make it
// panic, allocate without bound, or hold up anybody but its sender. Start at
// [Server].
package serve
