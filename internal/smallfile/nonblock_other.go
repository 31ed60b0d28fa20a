//go:build !unix

package smallfile

// NonBlock opens a pipe without waiting for its other end; here, files are opened as they are.
const NonBlock = 0
