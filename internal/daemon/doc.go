// Package daemon is the program swtpm: a TPM process with a control channel and
// a data channel, on sockets, on a character device or as a CUSE device, driven
// by swtpm's command line.
//
// [Main] is the program; [Program] is the same with its surroundings as values,
// for tests. Where the TPM comes from is file open.go alone.
package daemon
