package tpm2

// Identity of this TPM to its clients: the one libtpms gives, so that they see the TPM they know
// (Part 2, 6.13, TPM_PT).
const (
	manufacturer  = 0x49424D00 // "IBM"
	vendorString1 = 0x53572020 // "SW  "
	vendorString2 = 0x2054504D // " TPM"
	vendorTPMType = 1
	firmwareV1    = 0x20240125
	firmwareV2    = 0x00120000
)
