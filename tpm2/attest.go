package tpm2

import (
	"encoding/binary"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Attestation: statements of the TPM about itself, signed with a key that it holds (Part 1, 28; Part 3, 18).

// canSign reports whether o may be the signHandle of an attestation; nil stands for TPM_RH_NULL.
func canSign(o *object) bool {
	return o == nil || o.public.Attributes.Has(wire.ObjectSign) && o.public.Type != wire.AlgSymCipher
}

// isAnonymous reports whether a scheme hides which key signs.
func isAnonymous(scheme wire.Alg) bool { return scheme == wire.AlgECDAA }

// checkSigner checks signHandle, the given number among the handles, and inScheme, parameter number scheme.
func (t *TPM) checkSigner(key *object, s *wire.TPMTSigScheme, handle, scheme int) error {
	if !canSign(key) {
		return wire.RCKey.Handle(handle)
	}
	if !t.selectSignScheme(key, s) {
		return wire.RCScheme.Parameter(scheme)
	}
	return nil
}

// An attestation is a statement on its way to be signed.
type attestation struct {
	wire.TPMSAttest
	key            *object
	scheme         wire.TPMTSigScheme
	qualifyingData []byte // what an anonymous scheme signs along instead of stating it
}

// newAttestation fills in what every attestation states (Part 2, 10.12.12): signer, caller's data, time and firmware. Outside the
// endorsement and platform hierarchies reset counts and firmware version are obfuscated, so that they do not tie keys to one TPM
// (Part 1, 33.7).
func (t *TPM) newAttestation(kind wire.ST, key *object, s wire.TPMTSigScheme, qualifyingData []byte) *attestation {
	a := &attestation{key: key, scheme: s}
	a.Type = kind
	a.ClockInfo = t.clockInfo()
	a.FirmwareVersion = uint64(t.persistent.firmwareV1)<<32 | uint64(t.persistent.firmwareV2)
	switch {
	case isAnonymous(s.Scheme):
		a.qualifyingData = qualifyingData
	case key == nil:
		a.QualifiedSigner = binary.BigEndian.AppendUint32(nil, uint32(wire.RHNull))
		a.ExtraData = qualifyingData
	default:
		a.QualifiedSigner = key.qualified
		a.ExtraData = qualifyingData
	}
	if key == nil || key.hierarchy != wire.RHEndorsement && key.hierarchy != wire.RHPlatform {
		o := kdf.KDFa(hashFunc(contextHashAlg), t.persistent.shProof, "OBFUSCATE", a.QualifiedSigner, nil, 128)
		// The words are taken as libtpms does on the machines it runs on: little-endian.
		a.FirmwareVersion += binary.LittleEndian.Uint64(o)
		a.ClockInfo.RestartCount += binary.LittleEndian.Uint32(o[8:])
		a.ClockInfo.ResetCount += binary.LittleEndian.Uint32(o[12:])
	}
	return a
}

// attest signs the attestation and writes it and the signature as response.
func (t *TPM) attest(c *call, a *attestation) error {
	body := wire.Marshal(&a.TPMSAttest)
	signature := wire.TPMTSignature{SigAlg: wire.AlgNull}
	if a.key != nil {
		digest := hashOf(a.scheme.HashAlg, body)
		if len(a.qualifyingData) != 0 {
			digest = hashOf(a.scheme.HashAlg, a.qualifyingData, digest)
		}
		var err error
		if signature, err = t.sign(a.key, &a.scheme, digest); err != nil {
			return err
		}
		t.clearOrderly()
	}
	c.out.TPM2B(body)
	signature.Marshal(&c.out)
	return nil
}

// certify is TPM2_Certify (Part 3, 18.2). Handle 2: RCKey; parameter 2: RCScheme.
func (t *TPM) certify(c *call, p *certifyParameters) error {
	certified, key := c.objects[0], c.objects[1]
	if err := t.checkSigner(key, &p.inScheme, 2, 2); err != nil {
		return err
	}
	a := t.newAttestation(wire.STAttestCertify, key, p.inScheme, p.qualifyingData)
	a.Attested.Certify.Name = certified.name
	if !isAnonymous(p.inScheme.Scheme) {
		a.Attested.Certify.QualifiedName = certified.qualified
	}
	return t.attest(c, a)
}

// certifyCreation is TPM2_CertifyCreation (Part 3, 18.3). Handle 1: RCKey; parameter 3: RCScheme; 4: RCTicket.
func (t *TPM) certifyCreation(c *call, p *certifyCreationParameters) error {
	key, certified := c.objects[0], c.objects[1]
	if err := t.checkSigner(key, &p.inScheme, 1, 3); err != nil {
		return err
	}
	if !t.checkCreationTicket(&p.creationTicket, certified.name, p.creationHash) {
		return wire.RCTicket.Parameter(4)
	}
	a := t.newAttestation(wire.STAttestCreation, key, p.inScheme, p.qualifyingData)
	a.Attested.Creation.ObjectName = certified.name
	a.Attested.Creation.CreationHash = p.creationHash
	return t.attest(c, a)
}

// quote is TPM2_Quote (Part 3, 18.4). Handle 1: RCKey; parameter 2: RCScheme, also for a scheme without hash.
func (t *TPM) quote(c *call, p *quoteParameters) error {
	key := c.objects[0]
	if err := t.checkSigner(key, &p.inScheme, 1, 2); err != nil {
		return err
	}
	if p.inScheme.Scheme == wire.AlgNull || digestSize(p.inScheme.HashAlg) == 0 {
		return wire.RCScheme.Parameter(2)
	}
	a := t.newAttestation(wire.STAttestQuote, key, p.inScheme, p.qualifyingData)
	t.filterPCR(&p.pcrSelect)
	a.Attested.Quote.PCRSelect = p.pcrSelect
	a.Attested.Quote.PCRDigest = t.pcrDigest(p.inScheme.HashAlg, &p.pcrSelect)
	return t.attest(c, a)
}

// getSessionAuditDigest is TPM2_GetSessionAuditDigest (Part 3, 18.5). Handle 2: RCKey; parameter 2: RCScheme; handle 3: RCType.
func (t *TPM) getSessionAuditDigest(c *call, p *getSessionAuditDigestParameters) error {
	key, h := c.objects[1], c.handles[2]
	if err := t.checkSigner(key, &p.inScheme, 2, 2); err != nil {
		return err
	}
	s := t.volatile.sessions.loaded(t, h)
	if !s.isAudit {
		return wire.RCType.Handle(3)
	}
	a := t.newAttestation(wire.STAttestSessionAudit, key, p.inScheme, p.qualifyingData)
	a.Attested.SessionAudit.SessionDigest = s.digest
	a.Attested.SessionAudit.ExclusiveSession = t.volatile.exclusiveAudit == h
	return t.attest(c, a)
}

// getCommandAuditDigest is TPM2_GetCommandAuditDigest (Part 3, 18.6); a signed digest starts anew. Handle 2: RCKey; parameter 2:
// RCScheme.
func (t *TPM) getCommandAuditDigest(c *call, p *getCommandAuditDigestParameters) error {
	key := c.objects[1]
	if err := t.checkSigner(key, &p.inScheme, 2, 2); err != nil {
		return err
	}
	a := t.newAttestation(wire.STAttestCommandAudit, key, p.inScheme, p.qualifyingData)
	a.Attested.CommandAudit.AuditCounter = t.persistent.auditCounter
	a.Attested.CommandAudit.DigestAlg = t.persistent.auditHashAlg
	a.Attested.CommandAudit.AuditDigest = t.stateReset.commandAuditDigest
	a.Attested.CommandAudit.CommandDigest = t.auditedCommandsDigest()
	if err := t.attest(c, a); err != nil {
		return err
	}
	if key != nil {
		t.stateReset.commandAuditDigest = nil
	}
	return nil
}

// getTime is TPM2_GetTime (Part 3, 18.7). Its body is not obfuscated. Handle 2: RCKey; parameter 2: RCScheme.
func (t *TPM) getTime(c *call, p *getTimeParameters) error {
	key := c.objects[1]
	if err := t.checkSigner(key, &p.inScheme, 2, 2); err != nil {
		return err
	}
	a := t.newAttestation(wire.STAttestTime, key, p.inScheme, p.qualifyingData)
	a.Attested.Time.Time = t.timeInfo()
	a.Attested.Time.FirmwareVersion = uint64(t.persistent.firmwareV1)<<32 | uint64(t.persistent.firmwareV2)
	return t.attest(c, a)
}
