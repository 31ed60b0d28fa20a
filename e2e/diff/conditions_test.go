package diff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// conditions narrow a known difference to the case that it is about.
var conditions = map[string]func(*world, *difference) bool{
	"always": func(*world, *difference) bool { return true },
	// What libtpms 0.9 takes for parameters gives their code.
	"limits-0.9": func(w *world, d *difference) bool { return d.theirs != 0 && w.decodes(d) == d.theirs },
	// The context of an RSA key is shorter by what can be computed.
	"rsa-context": func(w *world, d *difference) bool {
		n := len(d.values[theirs]) - len(d.values[ours])
		return bytes.Equal(d.values[ours][:16], d.values[theirs][:16]) && (n == 4*64 || n == 4*128 || n == 4*192)
	},
	// The second handle is TPM_RH_NULL.
	"null-signer": func(_ *world, d *difference) bool {
		s := d.sent[theirs]
		return len(s) >= 18 && bytes.Equal(s[14:18], u32(uint32(wire.RHNull)))
	},
	// The time to be set is what the clocks of both show, which are not read in the same millisecond.
	"clock-now": func(w *world, d *difference) bool {
		if len(d.sent[theirs]) < 8 {
			return false
		}
		newTime := binary.BigEndian.Uint64(d.sent[theirs][len(d.sent[theirs])-8:])
		for _, tpm := range w.tpm {
			out, err := tpm.execute(0, []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x81}) // ReadClock
			if err != nil || len(out) < 26 {
				return false
			}
			if clock := binary.BigEndian.Uint64(out[18:]); clock < newTime || clock-newTime > 2000 {
				return false
			}
		}
		return true
	},
	// A session that was opened with bind authorizes something.
	"bound": func(_ *world, d *difference) bool {
		for _, a := range d.command1.auths {
			if a.session != nil && a.session.bound != 0 && a.entity != 0 {
				return true
			}
		}
		return false
	},
	// A signed comparison with an operand that is empty, or negative.
	"signed": func(w *world, d *difference) bool {
		_, params, ok := w.parse(d.sent[theirs])
		if c := d.command1; c.raw == nil { // as they are before encryption
			params = params[:0]
			for _, p := range c.params {
				params = append(params, p[theirs])
			}
		}
		if !ok || len(params) != 3 || len(params[2]) != 2 {
			return false
		}
		op, operand := wire.EO(binary.BigEndian.Uint16(params[2])), params[0]
		return (op == wire.EOSignedGT || op == wire.EOSignedLT || op == wire.EOSignedGE || op == wire.EOSignedLE) &&
			(len(operand) == 2 || len(operand) > 2 && operand[2]&0x80 != 0)
	},
	// The key usage of the certificate has key encipherment or key agreement (RFC 5280, 4.2.1.3).
	"agreement-usage": func(_ *world, d *difference) bool {
		_, rest, ok := bytes.Cut(d.sent[theirs], []byte{0x06, 0x03, 0x55, 0x1D, 0x0F})
		i := bytes.Index(rest, []byte{0x04, 0x04, 0x03, 0x02})
		return ok && i >= 0 && len(rest) > i+5 && rest[i+5]&0x28 != 0
	},
	// The extensions of a certificate were spoiled so that they are no DER.
	"not-der": func(w *world, d *difference) bool {
		_, params, ok := w.parse(d.sent[theirs])
		return ok && len(params) == 3 && len(params[2]) > 2 && !extensionsDER(params[2][2:])
	},
	// TPM2_ZGen_2Phase with one of the schemes that libtpms has wrong.
	"mqv-sm2": func(_ *world, d *difference) bool {
		s := d.sent[theirs]
		return len(s) > 4 && (bytes.Equal(s[len(s)-4:len(s)-2], u16(uint16(wire.AlgECMQV))) || bytes.Equal(s[len(s)-4:len(s)-2], u16(uint16(wire.AlgSM2))))
	},
	// The MAC has the block size of TDES.
	"tdes-cmac": func(w *world, d *difference) bool {
		o := w.objects[d.command1.named[0]]
		if o == nil || len(d.values[theirs]) != 8 || len(d.values[ours]) != 8 {
			return false
		}
		return o.sequence && o.cmac == wire.AlgTDES || o.area.Type == wire.AlgSymCipher && o.area.Parameters.Sym.Sym.Algorithm == wire.AlgTDES
	},
	// The parent is a derivation parent.
	"derived-object": func(w *world, d *difference) bool {
		h := d.command1.named
		return len(h) == 2 && w.objects[h[1]] != nil && w.objects[h[1]].isDeriver()
	},
	// The context is that of a CMAC sequence.
	"cmac-sequence": func(w *world, d *difference) bool {
		o := w.objects[d.command1.named[0]]
		return o != nil && o.cmac != 0 && bytes.Equal(d.values[ours][:16], d.values[theirs][:16])
	},
	// A size that was spoiled makes a part of an HMAC, which is not the same for the two, the attributes or the size of something.
	"other-sessions": func(w *world, d *difference) bool {
		return d.command1.raw != nil && d.theirs != 0 && d.ours != 0 && w.sessionShape(d.sent[theirs]) != w.sessionShape(d.sent[ours])
	},
	// A size that was spoiled makes a part of a value, which is not the same for the two, the size of another.
	"other-parameters": func(w *world, d *difference) bool {
		return d.command1.note != "" && d.theirs != 0 && d.ours != 0 && w.parameterShape(d.sent[theirs]) != w.parameterShape(d.sent[ours])
	},
	// Parameters were spoiled under encryption: what they are decrypted to is not the same for the two.
	"other-plaintext": func(w *world, d *difference) bool {
		c := d.command1
		if d.theirs == 0 || d.ours == 0 || !slices.ContainsFunc(c.auths, func(a auth) bool {
			return a.session != nil && a.session.sym.Algorithm != wire.AlgNull && a.attrs.Has(wire.SessionDecrypt)
		}) {
			return false
		}
		return c.raw != nil || len(c.params) > 0 && len(c.params[0][theirs]) >= 2 &&
			int(binary.BigEndian.Uint16(c.params[0][theirs])) != len(c.params[0][theirs])-2
	},
	// A PCR of the group that had an authValue and a policy of its own.
	"pcr-group": func(w *world, d *difference) bool {
		s := d.sent[theirs]
		for pcr := byte(20); pcr <= 22; pcr++ {
			if len(s) >= 14 && bytes.Equal(s[10:14], []byte{0, 0, 0, pcr}) || bytes.HasSuffix(s, []byte{0, 0, 0, pcr}) {
				return true
			}
		}
		return false
	},
	// TPM_CAP_PCR_PROPERTIES from a property on that says what localities may reset, or which PCRs are in a group.
	"pcr-properties": func(_ *world, d *difference) bool { return asks(d, wire.CapPCRProperties) },
}

