package tpm2

import (
	"govtpm/internal/crypto/curve"
	"govtpm/internal/crypto/ecc"
	"govtpm/tpm2/wire"
)

// Commit random values: secret scalars that one command uses up to a point and a later one completes, remembered by number
// (Part 1, 44.2.2 and 44.2.5).

// splitMax is SPLIT_MAX, how many commitments can be open: the bits of stateReset.commitArray. It is a power of two.
const splitMax = 128

// nextScalar is the commit random value that the next commitment will have, for a key with this name. Code: RCNoResult.
func (t *TPM) nextScalar(c *curve.Curve, name []byte) (curve.Scalar, error) {
	return t.commitScalar(c, name, t.stateReset.commitCounter)
}

func (t *TPM) commitScalar(c *curve.Curve, name []byte, count uint64) (curve.Scalar, error) {
	r, err := ecc.CommitScalar(c, hashFunc(contextHashAlg), t.stateReset.commitNonce, name, count)
	if err != nil {
		return curve.Scalar{}, wire.RCNoResult
	}
	return r, nil
}

// openCommit opens the next commitment and returns its number. A saved state would know nothing of it and give away its scalar
// again, so an orderly shutdown does not hold any more.
func (t *TPM) openCommit() uint16 {
	t.clearOrderly()
	s := &t.stateReset
	number := uint16(s.commitCounter)
	s.commitCounter++
	i := number % splitMax
	s.commitArray[i/8] |= 1 << (i % 8)
	return number
}

// isCommitted reports whether a commitment is open.
func (t *TPM) isCommitted(number uint16) bool {
	_, ok := t.commitCount(number)
	return ok
}

// commitCount is what the counter was when an open commitment was made.
func (t *TPM) commitCount(number uint16) (count uint64, ok bool) {
	i := number % splitMax
	count = t.stateReset.commitCounter
	if uint64(i) >= count%splitMax { // of the round before
		count -= splitMax
	}
	ok = t.stateReset.commitArray[i/8]>>(i%8)&1 != 0 && uint16(count)/splitMax == number/splitMax
	return count&^0xFFFF | uint64(number), ok
}

// committedScalar is the commit random value of an open commitment. Code: RCValue.
func (t *TPM) committedScalar(c *curve.Curve, number uint16, name []byte) (curve.Scalar, error) {
	count, ok := t.commitCount(number)
	if !ok {
		return curve.Scalar{}, wire.RCValue
	}
	return t.commitScalar(c, name, count)
}

// endCommit closes a commitment: its value must not be used again.
func (t *TPM) endCommit(number uint16) {
	t.clearOrderly()
	i := number % splitMax
	t.stateReset.commitArray[i/8] &^= 1 << (i % 8)
}
