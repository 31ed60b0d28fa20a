// Package setup is the program swtpm_setup: it manufactures a TPM, giving a fresh one its keys, certificates, NV indexes and PCR banks.
//
// What happens to the TPM, in which order and at which handles, is that of swtpm_setup 0.11, so that the state of two TPMs made with
// the same options differs in nothing but their secrets. The steps run against any TPM (see TPM); manufacture.go has their order,
// template.go the keys.
package setup
