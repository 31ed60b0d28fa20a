package tpm2

import (
	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// ephemeralCommands are the commands of Part 3, clause 19.
func ephemeralCommands() []command {
	return []command{
		{
			code: wire.CCCommit, clause: "19.2",
			handles: []handleSpec{{"signHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagEncrypt,
			run:     with((*TPM).commit),
		},
		{
			code: wire.CCECEphemeral, clause: "19.3",
			flags: flagEncrypt,
			run:   with((*TPM).ecEphemeral),
		},
	}
}

// commitParameters are the parameters of TPM2_Commit (Part 3, 19.2).
type commitParameters struct {
	p1 wire.TPM2BECCPoint      // TPM2B_ECC_POINT
	s2 wire.TPM2BSensitiveData // TPM2B_SENSITIVE_DATA
	y2 wire.TPM2BECCParameter  // TPM2B_ECC_PARAMETER
}

func (p *commitParameters) fields() []field {
	return []field{
		{"P1", &p.p1},
		{"s2", &p.s2},
		{"y2", &p.y2},
	}
}

// ecEphemeralParameters are the parameters of TPM2_EC_Ephemeral (Part 3, 19.3).
type ecEphemeralParameters struct {
	curveID wire.Curve // TPMI_ECC_CURVE
}

func (p *ecEphemeralParameters) fields() []field {
	return []field{
		{"curveID", asCurve(&p.curveID)},
	}
}

// commit is TPM2_Commit (Part 3, 19.2; Part 1, 44.2.3): the first half of a signature with an anonymous scheme.
func (t *TPM) commit(c *call, p *commitParameters) error {
	if t.profile.demands(noECCDerivation) {
		return wire.RCType
	}
	key := c.objects[0]
	if key.public.Type != wire.AlgECC {
		return wire.RCKey.Handle(1)
	}
	if !isAnonymous(key.public.Parameters.ECC.Scheme.Scheme) {
		return wire.RCScheme.Handle(1)
	}
	if (len(p.s2) == 0) != (len(p.y2) == 0) {
		return wire.RCSize.Parameter(3)
	}
	crv, d, err := t.eccKey(key)
	if err != nil {
		return err
	}
	r, err := t.nextScalar(crv, key.name)
	if err != nil {
		return err
	}
	defer r.Wipe()
	var p1, p2 curve.Point
	if len(p.s2) != 0 {
		if digestSize(key.public.NameAlg) == 0 {
			return wire.RCHash.Handle(1)
		}
		if p2, err = ecc.CommitPoint(crv, hashFunc(key.public.NameAlg), p.s2, p.y2); err != nil {
			return wire.RCECCPoint.Parameter(2)
		}
	}
	if len(p.p1.X)+len(p.p1.Y) != 0 {
		if p1, err = crv.Point(p.p1.X, p.p1.Y); err != nil {
			return wire.RCECCPoint.Parameter(1)
		}
	}
	out, err := ecc.Commit(crv, d, r, p1, p2)
	if err != nil {
		return noResult(err)
	}
	wirePoint(out.K).Marshal(&c.out)
	wirePoint(out.L).Marshal(&c.out)
	wirePoint(out.E).Marshal(&c.out)
	c.out.Uint16(t.openCommit())
	return nil
}

// ecEphemeral is TPM2_EC_Ephemeral (Part 3, 19.3): an ephemeral key for TPM2_ZGen_2Phase.
func (t *TPM) ecEphemeral(c *call, p *ecEphemeralParameters) error {
	if t.profile.demands(noECCDerivation) {
		return wire.RCType
	}
	crv := curve.ByID(uint16(p.curveID))
	if crv == nil {
		return wire.RCNoResult
	}
	r, err := t.nextScalar(crv, nil)
	if err != nil {
		return err
	}
	defer r.Wipe()
	q, err := crv.BaseMult(r)
	if err != nil {
		return noResult(err)
	}
	wirePoint(q).Marshal(&c.out)
	c.out.Uint16(t.openCommit())
	return nil
}
