package tpm2

import (
	"errors"

	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// wirePoint is a point as a structure; the zero value of curve.Point becomes the Empty Point.
func wirePoint(p curve.Point) *wire.TPM2BECCPoint {
	w := new(wire.TPM2BECCPoint)
	if !p.IsZero() {
		w.X, w.Y = p.X(), p.Y()
	}
	return w
}

// noResult turns the errors of point arithmetic into RCNoResult.
func noResult(err error) error {
	if errors.Is(err, curve.ErrInfinity) || errors.Is(err, ecc.ErrRandom) {
		return wire.RCNoResult
	}
	return internalf("point arithmetic: %w", err)
}

// ecdhKeyGen is TPM2_ECDH_KeyGen (Part 3, 14.4).
func (t *TPM) ecdhKeyGen(c *call) error {
	key := c.objects[0]
	if key.public.Type != wire.AlgECC {
		return wire.RCKey.Handle(1)
	}
	crv, q, err := eccPublicKey(&key.public)
	if err != nil {
		return wire.RCKey.Handle(1)
	}
	d, ephemeral, err := ecc.GenerateKey(crv, t.volatile.rand)
	if err != nil {
		return noResult(err)
	}
	defer d.Wipe()
	z, err := ecc.ECDH(crv, d, q)
	if err != nil {
		return noResult(err)
	}
	defer z.Wipe()
	wirePoint(z).Marshal(&c.out)
	wirePoint(ephemeral).Marshal(&c.out)
	return nil
}

// exchangeKey checks that handle 1 is a key that may be used in a key exchange.
func exchangeKey(key *object) error {
	if key.public.Type != wire.AlgECC {
		return wire.RCKey.Handle(1)
	}
	if !isUnrestrictedDecryptionKey(key) {
		return wire.RCAttributes.Handle(1)
	}
	return nil
}

// ecdhZGen is TPM2_ECDH_ZGen (Part 3, 14.5).
func (t *TPM) ecdhZGen(c *call, p *ecdhzGenParameters) error {
	key := c.objects[0]
	if err := exchangeKey(key); err != nil {
		return err
	}
	if s := key.public.Parameters.ECC.Scheme.Scheme; s != wire.AlgECDH && s != wire.AlgNull {
		return wire.RCScheme.Handle(1)
	}
	crv, d, err := t.eccKey(key)
	if err != nil {
		return err
	}
	q, err := crv.Point(p.inPoint.X, p.inPoint.Y)
	if err != nil {
		return wire.RCECCPoint.Parameter(1)
	}
	z, err := ecc.ECDH(crv, d, q)
	if err != nil {
		return noResult(err)
	}
	defer z.Wipe()
	wirePoint(z).Marshal(&c.out)
	return nil
}

// zGen2Phase is TPM2_ZGen_2Phase (Part 3, 14.7): a key exchange with two keys on each side. The TPM's ephemeral key is that of an
// EC_Ephemeral command.
func (t *TPM) zGen2Phase(c *call, p *zGen2PhaseParameters) error {
	if t.profile.demands(noECCDerivation) {
		return wire.RCType
	}
	key := c.objects[0]
	if err := exchangeKey(key); err != nil {
		return err
	}
	if own := key.public.Parameters.ECC.Scheme.Scheme; own != wire.AlgNull && own != p.inScheme {
		return wire.RCScheme.Parameter(3)
	}
	crv, d, err := t.eccKey(key)
	if err != nil {
		return err
	}
	staticB, err := crv.Point(p.inQsB.X, p.inQsB.Y)
	if err != nil {
		return wire.RCECCPoint.Parameter(1)
	}
	ephemeralB, err := crv.Point(p.inQeB.X, p.inQeB.Y)
	if err != nil {
		return wire.RCECCPoint.Parameter(2)
	}
	r, err := t.committedScalar(crv, p.counter, nil)
	if err != nil {
		return wire.RCValue.Parameter(4)
	}
	defer r.Wipe()
	a := ecc.Party{Static: d, Ephemeral: r}
	var z1, z2 curve.Point
	switch p.inScheme {
	case wire.AlgECDH:
		z1, z2, err = a.FullUnified(crv, staticB, ephemeralB)
	case wire.AlgECMQV:
		z1, err = a.MQV(crv, staticB, ephemeralB)
	case wire.AlgSM2:
		z1, err = a.SM2(crv, staticB, ephemeralB)
	default:
		return wire.RCScheme.Parameter(3)
	}
	if err != nil {
		return noResult(err)
	}
	t.endCommit(p.counter)
	wirePoint(z1).Marshal(&c.out)
	wirePoint(z2).Marshal(&c.out)
	return nil
}
