package tpm2

import (
	"govtpm/tpm2/wire"
)

// randomCommands are the commands of Part 3, clause 16.
func randomCommands() []command {
	return []command{
		{
			code: wire.CCGetRandom, clause: "16.1",
			flags: flagEncrypt,
		},
		{
			code: wire.CCStirRandom, clause: "16.2",
			flags: flagNV | flagDecrypt,
		},
	}
}

// getRandomParameters are the parameters of TPM2_GetRandom (Part 3, 16.1).
type getRandomParameters struct {
	bytesRequested uint16 // UINT16
}

func (p *getRandomParameters) fields() []field {
	return []field{
		{"bytesRequested", asUint16(&p.bytesRequested)},
	}
}

// stirRandomParameters are the parameters of TPM2_StirRandom (Part 3, 16.2).
type stirRandomParameters struct {
	inData wire.TPM2BSensitiveData // TPM2B_SENSITIVE_DATA
}

func (p *stirRandomParameters) fields() []field {
	return []field{
		{"inData", &p.inData},
	}
}
