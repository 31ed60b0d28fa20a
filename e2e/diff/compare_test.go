package diff

import (
	"bytes"
	"fmt"
	"slices"

	"govtpm/tpm2/wire"
)

// differ reports a difference that is not a known one.
func (w *world) differ(c *command, sent two, r *response, kind, what string) {
	d := difference{command: c.code, kind: kind, command1: c, sent: sent, note: c.note}
	if r != nil && len(r.values) > 0 {
		d.values = r.values[len(r.values)-1].data
	}
	if r != nil {
		d.theirs, d.ours = r.rc[theirs], r.rc[ours]
	}
	if w.known.match(w, &d) {
		w.auditApart = true
		for i := range c.auths {
			if s := c.auths[i].session; s != nil {
				s.tainted = true
			}
		}
		return
	}
	text := fmt.Sprintf("%v at locality %d%s: %s\n  command %x\n", c.code, c.locality, c.note, what, sent[theirs])
	if !sent.same() {
		text += fmt.Sprintf("  to ours %x\n", sent[ours])
	}
	if r != nil {
		text += fmt.Sprintf("  theirs  %x\n  ours    %x", r.raw[theirs], r.raw[ours])
	}
	w.known.add(&d, text, w)
}

// compareCodes compares the response codes of a command of which at least one failed.
func (w *world) compareCodes(c *command, sent two, r *response) {
	if r.rc[ours] == wire.RCFailure {
		w.stop("failure mode of ours")
		w.differ(c, sent, r, "failure-of-ours", "a command brings our engine into failure mode")
		return
	}
	if r.rc[ours] == r.rc[theirs] {
		if !r.raw.same() {
			w.differ(c, sent, r, "error-bytes", "different bytes with the same code")
		}
		w.takenBackByFailure(c.code, r.rc[theirs])
		return
	}
	w.differ(c, sent, r, "", fmt.Sprintf("theirs %v (%03x), ours %v (%03x)", r.rc[theirs], uint32(r.rc[theirs]), r.rc[ours], uint32(r.rc[ours])))
	// The states may be different now, unless only the codes are.
	if r.rc[ours] == 0 || r.rc[theirs] == 0 || w.failed() {
		w.stop(fmt.Sprintf("success or failure mode of one: %v %03x/%03x", c.code, uint32(r.rc[theirs]), uint32(r.rc[ours])))
	}
}

// failed tells whether a TPM is in failure mode; then the sequence has nothing more to say.
func (w *world) failed() bool {
	var text [2]string
	for side, tpm := range w.tpm {
		out, err := tpm.execute(0, []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x81}) // ReadClock
		if err != nil {
			return true
		}
		text[side] = string(out[6:10])
	}
	return text[ours] == "\x00\x00\x01\x01" || text[theirs] == "\x00\x00\x01\x01"
}

// compare compares two successful responses.
func (w *world) compare(c *command, sent two, r *response, a *[2]answer, tainted bool) {
	fault := func(kind, format string, args ...any) { w.differ(c, sent, r, kind, fmt.Sprintf(format, args...)) }
	for side, who := range []string{"ours", "theirs"} {
		if !a[side].sound {
			fault("form", "the response of %s is malformed", who)
			return
		}
	}
	if a[ours].tag != a[theirs].tag {
		fault("tag", "tags %v and %v", a[theirs].tag, a[ours].tag)
	}
	if a[ours].handle != a[theirs].handle {
		fault("handle", "handles: theirs %v, ours %v", a[theirs].handle, a[ours].handle)
		w.stop("different handles")
	}
	if len(a[ours].auths) != len(a[theirs].auths) {
		fault("auths", "authorizations: theirs %d, ours %d", len(a[theirs].auths), len(a[ours].auths))
		return
	}
	for i, x := range a[ours].auths {
		y := a[theirs].auths[i]
		if x.Attributes != y.Attributes || len(x.Nonce) != len(y.Nonce) || len(x.HMAC) != len(y.HMAC) {
			fault("auths", "authorization %d: theirs %+v, ours %+v", i+1, y, x)
		}
	}
	schema, ok := responses[c.code]
	if !ok {
		schema = "rest"
	}
	kinds, data, good := split(schema, a[theirs].params)
	_, data2, good2 := split(schema, a[ours].params)
	if good != good2 || !good {
		if good != good2 || len(data) == len(data2) && !bytes.Equal(a[ours].params, a[theirs].params) {
			fault("form", "parameters are malformed: theirs %v, ours %v", !good, !good2)
		}
		r.ok = false
		return
	}
	for i, v := range kinds {
		v.data = two{data2[i], data[i]}
		r.values = append(r.values, v)
		w.compareValue(c, v, i, tainted, fault)
		w.remember(v.kind, v.data)
	}
}

