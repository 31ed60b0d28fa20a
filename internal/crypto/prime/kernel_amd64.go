//go:build amd64 && !purego

package prime

import "golang.org/x/sys/cpu"

// haveLanes reports whether this machine can multiply.
func haveLanes() bool { return cpu.X86.HasAVX512F && cpu.X86.HasAVX512IFMA }

// multiply sets z = a·b/R·2^shift mod m in every lane, where R = 2^(52·digits)
// and m·k0 = −1 mod 2^52. Operands and result are below 4m, and R must be at
// least 2^8·m; shift is 0 or 1. Only the first digits of the vectors are used,
// two at least. t is scratch space; z may be a or b.
//
//go:noescape
func multiply(z, a, b, m, t *vector, k0, shift *[laneCount]uint64, digits int)
