package tpm2

import (
	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/rsa"
	"govtpm/tpm2/wire"
)

// Keys of objects in the form that the cryptography works with.

// keyCache is what is set up from the sensitive area of a key, once per loaded object.
type keyCache struct {
	rsa    *rsa.PrivateKey
	curve  *curve.Curve // nil until scalar is set up
	scalar curve.Scalar
}

// wipe overwrites the keys; they are not to be used any more.
func (k *keyCache) wipe() {
	if k == nil {
		return
	}
	if k.rsa != nil {
		k.rsa.Wipe()
	}
	k.scalar.Wipe()
	*k = keyCache{}
}

// rsaExponent is the public exponent of an RSA object (Part 2, 12.2.3.4).
func rsaExponent(pub *wire.TPMTPublic) uint32 {
	if e := pub.Parameters.RSA.Exponent; e != 0 {
		return e
	}
	return rsa.DefaultExponent
}

// rsaPublicKey is the public key of an RSA object. The error tells that modulus or exponent make no key.
func rsaPublicKey(pub *wire.TPMTPublic) (*rsa.PublicKey, error) {
	return rsa.NewPublicKey(pub.Unique.RSA, rsaExponent(pub))
}

// eccPublicKey is the curve and the public point of an ECC object. The error tells that the point is not on the curve.
func eccPublicKey(pub *wire.TPMTPublic) (*curve.Curve, curve.Point, error) {
	c := curve.ByID(uint16(pub.Parameters.ECC.CurveID))
	if c == nil {
		return nil, curve.Point{}, curve.ErrNotOnCurve
	}
	q, err := c.Point(pub.Unique.ECC.X, pub.Unique.ECC.Y)
	return c, q, err
}

// newRSAKey sets up the private key of an RSA object. RCBinding without position: the prime does not belong to the modulus.
func newRSAKey(pub *wire.TPMTPublic, s *wire.TPMTSensitive) (*rsa.PrivateKey, error) {
	k, err := rsa.NewPrivateKey(pub.Unique.RSA, rsaExponent(pub), s.Sensitive.RSA)
	if err != nil {
		return nil, wire.RCBinding
	}
	return k, nil
}

// newScalar sets up the private key of an ECC object. RCKeySize without position: it is zero or not below the order.
func newScalar(pub *wire.TPMTPublic, s *wire.TPMTSensitive) (*curve.Curve, curve.Scalar, error) {
	c := curve.ByID(uint16(pub.Parameters.ECC.CurveID))
	if c == nil {
		return nil, curve.Scalar{}, wire.RCCurve
	}
	d, err := c.Scalar(s.Sensitive.ECC)
	if err != nil || d.IsZero() {
		return nil, curve.Scalar{}, wire.RCKeySize
	}
	return c, d, nil
}

// rsaKey is the private key of an RSA object; it belongs to the object. RCKey, RCBinding without position: there is none.
func (t *TPM) rsaKey(o *object) (*rsa.PrivateKey, error) {
	cache, err := o.keys()
	if err != nil {
		return nil, err
	}
	if cache.rsa == nil {
		if cache.rsa, err = newRSAKey(&o.public, &o.sensitive); err != nil {
			return nil, err
		}
	}
	return cache.rsa, nil
}

// eccKey is the curve and the private key of an ECC object. RCKey, RCKeySize, RCCurve without position: there is none.
func (t *TPM) eccKey(o *object) (*curve.Curve, curve.Scalar, error) {
	cache, err := o.keys()
	if err != nil {
		return nil, curve.Scalar{}, err
	}
	if cache.curve == nil {
		if cache.curve, cache.scalar, err = newScalar(&o.public, &o.sensitive); err != nil {
			return nil, curve.Scalar{}, err
		}
	}
	return cache.curve, cache.scalar, nil
}

// keys is the cache of o. RCKey without position: o has no private part.
func (o *object) keys() (*keyCache, error) {
	if o.publicOnly {
		return nil, wire.RCKey
	}
	if o.privateKeys == nil {
		o.privateKeys = new(keyCache)
	}
	return o.privateKeys, nil
}
