package nvstate

import (
	"fmt"
	"strings"

	"govtpm/tpm2/wire"
)

// Kind says in one word what is wrong with a blob. Its number is the response code with which libtpms refuses the same
// blob. A Kind is an error, so that errors.Is(err, nvstate.ErrMagic) works.
type Kind uint16

// The kinds of error.
const (
	ErrParameter    Kind = 0x003 // a required block is absent, or a count or constant is not what the format demands
	ErrMagic        Kind = 0x01E // another structure than the expected one
	ErrVersion      Kind = 0x02E // a structure that needs a newer reader
	ErrHash         Kind = 0x083 // unknown hash algorithm, or the checksum of a volatile blob is wrong
	ErrValue        Kind = 0x084 // a value out of its range
	ErrHandle       Kind = 0x08B // a handle of the wrong type
	ErrSize         Kind = 0x095 // a buffer, a list or an area above its bound
	ErrTruncated    Kind = 0x09A // the data end early
	ErrReservedBits Kind = 0x0A1 // a reserved attribute bit is set
	ErrAttribute    Kind = 0x101 // unknown profile attribute
	ErrProfile      Kind = 0x154 // the profile is not a profile
)

// Error gives the kind in words.
func (k Kind) Error() string {
	switch k {
	case ErrParameter:
		return "bad parameter"
	case ErrMagic:
		return "wrong magic"
	case ErrVersion:
		return "unsupported version"
	case ErrHash:
		return "bad hash"
	case ErrValue:
		return "value out of range"
	case ErrHandle:
		return "bad handle"
	case ErrSize:
		return "bad size"
	case ErrTruncated:
		return "truncated"
	case ErrReservedBits:
		return "reserved bits set"
	case ErrAttribute:
		return "unknown attribute"
	case ErrProfile:
		return "malformed profile"
	}
	return wire.RC(k).String()
}

// Error is the error of all functions of this package.
type Error struct {
	Kind      Kind
	Structure string // the path to the structure, as "PERSISTENT_ALL/USER_NVRAM/NV_INDEX"
	Offset    int    // position in the blob read or written
	Detail    string
}

// Error gives place, kind and detail. It contains no bytes of the blob but counts, sizes, versions and handles.
func (e *Error) Error() string {
	return fmt.Sprintf("nvstate: %s at offset 0x%04x: %s: %s", e.Structure, e.Offset, e.Kind.Error(), e.Detail)
}

// Advice says what to do about a state that cannot be read.
func (e *Error) Advice() string {
	switch {
	case e.Kind == ErrVersion:
		return "it was written by a later version; use that, or a later version of this program"
	case e.Kind == ErrTruncated:
		return "the end is missing, as after a full disk or a broken copy; copy it again or restore it from a backup"
	case strings.HasSuffix(e.Structure, "profile"):
		return "use the program that wrote it or a later version of this one; if it was this one, restore the state from a backup"
	}
	return "restore it from a backup"
}

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

// RC is the response code libtpms gives when it refuses such a blob.
func (e *Error) RC() wire.RC { return wire.RC(e.Kind) }
