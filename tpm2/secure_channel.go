package tpm2

import (
	"crypto/subtle"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Secure channels (Part 3, 23.25). The TPM establishes none: who carries the commands says of each whether it came through one, as it says
// from which locality.

// A SecureChannel is the SPDM session that a command came through.
type SecureChannel struct {
	// RequesterKey is the Name of the key that the caller proved to have; empty if only the TPM did.
	RequesterKey wire.TPM2BName
	// TPMKey is the Name of the key that stood for the TPM.
	TPMKey wire.TPM2BName
}

// orNone is nil, for no channel, where a Name is longer than any can be.
func (x *SecureChannel) orNone() *SecureChannel {
	const maxName = 2 + 64 // of the largest digest (Part 1, 14)
	if x == nil || max(len(x.RequesterKey), len(x.TPMKey)) > maxName {
		return nil
	}
	return x
}

// channelCondition is what a policy session asks of the secure channel (Part 1, 16.7.8).
type channelCondition struct {
	needed       bool // checkSecureChannel
	requesterKey bool // checkReqKey
	tpmKey       bool // checkTpmKey
	// names is scKeyNameHash, nil if any keys will do.
	names []byte
}

// namesKey reports whether the channel must be of certain keys.
func (x *channelCondition) namesKey() bool { return x.requesterKey || x.tpmKey }

// channelNames is the hash of the Names of the keys of a channel, of which those that do not matter are empty (Part 3, 23.25.1,
// Equation 11).
func channelNames(alg wire.Alg, requesterKey, tpmKey wire.TPM2BName) []byte {
	return hashOf(alg, wire.Marshal(requesterKey), wire.Marshal(tpmKey))
}

// policyTransportSPDM is TPM2_PolicyTransportSPDM (Part 3, 23.25). RCValue: it was run before; parameters 1 and 2: RCHash, RCSize.
func (t *TPM) policyTransportSPDM(c *call, p *policyTransportSPDMParameters) error {
	s := t.policySession(c, 0)
	if s.channel.needed {
		return wire.RCValue
	}
	for i, name := range []wire.TPM2BName{p.reqKeyName, p.tpmKeyName} {
		if rc := t.checkObjectName(name); rc != wire.RCSuccess {
			return rc.Parameter(i + 1)
		}
	}
	x := channelCondition{needed: true, requesterKey: len(p.reqKeyName) != 0, tpmKey: len(p.tpmKeyName) != 0}
	if x.namesKey() {
		x.names = channelNames(s.authHash, p.reqKeyName, p.tpmKeyName)
	}
	s.extend(wire.CCPolicyTransportSPDM, x.names)
	s.channel = x
	return nil
}

// checkObjectName checks that a name, unless it is empty, could be that of an object (Part 1, 14). RCHash; RCSize, also for less than an
// algorithm, as TPM2_PolicyAuthorize and the reference code answer.
func (t *TPM) checkObjectName(name wire.TPM2BName) wire.RC {
	if len(name) == 0 {
		return wire.RCSuccess
	}
	if len(name) < 2 {
		return wire.RCSize
	}
	alg := wire.Alg(binary.BigEndian.Uint16(name))
	if !t.hasHash(alg) {
		return wire.RCHash
	}
	if len(name)-2 != digestSize(alg) {
		return wire.RCSize
	}
	return wire.RCSuccess
}

// checkChannel checks the secure channel that a policy session asks for (Part 3, 23.25.1). RCChannel, RCChannelKey.
func (t *TPM) checkChannel(s *session) error {
	if !s.channel.needed {
		return nil
	}
	have := t.volatile.channel
	if have == nil {
		return wire.RCChannel
	}
	if !s.channel.namesKey() {
		return nil
	}
	var requesterKey, tpmKey wire.TPM2BName
	if s.channel.requesterKey {
		requesterKey = have.RequesterKey
	}
	if s.channel.tpmKey {
		tpmKey = have.TPMKey
	}
	if subtle.ConstantTimeCompare(channelNames(s.authHash, requesterKey, tpmKey), s.channel.names) != 1 {
		return wire.RCChannelKey
	}
	return nil
}

// secureChannels reports whether the TPM has what depends on secure channels; libtpms has none of it.
func (t *TPM) secureChannels() bool { return t.lookup(wire.CCPolicyTransportSPDM) != nil }

// channelCapability is what TPM2_GetCapability tells of secure channels (Part 3, 30.2). Parameter 1: RCValue (another capability, or the
// TPM has no secure channels); 2: RCValue.
func (t *TPM) channelCapability(p *getCapabilityParameters, d *wire.TPMUCapabilities) (more bool, err error) {
	switch {
	case !t.secureChannels():
	case p.capability == wire.CapPubKeys:
		keys, ok := t.channelKeys(p.property)
		if !ok {
			return false, wire.RCValue.Parameter(2)
		}
		// MAX_PUB_KEYS is 1: the largest key takes more than half of the room (Part 2, 10.8.14).
		d.PubKeys, more = page(keys, p.propertyCount, maxCapData)
		return more, nil
	case p.capability == wire.CapSPDMSessionInfo:
		if p.property != 0 {
			return false, wire.RCValue.Parameter(2)
		}
		d.SPDMSessionInfo, more = page(t.channelInfo(), p.propertyCount, maxCapData)
		return more, nil
	}
	return false, wire.RCValue.Parameter(1)
}

// oneChannelCapability is the same for TPM2_PolicyCapability (Part 3, 23.23). RCValue parameter 4, parameter 5.
func (t *TPM) oneChannelCapability(capability wire.Cap, property uint32) ([]byte, error) {
	switch {
	case !t.secureChannels():
	case capability == wire.CapPubKeys:
		if property > uint32(wire.PubKeyTPMSPDMFF) {
			return nil, wire.RCValue.Parameter(5)
		}
		if keys, ok := t.channelKeys(property); ok && len(keys) != 0 {
			return wire.Marshal(&keys[0]), nil
		}
		return nil, nil
	case capability == wire.CapSPDMSessionInfo:
		if property != 0 {
			return nil, wire.RCValue.Parameter(5)
		}
		return one(t.channelInfo(), func(*wire.TPMSSPDMSessionInfo) bool { return true }), nil
	}
	return nil, wire.RCValue.Parameter(4)
}

// channelKeys are the TPM's keys for secure channels from a TPM_PUB_KEY on; ok is false if there is no such property. The first one there
// is, if only to say that there are no keys (Part 2, 6.16).
func (t *TPM) channelKeys(property uint32) (list wire.TPMLPubKey, ok bool) {
	all := t.env.ChannelKeys
	all = all[:min(len(all), int(wire.PubKeyTPMSPDMFF)+1)]
	if property != 0 && uint64(property) >= uint64(len(all)) {
		return nil, false
	}
	for _, key := range all[min(int(property), len(all)):] {
		list = append(list, wire.TPM2BPublic{TPMTPublic: key})
	}
	return list, true
}

// channelInfo tells of the secure channel that the command came through, if there is one (Part 2, 10.8.15).
func (t *TPM) channelInfo() wire.TPMLSPDMSessionInfo {
	if x := t.volatile.channel; x != nil {
		return wire.TPMLSPDMSessionInfo{{ReqKeyName: x.RequesterKey, TPMKeyName: x.TPMKey}}
	}
	return nil
}