// sessionShape is the authorization area of a command without nonces and HMACs.
func (w *world) sessionShape(b []byte) string {
	r := wire.NewReader(b, nil)
	tag := wire.ST(r.Uint16())
	r.Uint32()
	info := w.info[wire.CC(r.Uint32())]
	if tag != wire.STSessions || info == nil {
		return ""
	}
	r.Bytes(4 * len(info.Handles))
	area := wire.NewReader(r.Bytes(int(r.Uint32())), nil)
	var shape strings.Builder
	for area.Len() > 0 && area.Err() == wire.RCSuccess {
		handle := area.Uint32()
		nonce := area.TPM2B(1 << 16)
		attributes := area.Uint8()
		fmt.Fprintf(&shape, "%x %d %x %d;", handle, len(nonce), attributes, len(area.TPM2B(1<<16)))
	}
	return shape.String()
}

// parameterShape is how much of a command each of its parameters takes.
func (w *world) parameterShape(b []byte) string {
	r := wire.NewReader(b, nil)
	tag := wire.ST(r.Uint16())
	r.Uint32()
	info := w.info[wire.CC(r.Uint32())]
	if info == nil {
		return ""
	}
	r.Bytes(4 * len(info.Handles))
	if tag == wire.STSessions {
		r.Bytes(int(r.Uint32()))
	}
	var shape strings.Builder
	for _, p := range info.Parameters() {
		before := r.Len()
		p.Unmarshal(r)
		fmt.Fprintf(&shape, "%d %v;", before-r.Len(), r.Err())
	}
	return shape.String()
}

// asks tells whether the command asks for a capability.
func asks(d *difference, c wire.Cap) bool {
	s := d.sent[theirs]
	return len(s) >= 22 && bytes.Contains(s[10:], u32(uint32(c)))
}

// limits09 is what libtpms 0.9 takes where it takes less than our engine.
var limits09 = func() *wire.Limits {
	l := *wire.Everything()
	l.RSAKeyBits, l.AESKeyBits, l.CamelliaKeyBits = []uint16{1024, 2048, 3072}, []uint16{128, 256}, []uint16{128, 256}
	l.MaxRSAKeyBytes, l.MLParameterSets = 384, 0
	l.Algs = wire.Algs()
	for _, a := range wire.Everything().Algs.List() {
		if a != wire.AlgMLKEM && a != wire.AlgMLDSA && a != wire.AlgHashMLDSA {
			l.Algs = l.Algs.With(a)
		}
	}
	l.ObjectAttributes &^= wire.ObjectFirmwareLimited | wire.ObjectSVNLimited
	return &l
}()

// decodes gives the code with which the parameters of a command are refused under limits09, RCSuccess when they are not.
func (w *world) decodes(d *difference) wire.RC {
	r := wire.NewReader(d.sent[theirs], limits09)
	tag := wire.ST(r.Uint16())
	r.Uint32()
	info := w.info[wire.CC(r.Uint32())]
	if info == nil {
		return wire.RCSuccess
	}
	r.Bytes(4 * len(info.Handles))
	if tag == wire.STSessions {
		r.Bytes(int(r.Uint32()))
	}
	params := info.Parameters()
	if w.sessionsIn(d.command1) && len(params) > 0 && strings.HasPrefix(params[0].Type, "TPM2B") { // perhaps encrypted, which leaves the size of the first
		r.TPM2B(1 << 16)
		return decodeParameters(r, params[1:], 2)
	}
	return decodeParameters(r, params, 1)
}

func decodeParameters(r *wire.Reader, params []tpm2.Parameter, number int) wire.RC {
	for i, p := range params {
		p.Unmarshal(r)
		rc := r.Err()
		if t, ok := p.Value.(*wire.TPM2BTemplate); ok && rc == wire.RCSuccess {
			rc = wire.Unmarshal(*t, limits09, new(wire.TPMTPublic))
		}
		if rc != wire.RCSuccess {
			return rc.Parameter(number + i)
		}
	}
	return wire.RCSuccess
}
