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
			run:   with((*TPM).getRandom),
		},
		{
			code: wire.CCStirRandom, clause: "16.2",
			flags: flagNV | flagDecrypt,
			run:   with((*TPM).stirRandom),
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

// getRandom is TPM2_GetRandom (Part 3, 16.1): at most a digest's worth of random bytes.
func (t *TPM) getRandom(c *call, p *getRandomParameters) error {
	b := make([]byte, min(int(p.bytesRequested), t.limits.MaxDigest))
	if err := t.random(b); err != nil {
		return err
	}
	c.out.TPM2B(b)
	return nil
}

// stirRandom is TPM2_StirRandom (Part 3, 16.2): the generator takes in fresh entropy and the caller's data.
func (t *TPM) stirRandom(_ *call, p *stirRandomParameters) error {
	if err := t.volatile.rand.Reseed(p.inData); err != nil {
		return internalf("generator: %w", err)
	}
	return nil
}