func (w *world) compareValue(c *command, v value, i int, tainted bool, fault func(string, string, ...any)) {
	if v.data.same() {
		return
	}
	if w.alike(c, v, tainted) {
		return
	}
	fault(v.kind, "parameter %d (%s): theirs %x, ours %x", i+1, v.kind, v.data[theirs], v.data[ours])
}

// alike tells whether two values that are not the same are as alike as they have to be.
func (w *world) alike(c *command, v value, tainted bool) bool {
	length := len(v.data[ours]) == len(v.data[theirs])
	switch {
	case v.mark == '?':
		return true
	case v.mark == '~':
		return length
	}
	switch v.kind {
	case "2B":
		// The serial number in a certificate is a hash, whose first byte may need a zero in front.
		return tainted && (length || c.code == wire.CCCertifyX509)
	case "public":
		return w.alikePublics(c, v, tainted)
	case "ticket", "auth", "verified", "hashcheck":
		return length && bytes.Equal(v.data[ours][:6], v.data[theirs][:6]) && (tainted || v.kind == "auth" || w.strange(v.data[ours]))
	case "qualified":
		return length && (tainted || w.qualifiedApart(c.named[0]))
	case "name":
		// An ordinary object has random parts; what is the same for all is told by its public area.
		return length && (tainted || w.makesRandom(c))
	case "timeout":
		return length
	case "time":
		return w.alikeTimes(v.data)
	case "attest":
		return w.alikeAttests(c, v.data, tainted)
	case "signature":
		return w.alikeSignatures(c, v.data, tainted)
	case "context":
		return length && bytes.Equal(v.data[ours][:16], v.data[theirs][:16])
	case "capability":
		return w.alikeCapabilities(c, v.data)
	}
	return tainted && length
}

// strange tells whether the proof that a ticket rests on differs between the two TPMs.
func (w *world) strange(ticket []byte) bool {
	h := wire.Handle(uint32(ticket[2])<<24 | uint32(ticket[3])<<16 | uint32(ticket[4])<<8 | uint32(ticket[5]))
	return h == wire.RHNull || w.fresh[h]
}

// makesRandom tells whether the command makes an ordinary object. Primary objects and derived ones follow from what is there.
func (w *world) makesRandom(c *command) bool {
	if c.code != wire.CCCreateLoaded {
		return false
	}
	o := w.objects[c.named[0]]
	return o != nil && !o.isDeriver()
}

// alikePublics compares public areas without what is random in them.
func (w *world) alikePublics(c *command, v value, tainted bool) bool {
	var p [2]wire.TPMTPublic
	for side := range p {
		if wire.Unmarshal(v.data[side], nil, &p[side]) != wire.RCSuccess {
			return false
		}
	}
	random := v.mark == '%' || tainted || w.makesRandom(c)
	if !random {
		return false
	}
	if len(v.data[ours]) != len(v.data[theirs]) && p[theirs].Type != wire.AlgECC {
		return false
	}
	p[ours].Unique, p[theirs].Unique = wire.TPMUPublicID{}, wire.TPMUPublicID{}
	return bytes.Equal(wire.Marshal(&p[ours]), wire.Marshal(&p[theirs]))
}

// alikeTimes compares all but the time.
func (w *world) alikeTimes(v two) bool {
	var t [2]wire.TPMSTimeInfo
	for side := range t {
		if wire.Unmarshal(v[side], nil, &t[side]) != wire.RCSuccess {
			return false
		}
	}
	straddle(&t[ours].ClockInfo, &t[theirs].ClockInfo)
	t[ours].Time, t[theirs].Time = together(t[ours].Time, t[theirs].Time)
	return t[ours] == t[theirs]
}

// straddle takes the time out of two clocks, and what they say of it if only one has passed a multiple of 4096 ms, where the
// clock becomes safe (Part 1, 36.3).
func straddle(a, b *wire.TPMSClockInfo) {
	if a.Clock/4096 != b.Clock/4096 {
		a.Safe, b.Safe = false, false
	}
	a.Clock, b.Clock = together(a.Clock, b.Clock)
}

// together takes two times that are read one after the other for the same, on a machine that may be busy.
func together(a, b uint64) (uint64, uint64) {
	if max(a, b)-min(a, b) < 10_000 {
		return 0, 0
	}
	return a, b
}

// askFirmware asks both for their firmware versions, which come through the obfuscation of attestations unchanged. libtpms 0.9 takes its own
// from the state.
func (w *world) askFirmware() {
	for side, tpm := range w.tpm {
		out, err := tpm.execute(0, (&command{code: wire.CCGetCapability}).
			u32(uint32(wire.CapTPMProperties)).u32(uint32(wire.PTFirmwareVersion1)).u32(2).bytes(w, side))
		a := open(out, false)
		var d wire.TPMSCapabilityData
		if err == nil && a.sound && len(a.params) > 1 && wire.Unmarshal(a.params[1:], nil, &d) == wire.RCSuccess && len(d.Data.TPMProperties) == 2 {
			w.firmware[side] = uint64(d.Data.TPMProperties[0].Value)<<32 | uint64(d.Data.TPMProperties[1].Value)
		}
	}
}

