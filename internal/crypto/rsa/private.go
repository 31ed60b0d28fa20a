package rsa

import (
	"bytes"
	"sync"

	"filippo.io/bigmod"
)

// PrivateKey is a private key set up for use.
type PrivateKey struct {
	PublicKey
	prime  []byte // the prime the key was made from
	p, q   *bigmod.Modulus
	dP, dQ []byte

	once sync.Once // guards qInv, which only private operations need
	qInv *bigmod.Nat
}

// NewPrivateKey sets up a key from its public part and one of its two primes,
// the form in which a TPM stores it (Part 2, 12.3.2.4). The prime must divide
// the modulus and both primes must have half its size with the first bit set
// (Part 1, 43.1); whether they are prime is not examined.
func NewPrivateKey(n []byte, e uint32, prime []byte) (*PrivateKey, error) {
	pub, err := NewPublicKey(n, e)
	if err != nil {
		return nil, err
	}
	half := len(n) / 2
	if len(n)%16 != 0 || len(prime) != half || prime[0]&0x80 == 0 || prime[half-1]&1 == 0 {
		return nil, ErrKey
	}
	p, nWords := toWords(prime), toWords(n)
	q := exactQuotient(nWords, p)
	defer clear(nWords)
	defer clear(p)
	defer clear(q)
	k := &PrivateKey{PublicKey: *pub, prime: append([]byte(nil), prime...)}
	other := toBytes(q)
	defer clear(other)
	if product, err := bigmod.NewModulusProduct(prime, other); err != nil || other[0]&0x80 == 0 ||
		!equal(product.Nat().Bytes(product), n) {
		k.Wipe()
		return nil, ErrKey
	}
	if k.dP, err = crtExponent(p, e); err == nil {
		k.dQ, err = crtExponent(q, e)
	}
	if err == nil {
		k.p, err = bigmod.NewModulus(prime)
	}
	if err == nil {
		k.q, err = bigmod.NewModulus(other)
	}
	if err != nil {
		k.Wipe()
		return nil, ErrKey
	}
	return k, nil
}

// Prime returns a copy of the prime the key was made from, the sensitive value
// of the object.
func (k *PrivateKey) Prime() []byte { return append([]byte(nil), k.prime...) }

// CRT returns the values for the Chinese remainder theorem (RFC 8017, 3.2) that
// saved state has beside the prime: the other prime; 1/e modulo the larger
// prime less one and modulo the smaller one less one; the inverse of the
// smaller prime modulo the larger.
func (k *PrivateKey) CRT() (other, dP, dQ, qInv []byte) {
	if k.p == nil {
		return nil, nil, nil, nil // wiped
	}
	other = k.q.Nat().Bytes(k.q)
	large, small, dP, dQ := k.p, k.q, k.dP, k.dQ
	if bytes.Compare(k.prime, other) < 0 {
		large, small, dP, dQ = small, large, dQ, dP
	}
	return other, bytes.Clone(dP), bytes.Clone(dQ), inverse(small, large).Bytes(large)
}

// Wipe forgets the private part, as far as bigmod lets go of its copies; the
// key serves public operations only afterwards.
func (k *PrivateKey) Wipe() {
	clear(k.prime)
	clear(k.dP)
	clear(k.dQ)
	if k.qInv != nil {
		clear(k.qInv.Bits())
	}
	k.prime, k.dP, k.dQ, k.p, k.q, k.qInv = nil, nil, nil, nil, nil, nil
}

// Decrypt is RSADP (Part 1, 43.3) without padding, the NULL scheme. The input
// must have the size of the modulus, and so has the result.
func (k *PrivateKey) Decrypt(c []byte) ([]byte, error) {
	if k.p == nil {
		return nil, ErrKey // wiped
	}
	if len(c) != k.size {
		return nil, ErrLength
	}
	x, err := bigmod.NewNat().SetBytes(c, k.n)
	if err != nil {
		return nil, ErrOutOfRange
	}
	return k.private(x)
}

// private computes x^d mod n from its residues (RFC 8017, 5.1.2) and checks
// the result with the public operation, so that neither a fault nor a bad key
// releases anything that tells the factors.
func (k *PrivateKey) private(x *bigmod.Nat) ([]byte, error) {
	k.once.Do(func() { k.qInv = inverse(k.q, k.p) })

	// The halves are equal work; running them side by side nearly halves the
	// time where there is a second processor.
	var mq *bigmod.Nat
	var wg sync.WaitGroup
	wg.Go(func() { mq = residuePower(x, k.dQ, k.q) })
	mp := residuePower(x, k.dP, k.p)
	wg.Wait()

	// m = mq + q·((mp − mq)·qInv mod p)
	h := bigmod.NewNat().Mod(mq, k.p)
	h = mp.Sub(h, k.p)
	h.Mul(k.qInv, k.p)
	m := h.ExpandFor(k.n)
	m.Mul(k.q.Nat().ExpandFor(k.n), k.n)
	m.Add(mq.ExpandFor(k.n), k.n)

	if k.exp(m).Equal(x) != 1 {
		return nil, ErrFault
	}
	return m.Bytes(k.n), nil
}

func residuePower(x *bigmod.Nat, d []byte, m *bigmod.Modulus) *bigmod.Nat {
	r := bigmod.NewNat().Mod(x, m)
	return bigmod.NewNat().Exp(r, d, m)
}

// inverse computes a^−1 mod p as a^(p−2), in constant time.
func inverse(a, p *bigmod.Modulus) *bigmod.Nat {
	e := p.Nat().SubOne(p).SubOne(p)
	r := bigmod.NewNat().Mod(a.Nat(), p)
	return bigmod.NewNat().Exp(r, e.Bytes(p), p)
}
