//go:build !linux

package sandbox

// Supported tells whether there is a filter: not on this system.
func Supported() bool { return false }

// Apply reports that there are no fences on this system.
func Apply(c Config) Report {
	var r Report
	if c.Filter != None {
		r.Filter = ErrUnsupported
	}
	if c.Files != nil {
		r.Files = ErrUnsupported
	}
	return r
}
