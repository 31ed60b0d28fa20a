package diff

import (
	"bytes"
	"encoding/binary"
	"strings"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// conditions narrow a known difference to the case that it is about.
var conditions = map[string]func(*world, *difference) bool{
	"always": func(*world, *difference) bool { return true },
	// What libtpms 0.9 takes for parameters gives their code.
	"limits-0.9": func(w *world, d *difference) bool { return w.decodes(d) == d.theirs },
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
	// TPM2_ClockSet has just set that time.
	"again": func(w *world, d *difference) bool {
		return d.command1.raw == nil && len(d.command1.params) == 1 && bytes.Equal(d.command1.params[0][theirs], w.clockSet)
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
	"signed": func(_ *world, d *difference) bool {
		c := d.command1
		if c.raw != nil || len(c.params) != 3 || len(c.params[2][theirs]) != 2 {
			return false
		}
		op := wire.EO(binary.BigEndian.Uint16(c.params[2][theirs]))
		operand := c.params[0][theirs]
		return (op == wire.EOSignedGT || op == wire.EOSignedLT || op == wire.EOSignedGE || op == wire.EOSignedLE) &&
			(len(operand) == 2 || len(operand) > 2 && operand[2]&0x80 != 0)
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
