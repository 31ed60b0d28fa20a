package tpm2

import "govtpm/tpm2/wire"

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

// lastCommand is the highest command code of Part 2, 6.5.2 (TPM2_SignSequenceStart).
const lastCommand = 0x1AA

// A Profile says what a TPM offers: commands, algorithms, attributes and the format level of its state.
type Profile struct {
	name             string
	stateFormatLevel int
	commands         commandSet
	limits           *wire.Limits
}

// hasCommand reports whether the profile offers a command.
func (p *Profile) hasCommand(c *command) bool { return p.commands.has(c.code) }
