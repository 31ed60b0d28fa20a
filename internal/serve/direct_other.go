//go:build !unix

package serve

import "io"

// direct leaves reads to the runtime's poller.
func direct(conn io.ReadWriteCloser) io.ReadWriteCloser { return conn }
