package prime

import (
	"encoding/binary"
	"math/bits"
)

// laneCount is how many candidates one vector computation screens.
const laneCount = 8

const (
	digitBits = 52
	maxDigits = (maxLaneBits+slack)/digitBits + 1
	// maxLaneBits is the size of the largest candidates screened in lanes.
	maxLaneBits = 2048
	// slack is how many bits more than a candidate R must have.
	slack = 8
)

// vector holds one number per lane as digits of 52 bits, digit by digit.
type vector [maxDigits][laneCount]uint64

// lanes is a Fermat test with base 2 of up to eight candidates side by side,
// in Montgomery form with R = 2^(52·digits). It multiplies "almost": all values
// stay below 4m instead of m.
type lanes struct {
	digits  int
	m, z, t vector
	k0      [laneCount]uint64 // −m^−1 mod 2^52
	shift   [laneCount]uint64
}

// canUseLanes reports whether candidates of a size are best screened in lanes.
func canUseLanes(size int) bool { return size <= maxLaneBits && haveLanes() }

// screenLanes screens up to eight candidates of one size for which canUseLanes
// holds. It is constant time.
//
// It computes 2^−(t−1) instead of 2^(t−1), which is 1 for the same t, because
// a start value is then at hand without a division: with T the top bits of
// t−1, rounded up, the number 2^(log R − T) stands for 2^−T.
func screenLanes(batch []*candidate) {
	size := 8 * len(batch[0].bytes)
	digits := digitsFor(size)
	l := &lanes{digits: digits}
	topBits := topBitsFor(size, digits)
	steps := size - topBits
	var rest [laneCount][]uint64 // T·2^steps − (t−1)
	for i := range laneCount {
		c := batch[min(i, len(batch)-1)] // idle lanes repeat the last one
		t := make([]uint64, size/64)
		for j := range t {
			t[j] = binary.BigEndian.Uint64(c.bytes[size/8-8*(j+1):])
		}
		l.k0[i] = -inverse(t[0]) & (1<<digitBits - 1)
		for j := range digits {
			l.m[j][i] = digit(t, j)
		}
		t[0]-- // t is odd
		top := t[len(t)-1]>>(64-topBits) + 1
		l.setBit(i, digitBits*digits-int(top))
		// T·2^steps − (t−1) is −(t−1) mod 2^steps, unless the low bits are
		// all zero; then a prime could be missed, with probability 2^-steps.
		rest[i] = negate(t)
	}
	for s := steps - 1; s >= 0; s-- {
		for i := range rest {
			l.shift[i] = rest[i][s/64] >> (s % 64) & 1
		}
		l.multiply(&l.z)
	}
	var one vector
	one[0] = [laneCount]uint64{1, 1, 1, 1, 1, 1, 1, 1}
	l.shift = [laneCount]uint64{}
	l.multiply(&one)
	for i, c := range batch {
		c.composite = !l.isOne(i)
	}
	for i := range rest {
		clear(rest[i])
	}
	*l = lanes{}
}

// multiply sets z = z·b/R·2^shift.
func (l *lanes) multiply(b *vector) {
	multiply(&l.z, &l.z, b, &l.m, &l.t, &l.k0, &l.shift, l.digits)
}

// digitsFor is the number of digits for candidates of a size.
func digitsFor(size int) int { return (size + slack + digitBits - 1) / digitBits }

// topBitsFor says how many leading bits of t−1 make the start value 2^(log R −
// T): as few as keep it below t. A candidate's first bits are at least 0.7.
func topBitsFor(size, digits int) int {
	return bits.Len(uint(digitBits*digits-size)*10/7 + 1)
}

func (l *lanes) setBit(lane, bit int) { l.z[bit/digitBits][lane] = 1 << (bit % digitBits) }

func (l *lanes) isOne(lane int) bool {
	acc := l.z[0][lane] ^ 1
	for j := 1; j < l.digits; j++ {
		acc |= l.z[j][lane]
	}
	return acc == 0
}

// digit returns the 52 bits of x at position j.
func digit(x []uint64, j int) uint64 {
	w, s := j*digitBits/64, j*digitBits%64
	if w >= len(x) {
		return 0
	}
	d := x[w] >> s
	if s > 64-digitBits && w+1 < len(x) {
		d |= x[w+1] << (64 - s)
	}
	return d & (1<<digitBits - 1)
}

// inverse returns x^−1 mod 2^64 for odd x, by Newton's iteration.
func inverse(x uint64) uint64 {
	y := x
	for range 5 {
		y *= 2 - x*y
	}
	return y
}

// negate replaces x by −x mod 2^(64·len(x)).
func negate(x []uint64) []uint64 {
	c := uint64(1)
	for i := range x {
		x[i], c = bits.Add64(^x[i], 0, c)
	}
	return x
}
