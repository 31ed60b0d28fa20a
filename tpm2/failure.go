package tpm2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"govtpm/tpm2/wire"
)

// A failure is why the TPM is in failure mode (Part 1, 9.4). It is left only by Init.
type failure struct {
	cause                error
	function, line, code uint32 // reported by TPM2_GetTestResult; function and line come from libtpms, if they are there
}

// errInternal marks a fault of the engine itself, never of the caller.
var errInternal = errors.New("internal fault")

// internalf makes an internal fault; returned from an action it puts the TPM into failure mode.
func internalf(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errInternal}, args...)...)
}

// panicPlace is file and line of the code that panicked; to be called from a deferred function that recovered.
func panicPlace() string {
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	inRuntime := false
	for {
		f, more := frames.Next()
		if own := strings.HasPrefix(f.Function, "runtime."); inRuntime && !own || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		} else if own {
			inRuntime = true
		}
	}
}

// fail puts the TPM into failure mode.
func (t *TPM) fail(cause error) {
	if t.volatile.failure == nil {
		t.volatile.failure = &failure{cause: cause, code: 1}
	}
}

// Failure returns why the TPM is in failure mode, nil when it is not.
func (t *TPM) Failure() error {
	if t.volatile.failure == nil {
		return nil
	}
	return t.volatile.failure.cause
}

// executeFailed answers a command in failure mode: TPM2_GetTestResult and the first fixed properties of
// TPM2_GetCapability, both without sessions; everything else is RCFailure (Part 1, 9.4).
func (t *TPM) executeFailed(b []byte) []byte {
	if len(b) < 10 || binary.BigEndian.Uint16(b) != uint16(wire.STNoSessions) || uint64(binary.BigEndian.Uint32(b[2:])) != uint64(len(b)) {
		return errorResponse(wire.RCFailure)
	}
	var out wire.Writer
	switch cc := wire.CC(binary.BigEndian.Uint32(b[6:])); {
	case cc == wire.CCGetTestResult && len(b) == 10:
		out.Uint16(12)
		out.Uint32(t.volatile.failure.function)
		out.Uint32(t.volatile.failure.line)
		out.Uint32(t.volatile.failure.code)
		out.Uint32(uint32(wire.RCFailure))
	case cc == wire.CCGetCapability && len(b) == 22:
		if wire.Cap(binary.BigEndian.Uint32(b[10:])) != wire.CapTPMProperties {
			return errorResponse(wire.RCFailure)
		}
		t.failedProperties(&out, wire.PT(binary.BigEndian.Uint32(b[14:])), binary.BigEndian.Uint32(b[18:]))
	default:
		return errorResponse(wire.RCFailure)
	}
	var w wire.Writer
	w.Uint16(uint16(wire.STNoSessions))
	w.Uint32(uint32(10 + out.Len()))
	w.Uint32(uint32(wire.RCSuccess))
	w.Raw(out.Bytes())
	return w.Bytes()
}

// failedProperties writes at most one fixed property from first on.
func (t *TPM) failedProperties(out *wire.Writer, first wire.PT, count uint32) {
	first = max(first, wire.PTManufacturer)
	values := []struct {
		property wire.PT
		value    uint32
	}{
		{wire.PTManufacturer, manufacturer},
		{wire.PTVendorString1, vendorString1},
		{wire.PTVendorString2, vendorString2},
		{wire.PTVendorString3, 0},
		{wire.PTVendorString4, 0},
		{wire.PTVendorTPMType, vendorTPMType},
		{wire.PTFirmwareVersion1, t.persistent.firmwareV1},
		{wire.PTFirmwareVersion2, t.persistent.firmwareV2},
	}
	more := byte(0)
	if first < wire.PTFirmwareVersion2 {
		more = 1
	}
	out.Uint8(more)
	out.Uint32(uint32(wire.CapTPMProperties))
	i := int(first) - int(wire.PTManufacturer)
	if count == 0 || i >= len(values) {
		out.Uint32(0)
		return
	}
	out.Uint32(1)
	out.Uint32(uint32(values[i].property))
	out.Uint32(values[i].value)
}
