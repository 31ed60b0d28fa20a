package tpm2

import (
	"govtpm/tpm2/wire"
)

// fieldUpgradeCommands are the commands of Part 3, clause 27. They have no action, as in libtpms: the firmware of this TPM is the program, which
// its host replaces; a guest must not.
func fieldUpgradeCommands() []command {
	return []command{
		{
			code: wire.CCFieldUpgradeStart, clause: "27.2",
			handles: []handleSpec{{"authorization", wire.TPMIRHPlatform, roleAdmin}, {"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagNotRO,
			pp:      ppOptional,
			run:     described[fieldUpgradeStartParameters](),
		},
		{
			code: wire.CCFieldUpgradeData, clause: "27.3",
			flags: flagNV | flagDecrypt | flagNotRO,
			run:   described[fieldUpgradeDataParameters](),
		},
		{
			code: wire.CCFirmwareRead, clause: "27.4",
			flags: flagEncrypt,
			run:   described[firmwareReadParameters](),
		},
	}
}

// fieldUpgradeStartParameters are the parameters of TPM2_FieldUpgradeStart (Part 3, 27.2).
type fieldUpgradeStartParameters struct {
	fuDigest          wire.TPM2BDigest   // TPM2B_DIGEST
	manifestSignature wire.TPMTSignature // TPMT_SIGNATURE
}

func (p *fieldUpgradeStartParameters) fields() []field {
	return []field{
		{"fuDigest", &p.fuDigest},
		{"manifestSignature", &p.manifestSignature},
	}
}

// fieldUpgradeDataParameters are the parameters of TPM2_FieldUpgradeData (Part 3, 27.3).
type fieldUpgradeDataParameters struct {
	fuData wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *fieldUpgradeDataParameters) fields() []field {
	return []field{
		{"fuData", &p.fuData},
	}
}

// firmwareReadParameters are the parameters of TPM2_FirmwareRead (Part 3, 27.4).
type firmwareReadParameters struct {
	sequenceNumber uint32 // UINT32
}

func (p *firmwareReadParameters) fields() []field {
	return []field{
		{"sequenceNumber", asUint32(&p.sequenceNumber)},
	}
}
