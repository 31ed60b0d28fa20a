//go:build !unix

package certtool

// noFollow has no counterpart here.
const noFollow = 0
