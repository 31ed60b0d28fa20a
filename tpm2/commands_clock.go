package tpm2

import (
	"govtpm/tpm2/wire"
)

// clockCommands are the commands of Part 3, clause 29.
func clockCommands() []command {
	return []command{
		{
			code: wire.CCReadClock, clause: "29.1",
			run: bare((*TPM).readClock),
		},
		{
			code: wire.CCClockSet, clause: "29.2",
			handles: []handleSpec{{"auth", wire.TPMIRHProvision, roleUser}},
			flags:   flagNV | flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).clockSet),
		},
		{
			code: wire.CCClockRateAdjust, clause: "29.3",
			handles: []handleSpec{{"auth", wire.TPMIRHProvision, roleUser}},
			flags:   flagNotRO,
			pp:      ppOptional,
			run:     with((*TPM).clockRateAdjust),
		},
	}
}

// clockSetParameters are the parameters of TPM2_ClockSet (Part 3, 29.2).
type clockSetParameters struct {
	newTime uint64 // UINT64
}

func (p *clockSetParameters) fields() []field {
	return []field{
		{"newTime", asUint64(&p.newTime)},
	}
}

// clockRateAdjustParameters are the parameters of TPM2_ClockRateAdjust (Part 3, 29.3).
type clockRateAdjustParameters struct {
	rateAdjust wire.ClockAdjust // TPM_CLOCK_ADJUST
}

func (p *clockRateAdjustParameters) fields() []field {
	return []field{
		{"rateAdjust", &p.rateAdjust},
	}
}
