// Package govtpm is a software TPM as a Go value.
package govtpm
