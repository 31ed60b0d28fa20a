package tpm2

import (
	"govtpm/tpm2/wire"
)

// sequenceCommands are the commands of Part 3, clause 17.
func sequenceCommands() []command {
	return []command{
		{
			code: wire.CCMACStart, clause: "17.3",
			handles: []handleSpec{{"handle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt | flagRHandle,
			run:     with((*TPM).macStart),
		},
		{
			code: wire.CCHashSequenceStart, clause: "17.4",
			flags: flagDecrypt | flagRHandle,
			run:   with((*TPM).hashSequenceStart),
		},
		{
			code: wire.CCSignSequenceStart, clause: "17.5",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagRHandle | flagByProfile,
			run:     with((*TPM).signSequenceStart),
		},
		{
			code: wire.CCVerifySequenceStart, clause: "17.6",
			handles: []handleSpec{{"keyHandle", wire.TPMIDHObject, roleNone}},
			flags:   flagDecrypt | flagRHandle | flagByProfile,
			run:     with((*TPM).verifySequenceStart),
		},
		{
			code: wire.CCSequenceUpdate, clause: "17.7",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagDecrypt,
			run:     with((*TPM).sequenceUpdate),
		},
		{
			code: wire.CCSequenceComplete, clause: "17.8",
			handles: []handleSpec{{"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagFlushed | flagDecrypt | flagEncrypt,
			run:     with((*TPM).sequenceComplete),
		},
		{
			code: wire.CCEventSequenceComplete, clause: "17.9",
			handles: []handleSpec{{"pcrHandle", wire.TPMIDHPCR | wire.OrNull, roleUser}, {"sequenceHandle", wire.TPMIDHObject, roleUser}},
			flags:   flagNV | flagFlushed | flagDecrypt,
			run:     with((*TPM).eventSequenceComplete),
		},
	}
}

// macStartParameters are the parameters of TPM2_MAC_Start (Part 3, 17.3).
type macStartParameters struct {
	auth     wire.TPM2BAuth // TPM2B_AUTH
	inScheme wire.Alg       // TPMI_ALG_MAC_SCHEME+
}

func (p *macStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"inScheme", asAlg(&p.inScheme, wire.TPMIAlgMACScheme|wire.OrNull)},
	}
}

// hashSequenceStartParameters are the parameters of TPM2_HashSequenceStart (Part 3, 17.4).
type hashSequenceStartParameters struct {
	auth    wire.TPM2BAuth // TPM2B_AUTH
	hashAlg wire.Alg       // TPMI_ALG_HASH+
}

func (p *hashSequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"hashAlg", asAlg(&p.hashAlg, wire.TPMIAlgHash|wire.OrNull)},
	}
}

// signSequenceStartParameters are the parameters of TPM2_SignSequenceStart (Part 3, 17.5).
type signSequenceStartParameters struct {
	auth    wire.TPM2BAuth         // TPM2B_AUTH
	context wire.TPM2BSignatureCtx // TPM2B_SIGNATURE_CTX
}

func (p *signSequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"context", &p.context},
	}
}

// verifySequenceStartParameters are the parameters of TPM2_VerifySequenceStart (Part 3, 17.6).
type verifySequenceStartParameters struct {
	auth    wire.TPM2BAuth          // TPM2B_AUTH
	hint    wire.TPM2BSignatureHint // TPM2B_SIGNATURE_HINT
	context wire.TPM2BSignatureCtx  // TPM2B_SIGNATURE_CTX
}

func (p *verifySequenceStartParameters) fields() []field {
	return []field{
		{"auth", &p.auth},
		{"hint", &p.hint},
		{"context", &p.context},
	}
}

// sequenceUpdateParameters are the parameters of TPM2_SequenceUpdate (Part 3, 17.7).
type sequenceUpdateParameters struct {
	buffer wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *sequenceUpdateParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
	}
}

