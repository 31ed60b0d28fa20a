module govtpm

go 1.26.0

require (
	filippo.io/bigmod v0.1.0
	filippo.io/nistec v0.0.4
	golang.org/x/crypto v0.58.0
)

require golang.org/x/sys v0.49.0

require github.com/google/go-tpm v0.9.8

require github.com/google/go-attestation v0.6.1

require (
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/tools v0.26.0 // indirect
)
