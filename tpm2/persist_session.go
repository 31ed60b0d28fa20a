package tpm2

import (
	"fmt"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Sessions as saved state and saved contexts hold them.

// sessionFlag is a property of a session and its bit in saved state.
type sessionFlag struct {
	bit nvstate.SessionAttributes
	is  *bool
}

// stateFlags are the properties that are stored as they are.
func (s *session) stateFlags() [14]sessionFlag {
	return [...]sessionFlag{
		{nvstate.SessionIsPolicy, &s.isPolicy}, {nvstate.SessionIsTrialPolicy, &s.trial},
		{nvstate.SessionIsAudit, &s.isAudit}, {nvstate.SessionIsBound, &s.isBound},
		{nvstate.SessionIsDaBound, &s.isDABound}, {nvstate.SessionIsLockoutBound, &s.isLockoutBound},
		{nvstate.SessionIsAuthValueNeeded, &s.authValueNeeded}, {nvstate.SessionIsPasswordNeeded, &s.passwordNeeded},
		{nvstate.SessionIsPPRequired, &s.presenceNeeded},
		{nvstate.SessionCheckNvWritten, &s.checkNVWritten}, {nvstate.SessionNvWrittenState, &s.nvWritten},
		{nvstate.SessionCheckSecureChannel, &s.channel.needed},
		{nvstate.SessionCheckReqKey, &s.channel.requesterKey}, {nvstate.SessionCheckTpmKey, &s.channel.tpmKey},
	}
}

// restrictionBits are the bits that tell what hash a policy session is restricted to.
func restrictionBits() map[restriction]nvstate.SessionAttributes {
	return map[restriction]nvstate.SessionAttributes{
		restrictCPHash: nvstate.SessionIsCpHashDefined, restrictNameHash: nvstate.SessionIsNameHashDefined,
		restrictTemplate: nvstate.SessionIsTemplateHashDefined, restrictParameters: nvstate.SessionIsParametersHashDefined,
	}
}

// levelNameHash is the first level that marks a name hash; before, it is the hash without mark.
const levelNameHash nvstate.Level = 4

// channelConditions are what a policy asks of the secure channel; only a profile beyond libtpms has a command for it.
const channelConditions = nvstate.SessionCheckSecureChannel | nvstate.SessionCheckReqKey | nvstate.SessionCheckTpmKey

// sessionState is s as saved state holds it at a level. It shares memory with s.
func sessionState(s *session, level nvstate.Level) *nvstate.Session {
	x := &nvstate.Session{
		PCRCounter: s.pcrCounter, StartTime: s.startTime, Timeout: s.timeout, Epoch: s.epoch,
		CommandCode: s.commandCode, CommandLocality: uint8(s.locality),
		AuthHashAlg: s.authHash, Symmetric: s.symmetric, SessionKey: s.key, NonceTPM: s.nonceTPM,
		U1: s.bound, U2: s.digest, ChannelKeys: s.channel.names,
	}
	for _, f := range s.stateFlags() {
		if *f.is {
			x.Attributes |= f.bit
		}
	}
	if s.restricts != restrictNameHash || level >= levelNameHash {
		x.Attributes |= restrictionBits()[s.restricts]
	}
	return x
}

// sessionOfState is the session that saved state holds, checked as far as the engine relies on it.
func (t *TPM) sessionOfState(x *nvstate.Session) (*session, error) {
	s := &session{
		pcrCounter: x.PCRCounter, startTime: x.StartTime, timeout: x.Timeout, epoch: x.Epoch,
		commandCode: x.CommandCode, locality: wire.TPMALocality(x.CommandLocality),
		authHash: x.AuthHashAlg, symmetric: x.Symmetric, key: nonEmpty(x.SessionKey), nonceTPM: x.NonceTPM,
		bound: nonEmpty(x.U1), digest: nonEmpty(x.U2),
	}
	for _, f := range s.stateFlags() {
		*f.is = x.Attributes&f.bit != 0
	}
	s.channel.names = nonEmpty(x.ChannelKeys)
	if s.isPolicy && len(s.bound) != 0 {
		s.restricts = restrictNameHash
		for r, bit := range restrictionBits() {
			if x.Attributes&bit != 0 && r != restrictNameHash {
				s.restricts = r
			}
		}
	}
	return s, t.checkSessionState(s, x)
}

// checkSessionState refuses algorithms and conditions that the profile does not allow, and what does not fit together.
func (t *TPM) checkSessionState(s *session, x *nvstate.Session) error {
	if !t.hasHash(s.authHash) {
		return sessionError(nvstate.ErrHash, fmt.Sprintf("algorithm 0x%04x", uint16(s.authHash)))
	}
	var symmetric wire.TPMTSymDef
	r := wire.NewReader(wire.Marshal(&s.symmetric), t.limits)
	symmetric.UnmarshalOrNull(r)
	if rc := r.End(); rc != wire.RCSuccess {
		return sessionError(nvstate.Kind(rc), "the profile does not allow the symmetric algorithm: "+rc.String())
	}
	if err := t.checkChannelState(s, x); err != nil {
		return err
	}
	size := digestSize(s.authHash)
	if s.isPolicy && len(s.digest) != size || len(s.digest) != 0 && len(s.digest) != size {
		return sessionError(nvstate.ErrSize, fmt.Sprintf("a digest of %d bytes", len(s.digest)))
	}
	if s.isBound && len(s.bound) != boundEntitySize {
		return sessionError(nvstate.ErrSize, fmt.Sprintf("a bound entity of %d bytes", len(s.bound)))
	}
	return nil
}

// checkChannelState refuses what no TPM2_PolicyTransportSPDM of this TPM could leave.
func (t *TPM) checkChannelState(s *session, x *nvstate.Session) error {
	conditions := x.Attributes & channelConditions
	if conditions != 0 && !t.secureChannels() {
		return sessionError(nvstate.ErrValue, fmt.Sprintf("conditions 0x%05x are not known", uint32(conditions)))
	}
	if !s.channel.needed && conditions != 0 || s.channel.needed && !s.isPolicy {
		return sessionError(nvstate.ErrValue, fmt.Sprintf("conditions 0x%05x alone", uint32(conditions)))
	}
	size := 0
	if s.channel.namesKey() {
		size = digestSize(s.authHash)
	}
	if len(s.channel.names) != size {
		return sessionError(nvstate.ErrSize, fmt.Sprintf("a hash of %d bytes for the keys of a secure channel", len(s.channel.names)))
	}
	return nil
}

func sessionError(kind nvstate.Kind, detail string) error {
	return &nvstate.Error{Kind: kind, Structure: "SESSION", Detail: detail}
}

// marshalSessionContext is the payload of a saved context of s (Part 1, 27.2).
func (t *TPM) marshalSessionContext(s *session) ([]byte, error) {
	return nvstate.EncodeContextSession(sessionState(s, t.level()))
}

// unmarshalSessionContext is the session of a saved context that was authenticated. RCIntegrity parameter 1.
func (t *TPM) unmarshalSessionContext(b []byte) (*session, error) {
	x, err := nvstate.DecodeContextSession(b)
	if err != nil {
		return nil, wire.RCIntegrity.Parameter(1)
	}
	s, err := t.sessionOfState(x)
	if err != nil {
		return nil, wire.RCIntegrity.Parameter(1)
	}
	return s, nil
}