// signer is the handle of the key that signs an attestation.
func signer(c *command) wire.Handle {
	switch c.code {
	case wire.CCCertify, wire.CCGetTime, wire.CCGetSessionAuditDigest, wire.CCGetCommandAuditDigest:
		return c.named[1]
	}
	return c.named[0]
}

// alikeAttests compares attestations without clock and firmware version.
func (w *world) alikeAttests(c *command, v two, tainted bool) bool {
	var a [2]wire.TPMSAttest
	for side := range a {
		if wire.Unmarshal(v[side], nil, &a[side]) != wire.RCSuccess {
			return false
		}
		x := &a[side]
		if tainted {
			x.Attested.SessionAudit.SessionDigest = nil
		}
		if w.auditApart {
			x.Attested.CommandAudit.AuditDigest = nil
		}
		x.FirmwareVersion -= w.firmware[side]
		if x.Attested.Time.FirmwareVersion != 0 {
			x.Attested.Time.FirmwareVersion -= w.firmware[side]
		}
		if c.code == wire.CCCertify && w.qualifiedApart(c.named[0]) {
			x.Attested.Certify.QualifiedName = nil
		}
		if tainted || w.fresh[wire.RHOwner] || w.qualifiedApart(signer(c)) {
			// The obfuscation takes in the Qualified Name of the key and a proof of the storage hierarchy (Part 1, 33.7).
			x.FirmwareVersion, x.ClockInfo.ResetCount, x.ClockInfo.RestartCount = 0, 0, 0
			x.QualifiedSigner = x.QualifiedSigner[:min(2, len(x.QualifiedSigner))]
		}
		if tainted || w.fresh[wire.RHOwner] {
			x.Attested.Certify, x.Attested.Creation = wire.TPMSCertifyInfo{}, wire.TPMSCreationInfo{}
			x.ExtraData = nil
		}
	}
	straddle(&a[ours].ClockInfo, &a[theirs].ClockInfo)
	x, y := &a[ours].Attested.Time.Time, &a[theirs].Attested.Time.Time
	straddle(&x.ClockInfo, &y.ClockInfo)
	x.Time, y.Time = together(x.Time, y.Time)
	return bytes.Equal(wire.Marshal(&a[ours]), wire.Marshal(&a[theirs]))
}

// alikeSignatures compares signatures; those over attestations always differ.
func (w *world) alikeSignatures(c *command, v two, tainted bool) bool {
	var s [2]wire.TPMTSignature
	for side := range s {
		r := wire.NewReader(v[side], nil)
		s[side].UnmarshalOrNull(r)
		if r.End() != wire.RCSuccess {
			return false
		}
	}
	x, y := &s[ours], &s[theirs]
	if x.SigAlg != y.SigAlg || x.Hash() != y.Hash() {
		return false
	}
	if x.SigAlg == wire.AlgECDAA {
		return true // its R is a random number without leading zeros
	}
	if len(x.Signature.RSA.Sig) != len(y.Signature.RSA.Sig) || len(x.Signature.ECC.R) != len(y.Signature.ECC.R) ||
		len(x.Signature.ECC.S) != len(y.Signature.ECC.S) {
		return false
	}
	deterministic := x.SigAlg == wire.AlgRSASSA || x.SigAlg == wire.AlgHMAC
	return !deterministic || tainted || c.code != wire.CCSign
}

// alikeCapabilities compares capability data without the properties that tell versions.
func (w *world) alikeCapabilities(c *command, v two) bool {
	var d [2]wire.TPMSCapabilityData
	for side := range d {
		if len(v[side]) < 1 || wire.Unmarshal(v[side][1:], nil, &d[side]) != wire.RCSuccess {
			return false
		}
		d[side].Data.TPMProperties = slices.DeleteFunc(d[side].Data.TPMProperties, func(p wire.TPMSTaggedProperty) bool {
			return w.known.property(uint32(p.Property))
		})
	}
	if d[theirs].Capability == wire.CapTPMProperties {
		// Properties that only one has also shift the end of a list that was cut.
		n := min(len(d[ours].Data.TPMProperties), len(d[theirs].Data.TPMProperties))
		if abs(len(d[ours].Data.TPMProperties)-len(d[theirs].Data.TPMProperties)) <= 2 {
			d[ours].Data.TPMProperties, d[theirs].Data.TPMProperties = d[ours].Data.TPMProperties[:n], d[theirs].Data.TPMProperties[:n]
		}
		return bytes.Equal(wire.Marshal(&d[ours]), wire.Marshal(&d[theirs]))
	}
	return v[ours][0] == v[theirs][0] && bytes.Equal(wire.Marshal(&d[ours]), wire.Marshal(&d[theirs]))
}

func abs(n int) int { return max(n, -n) }
