package nvstate

import "govtpm/tpm2/wire"

// SessionAttributes are the internal attributes of a session.
type SessionAttributes uint32

// The bits of SessionAttributes.
const (
	SessionIsPolicy                SessionAttributes = 1 << 0 // policy or trial session
	SessionIsAudit                 SessionAttributes = 1 << 1
	SessionIsBound                 SessionAttributes = 1 << 2
	SessionIsCpHashDefined         SessionAttributes = 1 << 3
	SessionIsAuthValueNeeded       SessionAttributes = 1 << 4
	SessionIsPasswordNeeded        SessionAttributes = 1 << 5
	SessionIsPPRequired            SessionAttributes = 1 << 6
	SessionIsTrialPolicy           SessionAttributes = 1 << 7
	SessionIsDaBound               SessionAttributes = 1 << 8
	SessionIsLockoutBound          SessionAttributes = 1 << 9
	SessionIncludeAuth             SessionAttributes = 1 << 10
	SessionCheckNvWritten          SessionAttributes = 1 << 11
	SessionNvWrittenState          SessionAttributes = 1 << 12
	SessionIsTemplateHashDefined   SessionAttributes = 1 << 13
	SessionIsNameHashDefined       SessionAttributes = 1 << 14 // from level 4; before, a name hash has no mark
	SessionIsParametersHashDefined SessionAttributes = 1 << 15
	SessionCheckSecureChannel      SessionAttributes = 1 << 16
	SessionCheckReqKey             SessionAttributes = 1 << 17
	SessionCheckTpmKey             SessionAttributes = 1 << 18
)

// BoundEntitySize is the size of Session.U1 in a bound session: the Name of the entity (or its handle) with zeros behind
// it, XOR its authorization value, right-aligned.
const BoundEntitySize = maxName

// Session is an authorization session: SESSION. Its handle is not stored: the array of contexts in StateReset says which
// session is in which slot, and SessionIsPolicy gives the type.
type Session struct {
	Attributes      SessionAttributes
	PCRCounter      uint32
	StartTime       uint64 // TPM Time at creation, 0 in HMAC sessions
	Timeout         uint64 // in TPM Time, 0 for none
	Epoch           uint32 // time epoch at creation, 0 in HMAC sessions
	CommandCode     wire.CC
	AuthHashAlg     wire.Alg
	CommandLocality uint8
	Symmetric       wire.TPMTSymDef
	SessionKey      []byte
	NonceTPM        []byte

	// U1 is the bound entity, or the cpHash, nameHash, templateHash or parameters hash, as the attributes tell.
	U1 []byte
	// U2 is the policy digest of a policy session and the audit digest of another.
	U2 []byte

	// ChannelKeys is the hash of the Names of the keys that SessionCheckReqKey and SessionCheckTpmKey are about. libtpms, which sets neither,
	// has no place for it.
	ChannelKeys []byte
}

// sessionExtensionHeader is of this package alone: libtpms has no such structure.
var sessionExtensionHeader = structure{"SESSION_EXTENSION", 0x67E7C4A1, 2}

func (s *Session) code(c *coder) {
	defer c.enter(sessionHeader.name)()
	v := c.plain(sessionHeader)
	num32(c, &s.Attributes)
	num32(c, &s.PCRCounter)
	num64(c, &s.StartTime)
	num64(c, &s.Timeout)
	codeEpoch(c, &s.Epoch)
	num32(c, &s.CommandCode)
	num16(c, &s.AuthHashAlg)
	num8(c, &s.CommandLocality)
	c.canonical(&s.Symmetric, "symmetric algorithm")
	c.digest(&s.SessionKey, "session key")
	c.digest(&s.NonceTPM, "nonce")
	c.sized(&s.U1, maxName, "bound entity")
	c.digest(&s.U2, "audit or policy digest")
	c.ownEnd(v, sessionExtensionHeader, len(s.ChannelKeys) != 0, func() {
		defer c.enter(sessionExtensionHeader.name)()
		c.header(sessionExtensionHeader, 2, 2)
		c.digest(&s.ChannelKeys, channelKeysName)
	})
}

// channelKeysName is what errors call Session.ChannelKeys.
const channelKeysName = "hash of the keys of a secure channel"

// codeSessionSlot visits a slot; nil is a free one. A free slot ends after its flag.
func codeSessionSlot(c *coder, slot **Session) {
	defer c.enter(sessionSlotHeader.name)()
	v := c.plain(sessionSlotHeader)
	occupied := *slot != nil
	if c.boolean(&occupied); !occupied {
		return
	}
	if c.reading {
		*slot = new(Session)
	}
	(*slot).code(c)
	c.end(v)
}
