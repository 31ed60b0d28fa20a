package tpm2

import (
	"crypto/hmac"
	"encoding/binary"
	"slices"

	"govtpm/tpm2/wire"
)

// Tickets: HMACs over what this TPM has checked or made, with the proof of a hierarchy as key (Part 2, 10.6; Part 1, 8.4.6.3).

// ticketHMAC is the HMAC of a ticket.
func (t *TPM) ticketHMAC(tag wire.ST, hierarchy wire.Handle, parts ...[]byte) []byte {
	h := newHMAC(contextHashAlg, t.proof(hierarchy))
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(tag)))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// creationTicket tells that the TPM made the object of this name with this creation data (Part 2, 10.6.3).
func (t *TPM) creationTicket(hierarchy wire.Handle, name, creationHash []byte) wire.TPMTTKCreation {
	return wire.TPMTTKCreation{
		Tag: wire.STCreation, Hierarchy: hierarchy,
		Digest: t.ticketHMAC(wire.STCreation, hierarchy, name, creationHash),
	}
}

// checkCreationTicket reports whether a creation ticket is genuine.
func (t *TPM) checkCreationTicket(k *wire.TPMTTKCreation, name, creationHash []byte) bool {
	want := t.creationTicket(k.Hierarchy, name, creationHash)
	return hmac.Equal(want.Digest, k.Digest)
}

// verifiedTicket tells that the TPM verified a signature over digest by the key of this name (Part 2, 10.6.5).
func (t *TPM) verifiedTicket(hierarchy wire.Handle, digest, keyName []byte) wire.TPMTTKVerified {
	return wire.TPMTTKVerified{
		Tag: wire.STVerified, Hierarchy: hierarchy,
		HMAC: t.ticketHMAC(wire.STVerified, hierarchy, digest, keyName),
	}
}

// checkVerified reports whether the ticket tells of a signature over the message by the key of this name, whichever command verified it
// (Part 2, 10.6.5; Part 3, 23.16). TPM2_VerifySignature does not say how the message became the digest: by nameAlg.
func (t *TPM) checkVerified(k *wire.TPMTTKVerified, nameAlg wire.Alg, keyName []byte, message ...[]byte) bool {
	var parts [][]byte
	switch k.Tag {
	case wire.STMessageVerified:
		parts = append(slices.Clone(message), keyName)
	case wire.STDigestVerified:
		parts = [][]byte{hashOf(k.DigestAlg, message...), keyName, binary.BigEndian.AppendUint16(nil, uint16(k.DigestAlg))}
	default:
		parts = [][]byte{hashOf(nameAlg, message...), keyName}
	}
	return hmac.Equal(t.ticketHMAC(k.Tag, k.Hierarchy, parts...), k.HMAC)
}

// authTicket carries an authorization of PolicySigned or PolicySecret to a later session (Part 2, 10.6.6). A timeout ends with
// the time epoch, and one that is not tied to a session's nonce with the TPM Reset.
func (t *TPM) authTicket(tag wire.ST, hierarchy wire.Handle, timeout uint64, onReset bool, cpHashA, policyRef, name []byte) wire.TPMTTKAuth {
	end := binary.BigEndian.AppendUint64(nil, timeout)
	if timeout != 0 {
		end = binary.BigEndian.AppendUint32(end, t.persistent.timeEpoch)
		if onReset {
			end = binary.BigEndian.AppendUint64(end, t.persistent.totalResetCount)
		}
	}
	return wire.TPMTTKAuth{
		Tag: tag, Hierarchy: hierarchy,
		Digest: t.ticketHMAC(tag, hierarchy, cpHashA, policyRef, name, end),
	}
}

// hashCheckTicket tells that the TPM computed digest over data that is not of its own making (Part 2, 10.6.7). It is
// empty in the NULL hierarchy, or if the data is not safe to sign.
func (t *TPM) hashCheckTicket(hierarchy wire.Handle, alg wire.Alg, digest []byte, safe bool) wire.TPMTTKHashCheck {
	if hierarchy == wire.RHNull || !safe {
		return wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
	}
	return wire.TPMTTKHashCheck{
		Tag: wire.STHashCheck, Hierarchy: hierarchy,
		Digest: t.ticketHMAC(wire.STHashCheck, hierarchy, binary.BigEndian.AppendUint16(nil, uint16(alg)), digest),
	}
}

// checkHashCheck reports whether a hash ticket is genuine.
func (t *TPM) checkHashCheck(k *wire.TPMTTKHashCheck, alg wire.Alg, digest []byte) bool {
	want := t.ticketHMAC(wire.STHashCheck, k.Hierarchy, binary.BigEndian.AppendUint16(nil, uint16(alg)), digest)
	return hmac.Equal(want, k.Digest)
}
