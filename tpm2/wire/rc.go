package wire

import "fmt"

// RC is TPM_RC, a response code (Part 2, 6.6). The constants are the codes without a position; Parameter, Handle and
// Session add one. RC implements error, for callers that hand a code on; use Err to turn RCSuccess into nil.
type RC uint32

// Parts of a response code (Part 2, Tables 13 to 16 and the end of Table 18).
const (
	rcVer1     RC = 0x100
	rcFmt1     RC = 0x080
	rcWarn     RC = 0x900
	rcP        RC = 0x040
	rcS        RC = 0x800
	rcNMask    RC = 0xF00
	rcNShift      = 8
	rcE        RC = 0x03F
	rcVendor   RC = 0x400
	rcSeverity RC = 0x800
)

// Parameter returns rc as a fault of the n-th parameter, n from 1 to 15. A code that takes no position, or already has
// one, comes back unchanged.
func (rc RC) Parameter(n int) RC {
	if !rc.takesNumber() || n < 1 || n > 15 {
		return rc
	}
	return rc | rcP | RC(n)<<rcNShift
}

// Handle returns rc as a fault of the n-th handle, n from 1 to 7; otherwise as Parameter.
func (rc RC) Handle(n int) RC {
	if !rc.takesNumber() || n < 1 || n > 7 {
		return rc
	}
	return rc | RC(n)<<rcNShift
}

// Session returns rc as a fault of the n-th session, n from 1 to 7; otherwise as Parameter.
func (rc RC) Session(n int) RC {
	if !rc.takesNumber() || n < 1 || n > 7 {
		return rc
	}
	return rc | rcS | RC(n)<<rcNShift
}

func (rc RC) takesNumber() bool { return rc.IsFormatOne() && rc&(rcP|rcNMask) == 0 }

// IsFormatOne reports whether the code can carry a position (Part 2, Table 15).
func (rc RC) IsFormatOne() bool { return rc&rcFmt1 != 0 }

// IsWarning reports whether the command was not necessarily wrong and may be tried again (Part 2, Table 14, bit S).
func (rc RC) IsWarning() bool { return !rc.IsFormatOne() && rc&rcVer1 != 0 && rc&rcSeverity != 0 }

// Base returns the code without its position.
func (rc RC) Base() RC {
	if rc.IsFormatOne() {
		return rc &^ (rcP | rcNMask)
	}
	return rc
}

// Position returns what the code points at: "parameter", "handle" or "session" and its number from 1, or "" and 0.
func (rc RC) Position() (kind string, n int) {
	if !rc.IsFormatOne() || rc&(rcP|rcNMask) == 0 {
		return "", 0
	}
	n = int(rc & rcNMask >> rcNShift)
	switch {
	case rc&rcP != 0:
		return "parameter", n
	case n >= 8:
		return "session", n - 8
	}
	return "handle", n
}

// Err returns nil for RCSuccess and rc otherwise.
func (rc RC) Err() error {
	if rc == RCSuccess {
		return nil
	}
	return rc
}

// Error returns String.
func (rc RC) Error() string { return rc.String() }

// Name returns the name of the code without its position, such as "TPM_RC_VALUE", or "" if Part 2 has none.
func (rc RC) Name() string {
	name, _ := rc.lookup()
	return name
}

// String returns name, position and meaning, such as "TPM_RC_VALUE (parameter 2): value out of range or wrong here".
func (rc RC) String() string {
	name, meaning := rc.lookup()
	if name == "" {
		if !rc.IsFormatOne() && rc&rcVer1 != 0 && rc&rcVendor != 0 {
			return fmt.Sprintf("vendor response code 0x%03x", uint32(rc))
		}
		return fmt.Sprintf("response code 0x%03x", uint32(rc))
	}
	if kind, n := rc.Position(); kind != "" {
		if n == 0 {
			return fmt.Sprintf("%s (%s): %s", name, kind, meaning)
		}
		return fmt.Sprintf("%s (%s %d): %s", name, kind, n, meaning)
	}
	return name + ": " + meaning
}

func (rc RC) lookup() (name, meaning string) {
	base := rc.Base()
	for i := range rcTable {
		if rcTable[i].rc == base {
			return rcTable[i].name, rcTable[i].meaning
		}
	}
	return "", ""
}

// Unmarshal reads a response code.
func (rc *RC) Unmarshal(r *Reader) { *rc = RC(r.Uint32()) }

// Marshal writes the response code.
func (rc RC) Marshal(w *Writer) { w.Uint32(uint32(rc)) }
