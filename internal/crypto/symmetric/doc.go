// Package symmetric is the block ciphers of a TPM 2.0 and the modes it uses
// them in: CTR, OFB, CBC, CFB and ECB with the chaining value carried from one
// command to the next (Part 3, 15.1, "Symmetric Chaining Process"), CMAC, and
// the rules for Triple-DES keys.
//
// Promises: the constants are those of TPM_ALG_ID; every refusal is one of the
// sentinel errors and leaves output and IV untouched; output may be written over
// the input. All ciphers take a time that does not depend on key and data; AES is
// the standard library's, and does so where the processor has instructions for
// it, as those of amd64, arm64, ppc64le and s390x do.
//
// Start at cipher.go, then modes.go.
package symmetric
