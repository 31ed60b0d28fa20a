package tpm2

import (
	"govtpm/tpm2/wire"
)

// startupCommands are the commands of Part 3, clause 9.
func startupCommands() []command {
	return []command{
		{
			code: wire.CCStartup, clause: "9.3",
			flags: flagNV | flagNoSession,
			run:   with((*TPM).startup),
		},
		{
			code: wire.CCShutdown, clause: "9.4",
			flags: flagNV,
			run:   with((*TPM).shutdown),
		},
	}
}

// startupParameters are the parameters of TPM2_Startup (Part 3, 9.3).
type startupParameters struct {
	startupType wire.SU // TPM_SU
}

func (p *startupParameters) fields() []field {
	return []field{
		{"startupType", &p.startupType},
	}
}

// shutdownParameters are the parameters of TPM2_Shutdown (Part 3, 9.4).
type shutdownParameters struct {
	shutdownType wire.SU // TPM_SU
}

func (p *shutdownParameters) fields() []field {
	return []field{
		{"shutdownType", &p.shutdownType},
	}
}
