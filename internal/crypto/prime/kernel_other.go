//go:build !amd64 || purego

package prime

// haveLanes reports whether this machine can multiply.
func haveLanes() bool { return false }

func multiply(z, a, b, m, t *vector, k0, shift *[laneCount]uint64, digits int) {
	panic("prime: no vector arithmetic") // unreachable: see haveLanes
}
