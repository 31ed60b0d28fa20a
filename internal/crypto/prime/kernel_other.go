//go:build !amd64 || purego

package prime

// kernelFor has no kernel to offer here: candidates are screened one by one.
func kernelFor(size int) (k kernel, digits int) { return nil, 0 }
