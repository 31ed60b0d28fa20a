package inspect

import (
	"fmt"
	"strings"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Sequence is a sequence of any kind in progress.
type Sequence struct {
	Handle  string         `json:"handle"`
	Type    string         `json:"type"` // hash, hmac, event, cmac, signing or verification
	Scheme  string         `json:"scheme,omitempty"`
	Hashes  []string       `json:"hashes"`
	Bytes   *uint64        `json:"bytes,omitempty"` // of the message so far, where the state tells
	Ticket  string         `json:"ticketHierarchy,omitempty"`
	Auth    bool           `json:"authSet"`
	Secrets map[string]Hex `json:"secrets,omitempty"`
}

func sequenceOf(h wire.Handle, slot *nvstate.AnyObject, secrets bool) Sequence {
	s := slot.Sequence
	r := Sequence{Handle: handleText(h), Auth: isSet(s.Auth)}
	states := s.Hashes[:1]
	switch {
	case slot.Attributes&nvstate.ObjectHMACSeq != 0:
		r.Type, states = "hmac", []nvstate.HashState{s.HMAC}
	case slot.Attributes&nvstate.ObjectEventSeq != 0:
		r.Type, states = "event", s.Hashes[:]
	default:
		r.Type = "hash"
	}
	r.hashes(states, len(s.HMACKey))
	if secrets {
		r.Secrets = map[string]Hex{"auth": s.Auth, "hmacOuterKey": s.HMACKey}
	}
	return r
}

// hashes tells of the running hashes, and how much they have taken in after the bytes that came before the message.
func (r *Sequence) hashes(states []nvstate.HashState, before int) {
	for i := range states {
		s := &states[i]
		if s.Type == nvstate.HashStateEmpty {
			continue
		}
		r.Hashes = append(r.Hashes, s.Hash.String())
		if s.Extension == nil && s.Type != nvstate.HashStateMAC {
			n := s.Bits / 8
			if n >= uint64(before) {
				n -= uint64(before)
			}
			r.Bytes = &n
		}
	}
}

// extendedSequenceOf tells of a sequence in a slot that is free for libtpms.
func extendedSequenceOf(h wire.Handle, x *nvstate.SequenceExtension, secrets bool) Sequence {
	r := Sequence{Handle: handleText(h), Auth: isSet(x.Auth), Hashes: []string{}}
	if x.Kind == nvstate.SequenceCMAC {
		m := &x.CMAC
		r.Type, r.Scheme = "cmac", fmt.Sprintf("%v-%d-%v", m.Cipher, 8*len(m.Key), wire.AlgCMAC)
		if secrets {
			r.Secrets = map[string]Hex{"auth": x.Auth, "key": m.Key, "state": m.State}
		}
		return r
	}
	s := &x.Signature
	r.Type, r.Scheme = "signing", schemeText(s.Scheme.Scheme, s.Scheme.HashAlg)
	if x.Kind == nvstate.SequenceVerify {
		r.Type, r.Ticket = "verification", hierarchyName(s.TicketHierarchy)
	}
	before := len(s.OuterPad) // the block of an HMAC's key
	if s.Scheme.Scheme == wire.AlgSM2 {
		before = s.Scheme.HashAlg.DigestSize() // Z_A (Part 1, 45.2.2.1)
	}
	r.hashes([]nvstate.HashState{s.Hash}, before)
	if secrets {
		r.Secrets = map[string]Hex{"auth": x.Auth, "hmacOuterKey": s.OuterPad}
	}
	return r
}

func (p *printer) sequence(q *Sequence) {
	parts := []string{q.Type + " sequence"}
	if q.Scheme != "" {
		parts = append(parts, q.Scheme)
	} else {
		parts = append(parts, strings.Join(q.Hashes, " "))
	}
	if q.Bytes != nil {
		parts = append(parts, fmt.Sprintf("%d bytes so far", *q.Bytes))
	}
	if q.Ticket != "" {
		parts = append(parts, "ticket of hierarchy "+q.Ticket)
	}
	p.row(q.Handle, "%s, authorization %s", strings.Join(parts, ", "), set(q.Auth))
	p.secrets(q.Secrets)
}
