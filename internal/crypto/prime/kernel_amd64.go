//go:build amd64 && !purego

package prime

import "golang.org/x/sys/cpu"

// kernelFor returns the kernel for primes of a size and its number of digits,
// or nil if candidates are better screened one by one.
func kernelFor(size int) (k kernel, digits int) {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512IFMA {
		return nil, 0
	}
	switch size {
	case 512:
		return multiply10, 10
	case 1024:
		return multiply20, 20
	case 1536:
		return multiply30, 30
	}
	return nil, 0
}

// The kernels, in kernel_amd64.s.

//go:noescape
func multiply10(z, a, b, m *vector, k0, shift *[laneCount]uint64)

//go:noescape
func multiply20(z, a, b, m *vector, k0, shift *[laneCount]uint64)

//go:noescape
func multiply30(z, a, b, m *vector, k0, shift *[laneCount]uint64)
