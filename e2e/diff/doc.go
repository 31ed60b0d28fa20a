// Package diff is a differential test of the engine: the same commands, made up from a seed, run on package tpm2 in this
// process and on an installed swtpm with libtpms, both started from the same permanent state, and every response is
// compared, byte by byte where nothing random is in it.
//
//	GOVTPM_E2E=1 go test -v ./e2e/diff
//
// Without GOVTPM_E2E the test is skipped; GOVTPM_E2E_LONG=1 makes it long, GOVTPM_E2E_COMMANDS=N as long as is wanted,
// GOVTPM_E2E_SEED=N another run than that of seed 1, GOVTPM_E2E_SEQUENCE=N one sequence of it, and GOVTPM_E2E_TRACE=1 prints every command.
// With LD_LIBRARY_PATH leading to another libtpms, that one is compared with; what commands it has beyond libtpms 0.9 are tried as well
// (newer_test.go).
//
// Differences that are meant are lines of testdata/differences.txt, each with its reason. One that leaves the two in different
// states ends the sequence, after which both start again from the common state, or is settled at once (settle_test.go).
//
// Start at diff_test.go for the run, generic_test.go for commands made from the engine's own table, and world_test.go for
// what the generators know of the two TPMs.
package diff
