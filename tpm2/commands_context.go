package tpm2

import (
	"govtpm/tpm2/wire"
)

// contextCommands are the commands of Part 3, clause 28.
func contextCommands() []command {
	return []command{
		{
			code: wire.CCContextSave, clause: "28.2",
			handles: []handleSpec{{"saveHandle", wire.TPMIDHContext, roleNone}},
			flags:   flagNoSession,
			run:     bare((*TPM).contextSave),
		},
		{
			code: wire.CCContextLoad, clause: "28.3",
			flags: flagNoSession | flagRHandle,
			run:   with((*TPM).contextLoad),
		},
		{
			code: wire.CCFlushContext, clause: "28.4",
			flags: flagNoSession,
			run:   with((*TPM).flushContext),
		},
		{
			code: wire.CCEvictControl, clause: "28.5",
			handles: []handleSpec{{"auth", wire.TPMIRHProvision, roleUser}, {"objectHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).evictControl),
		},
	}
}

// contextLoadParameters are the parameters of TPM2_ContextLoad (Part 3, 28.3).
type contextLoadParameters struct {
	context wire.TPMSContext // TPMS_CONTEXT
}

func (p *contextLoadParameters) fields() []field {
	return []field{
		{"context", &p.context},
	}
}

// flushContextParameters are the parameters of TPM2_FlushContext (Part 3, 28.4).
type flushContextParameters struct {
	flushHandle wire.Handle // TPMI_DH_CONTEXT
}

func (p *flushContextParameters) fields() []field {
	return []field{
		{"flushHandle", asHandle(&p.flushHandle, wire.TPMIDHContext)},
	}
}

// evictControlParameters are the parameters of TPM2_EvictControl (Part 3, 28.5).
type evictControlParameters struct {
	persistentHandle wire.Handle // TPMI_DH_PERSISTENT
}

func (p *evictControlParameters) fields() []field {
	return []field{
		{"persistentHandle", asHandle(&p.persistentHandle, wire.TPMIDHPersistent)},
	}
}
