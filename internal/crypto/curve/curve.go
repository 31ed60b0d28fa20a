package curve

import "errors"

// Errors of this package. ErrNotOnCurve is for coordinates that are no point
// of the curve, ErrInfinity for a result (or operand) that is the point at
// infinity, ErrScalarRange for a number that is not below the order.
var (
	ErrNotOnCurve  = errors.New("curve: point not on curve")
	ErrInfinity    = errors.New("curve: point at infinity")
	ErrScalarRange = errors.New("curve: scalar not below the order")
)

// Curve is one elliptic curve, immutable and usable from many goroutines. There
// is one *Curve per curve, so pointers may be compared.
type Curve struct {
	id     uint16
	name   string
	bits   int // bits of the field
	params Parameters
	order  *modulus
	arith  arithmetic
}

// Parameters are the numbers that define a curve, big-endian, in the sizes of
// TPM2_ECC_Parameters as libtpms answers it: those of the field, except that
// H, and A where it is zero, are a single byte (Part 2, 11.2.5.8,
// TPMS_ALGORITHM_DETAIL_ECC). The slices must not be modified.
type Parameters struct {
	P, A, B, Gx, Gy, N, H []byte
}

// arithmetic is what differs between the curves. Points are in the uncompressed
// or infinity encoding of SEC 1, 2.3.3, and have been checked before; scalars
// are big-endian of the order's size.
type arithmetic interface {
	onCurve(p []byte) bool
	baseMult(k []byte) []byte
	mult(k, p []byte) []byte
	combined(a, b, p []byte) []byte
	add(p, q []byte) []byte
}

// ID is the TPM_ECC_CURVE number (Part 2, 6.4).
func (c *Curve) ID() uint16 { return c.id }

// Name is a short name such as "P-256" or "BN P-638".
func (c *Curve) Name() string { return c.name }

// BitSize is the size of the field in bits, the keySize of the curve.
func (c *Curve) BitSize() int { return c.bits }

// Size is the size of a coordinate in bytes.
func (c *Curve) Size() int { return (c.bits + 7) / 8 }

// OrderBitLen is the bit length of the order of the generator.
func (c *Curve) OrderBitLen() int { return c.order.bits }

// OrderSize is the size of the order in bytes.
func (c *Curve) OrderSize() int { return c.order.size }

// Parameters returns the defining numbers.
func (c *Curve) Parameters() Parameters { return c.params }

// Point is a point other than infinity, on the curve it was made for. The zero
// value stands for "no point" and is an error (ErrInfinity) as an operand.
type Point struct {
	enc []byte // 4 ‖ x ‖ y
}

// X returns the x-coordinate, padded to the size of the field. The slice must
// not be modified.
func (p Point) X() []byte { return p.half(0) }

// Y returns the y-coordinate, padded to the size of the field. The slice must
// not be modified.
func (p Point) Y() []byte { return p.half(1) }

func (p Point) half(i int) []byte {
	if len(p.enc) == 0 {
		return nil
	}
	n := len(p.enc) / 2
	return p.enc[1+i*n : 1+(i+1)*n : 1+(i+1)*n]
}

// IsZero tells whether p is the zero value.
func (p Point) IsZero() bool { return len(p.enc) == 0 }

// Wipe overwrites the coordinates.
func (p Point) Wipe() { clear(p.enc) }

// Point checks that (x, y) is on the curve and returns it. Coordinates may come
// with missing or surplus leading zero bytes.
func (c *Curve) Point(x, y []byte) (Point, error) {
	n := c.Size()
	x, okX := fit(x, n)
	y, okY := fit(y, n)
	if !okX || !okY {
		return Point{}, ErrNotOnCurve
	}
	enc := make([]byte, 1+2*n)
	enc[0] = 4
	copy(enc[1+n-len(x):], x)
	copy(enc[1+2*n-len(y):], y)
	if !c.arith.onCurve(enc) {
		return Point{}, ErrNotOnCurve
	}
	return Point{enc}, nil
}

// PointModP is Point with x taken modulo p first, as TPM2_Commit wants it
// (Part 1, 44.2.3, step 3).
func (c *Curve) PointModP(x, y []byte) (Point, error) {
	p := newModulus(c.params.P)
	var v nat
	p.reduceWide(&v, x)
	b := make([]byte, c.Size())
	v.fillBytes(b)
	return c.Point(b, y)
}

// Generator returns G.
func (c *Curve) Generator() Point {
	p, _ := c.Point(c.params.Gx, c.params.Gy) // a test holds that it is on the curve
	return p
}

// BaseMult returns k·G.
func (c *Curve) BaseMult(k Scalar) (Point, error) {
	var buf [maxLimbs * 8]byte
	defer clear(buf[:])
	b := buf[:c.order.size]
	k.fillBytes(b)
	return result(c.arith.baseMult(b))
}

// Mult returns k·p.
func (c *Curve) Mult(k Scalar, p Point) (Point, error) {
	if !c.owns(p) {
		return Point{}, ErrInfinity
	}
	var buf [maxLimbs * 8]byte
	defer clear(buf[:])
	b := buf[:c.order.size]
	k.fillBytes(b)
	return result(c.arith.mult(b, p.enc))
}

// CombinedMult returns a·G + b·p.
func (c *Curve) CombinedMult(a, b Scalar, p Point) (Point, error) {
	if !c.owns(p) {
		return Point{}, ErrInfinity
	}
	return result(c.arith.combined(a.Bytes(), b.Bytes(), p.enc))
}

// Add returns p + q.
func (c *Curve) Add(p, q Point) (Point, error) {
	if !c.owns(p) || !c.owns(q) {
		return Point{}, ErrInfinity
	}
	return result(c.arith.add(p.enc, q.enc))
}

// owns tells whether p can be a point of c; a point of another curve of the
// same size is the caller's mistake and is caught by the arithmetic's check.
func (c *Curve) owns(p Point) bool { return len(p.enc) == 1+2*c.Size() }

// result turns an encoding into a Point; the infinity encoding is one byte.
func result(enc []byte) (Point, error) {
	if len(enc) <= 1 {
		return Point{}, ErrInfinity
	}
	return Point{enc}, nil
}