// sequenceCompleteParameters are the parameters of TPM2_SequenceComplete (Part 3, 17.8).
type sequenceCompleteParameters struct {
	buffer    wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
	hierarchy wire.Handle         // TPMI_RH_HIERARCHY
}

func (p *sequenceCompleteParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
		{"hierarchy", asHandle(&p.hierarchy, wire.TPMIRHHierarchy)},
	}
}

// eventSequenceCompleteParameters are the parameters of TPM2_EventSequenceComplete (Part 3, 17.9).
type eventSequenceCompleteParameters struct {
	buffer wire.TPM2BMaxBuffer // TPM2B_MAX_BUFFER
}

func (p *eventSequenceCompleteParameters) fields() []field {
	return []field{
		{"buffer", &p.buffer},
	}
}

// macStart is TPM2_MAC_Start (Part 3, 17.3), and TPM2_HMAC_Start, which differs only in its name (Part 3, 17.2).
func (t *TPM) macStart(c *call, p *macStartParameters) error {
	alg, err := t.macAlgorithm(c.objects[0], p.inScheme)
	if err != nil {
		return err
	}
	s, err := newMACSequence(c.objects[0], alg)
	if err != nil {
		return err
	}
	c.outHandle, err = t.addSequence(s, p.auth)
	return err
}

// hashSequenceStart is TPM2_HashSequenceStart (Part 3, 17.4): without an algorithm it starts an event sequence.
func (t *TPM) hashSequenceStart(c *call, p *hashSequenceStartParameters) (err error) {
	s := t.newEventSequence()
	if p.hashAlg != wire.AlgNull {
		s = newHashSequence(p.hashAlg)
	}
	c.outHandle, err = t.addSequence(s, p.auth)
	return err
}

// sequenceUpdate is TPM2_SequenceUpdate (Part 3, 17.7).
func (t *TPM) sequenceUpdate(c *call, p *sequenceUpdateParameters) error {
	s := c.objects[0].sequence
	if s == nil {
		return wire.RCMode.Handle(1)
	}
	s.noteBlock(p.buffer)
	s.write(p.buffer)
	return nil
}

// sequenceComplete is TPM2_SequenceComplete (Part 3, 17.8).
func (t *TPM) sequenceComplete(c *call, p *sequenceCompleteParameters) error {
	o := c.objects[0]
	s := o.sequence
	if s == nil || s.kind != sequenceHash && s.kind != sequenceHMAC {
		return wire.RCMode.Handle(1)
	}
	s.noteBlock(p.buffer)
	s.write(p.buffer)
	var result []byte
	ticket := wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
	if s.kind == sequenceHash {
		result = s.hashes[0].hash.Sum(nil)
		ticket = t.hashCheckTicket(p.hierarchy, s.hashes[0].alg, result, s.ticketSafe)
	} else {
		result = s.mac()
	}
	c.out.TPM2B(result)
	ticket.Marshal(&c.out)
	o.flushAtEnd = true
	return nil
}

// eventSequenceComplete is TPM2_EventSequenceComplete (Part 3, 17.9).
func (t *TPM) eventSequenceComplete(c *call, p *eventSequenceCompleteParameters) error {
	o := c.objects[1]
	s := o.sequence
	if s == nil || s.kind != sequenceEvent {
		return wire.RCMode.Handle(2)
	}
	pcr := c.handles[0]
	if pcr != wire.RHNull && !t.pcrExtendAllowed(pcr) {
		return wire.RCLocality
	}
	if pcr != wire.RHNull && t.pcrStateSaved(pcr) {
		t.clearOrderly()
	}
	s.write(p.buffer)
	var results wire.TPMLDigestValues
	for _, h := range s.hashes {
		digest := h.hash.Sum(nil)
		results = append(results, wire.TPMTHA{HashAlg: h.alg, Digest: digest})
		if pcr != wire.RHNull {
			t.pcrExtend(pcr, h.alg, digest)
		}
	}
	results.Marshal(&c.out)
	o.flushAtEnd = true
	return nil
}
