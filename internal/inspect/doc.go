// Package inspect is "swtpm inspect": it tells what a saved state of a TPM 2.0 holds, for people and as JSON, without
// starting a TPM and without changing anything.
//
// Secrets are told only when they are asked for. A state that is damaged, encrypted or of a later version is no reason to
// stop: what can be told is told, and for the rest what is wrong, where, and what to do. Start at [Main]; what is told is
// in the type Report.
package inspect
