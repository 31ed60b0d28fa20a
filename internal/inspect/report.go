package inspect

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/tpm2/nvstate"
)

// Report is all that is told of a state.
type Report struct {
	State     string     `json:"state"`
	Blobs     []Blob     `json:"blobs"`
	Permanent *Permanent `json:"permanent,omitempty"`
	Volatile  *Volatile  `json:"volatile,omitempty"`
	Problems  []Problem  `json:"problems"`
}

// Blob is a blob as it is stored.
type Blob struct {
	Name         string `json:"name"`
	Size         int    `json:"size"`              // bytes as stored
	Payload      int    `json:"payload,omitempty"` // bytes without envelope
	Migration    bool   `json:"migration,omitempty"`
	KeyBits      int    `json:"keyBits"`                // of the encryption, 0 without
	MigrationKey int    `json:"migrationKey,omitempty"` // the same of the outer layer
}

// Problem is what is wrong with a state.
type Problem struct {
	Blob      string `json:"blob"`
	Text      string `json:"problem"`
	Structure string `json:"structure,omitempty"` // path to the structure that cannot be read
	Offset    *int   `json:"offset,omitempty"`    // of the damage, in the payload
	Advice    string `json:"advice"`
}

// Hex is bytes that print as hexadecimal digits.
type Hex []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h Hex) String() string { return hex.EncodeToString(h) }

// report tells what is in blobs.
func report(state string, blobs []stored, keys envelope.Keys, secrets bool) *Report {
	r := &Report{State: state, Problems: []Problem{}}
	var permanent *nvstate.Permanent
	var volatile *nvstate.Volatile
	for _, s := range blobs {
		b, payload, err := unwrap(s, keys)
		if err == nil {
			defer clear(payload)
			switch b.Name {
			case "permall":
				permanent, err = nvstate.DecodePermanent(payload)
			case "volatilestate":
				volatile, err = nvstate.DecodeVolatile(payload)
			}
		}
		r.Blobs = append(r.Blobs, b)
		if err != nil {
			r.Problems = append(r.Problems, problem(b.Name, err))
		}
	}
	if permanent != nil {
		r.Permanent = permanentOf(permanent, secrets)
	}
	if volatile != nil {
		r.Volatile = volatileOf(volatile, permanent, secrets)
	}
	if permanent != nil && volatile != nil {
		if err := volatile.CheckAgainst(permanent); err != nil {
			p := problem("volatilestate", err)
			p.Text = "it does not belong to the permanent state: " + p.Text
			p.Advice = "bring the two that were saved together, or remove the volatile state: the TPM then starts as after a loss of power"
			r.Problems = append(r.Problems, p)
		}
	}
	return r
}

// Errors of blobs.
var (
	errTPM12   = errors.New("it is state of a TPM 1.2")
	errUnknown = errors.New("it is neither permanent nor volatile state of a TPM 2")
)

// unwrap takes a blob out of its envelope and finds out what it is.
func unwrap(s stored, keys envelope.Keys) (b Blob, payload []byte, err error) {
	b = Blob{Name: s.name, Size: len(s.data)}
	if s.err != nil {
		return b, nil, s.err
	}
	if kind := payloadKind(s.data); kind != "" {
		payload = bytes.Clone(s.data)
	} else {
		info, err := envelope.Describe(s.data)
		if errors.Is(err, envelope.ErrForeign) {
			return b, nil, errUnknown
		}
		if err != nil {
			return b, nil, err
		}
		b.Migration, b.KeyBits, b.MigrationKey = info.Migration, info.FileKey, info.MigrationKey
		switch {
		case info.PayloadLength == 0:
			return b, nil, envelope.ErrEmpty
		case info.Migration:
			payload, err = keys.Import(s.data, info.FileKey != 0)
		default:
			payload, err = envelope.Open(s.data, keys.File)
		}
		if err != nil {
			return b, nil, err
		}
	}
	b.Payload = len(payload)
	kind := payloadKind(payload)
	switch {
	case kind == "" && s.name == store.SaveState.String():
		return b, payload, errTPM12
	case s.name == "blob" && kind == "":
		return b, payload, errUnknown
	case s.name == "blob":
		b.Name = kind
	}
	return b, payload, nil
}

// payloadKind tells by its magic what a state without envelope is, or "".
func payloadKind(b []byte) string {
	if len(b) < 6 {
		return ""
	}
	switch binary.BigEndian.Uint32(b[2:]) {
	case nvstate.MagicPermanent:
		return "permall"
	case nvstate.MagicVolatile:
		return "volatilestate"
	}
	return ""
}
