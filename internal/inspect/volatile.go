package inspect

import (
	"fmt"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Volatile is a running TPM without its NV memory.
type Volatile struct {
	Started     bool           `json:"started"` // by TPM2_Startup
	Failure     *Failure       `json:"failureMode,omitempty"`
	Established bool           `json:"tpmEstablished"`
	LastStart   Shutdown       `json:"shutdownBeforeStart"`
	Time        Time           `json:"time"`
	SavedAt     uint64         `json:"savedAt"` // ms since 1970
	Hierarchies []Hierarchy    `json:"hierarchies"`
	Extension   *Extension     `json:"beyondLibtpms,omitempty"`
	Counters    Counters       `json:"counters"`
	AuditDigest Hex            `json:"auditDigest,omitempty"`
	Exclusive   string         `json:"exclusiveAuditSession,omitempty"`
	PCR         []Values       `json:"pcr"`
	Objects     []Object       `json:"objects"`
	Sequences   []Sequence     `json:"sequences"`
	Sessions    []Session      `json:"sessions"`
	Saved       []string       `json:"savedSessions"`
	Orderly     []OrderlyIndex `json:"orderlyIndexes"`
	Secrets     map[string]Hex `json:"secrets,omitempty"`
}

// Failure says why a TPM is in failure mode, in numbers of the program that wrote the state.
type Failure struct {
	Function uint32 `json:"function"`
	Line     uint32 `json:"line"`
	Code     uint32 `json:"code"`
}

// Session is a loaded session.
type Session struct {
	Handle    string         `json:"handle"`
	Type      string         `json:"type"` // hmac, policy or trial
	AuthHash  string         `json:"authHash"`
	Symmetric string         `json:"symmetric,omitempty"`
	Bound     bool           `json:"bound"`
	Audit     bool           `json:"audit"`
	Digest    Hex            `json:"policyDigest,omitempty"`
	Needs     []string       `json:"conditions"` // of a policy, to be met when it is used
	Command   string         `json:"command,omitempty"`
	Locality  uint8          `json:"locality,omitempty"`
	Timeout   uint64         `json:"timeout,omitempty"` // in time of the TPM, ms
	Secrets   map[string]Hex `json:"secrets,omitempty"`
}

func volatileOf(v *nvstate.Volatile, p *nvstate.Permanent, secrets bool) *Volatile {
	clear, reset := &v.StateClear, &v.StateReset
	r := &Volatile{
		Started: v.Initialized, Established: v.TPMEstablished, LastStart: shutdownOf(v.PrevOrderlyState),
		Time:     Time{Clock: v.Orderly.Clock, Safe: v.Orderly.ClockSafe, Time: v.Time},
		SavedAt:  v.Timer.WallClock,
		Counters: Counters{MaxDeleted: v.MaxCounter}, AuditDigest: reset.CommandAuditDigest,
		Objects: []Object{}, Sequences: []Sequence{}, Orderly: orderlyOf(v.OrderlyRAM, secrets),
	}
	var active wire.TPMLPCRSelection
	if p != nil {
		active = visibleBanks(p, p.Data.PCRActive)
		d := &p.Data
		r.Time.Epoch, r.Counters.Resets, r.Counters.TotalResets = &d.TimeEpoch, &d.ResetCount, &d.TotalResetCount
	}
	r.Counters.saved(reset)
	r.Extension = extensionOf(clear.Extension)
	r.PCR = valuesOf(v.PCRs, active)
	if v.InFailureMode {
		r.Failure = &Failure{v.FailFunction, v.FailLine, v.FailCode}
	}
	platform := hierarchyOf("platform", clear.PlatformAuth, clear.PlatformAlg, clear.PlatformPolicy)
	platform.Enabled = &v.PHEnable
	r.Hierarchies = []Hierarchy{{Name: "owner", Enabled: &clear.SHEnable}, {Name: "endorsement", Enabled: &clear.EHEnable}, platform,
		{Name: "platform-nv", Enabled: &clear.PHEnableNV}}
	if h := v.ExclusiveAuditSession; h != wire.RHUnassigned && h != 0 {
		r.Exclusive = handleText(h)
	}
	for i := range v.Objects {
		slot, h := &v.Objects[i], firstTransient+wire.Handle(i)
		switch {
		case slot.Object != nil:
			r.Objects = append(r.Objects, objectOf(h, slot, secrets))
		case slot.Sequence != nil:
			r.Sequences = append(r.Sequences, sequenceOf(h, slot, secrets))
		case slot.Extension != nil:
			r.Sequences = append(r.Sequences, extendedSequenceOf(h, slot.Extension, secrets))
		}
	}
	r.Sessions, r.Saved = sessionsOf(v, secrets)
	if secrets {
		r.Secrets = map[string]Hex{"endorsementSeed": v.EPSeed, "ownerSeed": v.SPSeed, "platformSeed": v.PPSeed}
		generatorSecrets(r.Secrets, &v.Orderly.DRBG)
		savedSecrets(r.Secrets, reset, clear)
	}
	return r
}

const (
	firstTransient     = wire.Handle(wire.HTTransient) << 24
	firstHMACSession   = wire.Handle(wire.HTHMACSession) << 24
	firstPolicySession = wire.Handle(wire.HTPolicySession) << 24
)

// sessionsOf tells of the sessions: the array of contexts says which are loaded, in which slot, and which are saved.
func sessionsOf(v *nvstate.Volatile, secrets bool) (loaded []Session, saved []string) {
	loaded, saved = []Session{}, []string{}
	for i, place := range v.StateReset.ContextArray {
		switch {
		case place == 0:
		case int(place) > len(v.Sessions):
			// The type of a saved session is in its context only.
			saved = append(saved, handleText(firstHMACSession+wire.Handle(i)))
		case v.Sessions[place-1] != nil:
			loaded = append(loaded, sessionOf(wire.Handle(i), v.Sessions[place-1], secrets))
		}
	}
	return loaded, saved
}

func sessionOf(number wire.Handle, s *nvstate.Session, secrets bool) Session {
	has := func(a nvstate.SessionAttributes) bool { return s.Attributes&a != 0 }
	r := Session{
		Handle: handleText(firstHMACSession + number), Type: "hmac", AuthHash: s.AuthHashAlg.String(),
		Bound: has(nvstate.SessionIsBound), Audit: has(nvstate.SessionIsAudit), Needs: []string{}, Timeout: s.Timeout,
	}
	if s.Symmetric.Algorithm != wire.AlgNull {
		r.Symmetric = fmt.Sprintf("%v-%d-%v", s.Symmetric.Algorithm, s.Symmetric.KeyBits, s.Symmetric.Mode)
		if s.Symmetric.Algorithm == wire.AlgXOR {
			r.Symmetric = fmt.Sprintf("xor-%v", s.Symmetric.Hash)
		}
	}
	if has(nvstate.SessionIsPolicy) {
		r.Handle, r.Type, r.Digest, r.Locality = handleText(firstPolicySession+number), "policy", s.U2, s.CommandLocality
		if has(nvstate.SessionIsTrialPolicy) {
			r.Type = "trial"
		}
		if s.CommandCode != 0 {
			r.Command = s.CommandCode.String()
		}
		for _, c := range conditions {
			if has(c.bit) {
				r.Needs = append(r.Needs, c.name)
			}
		}
	}
	if secrets {
		r.Secrets = map[string]Hex{"sessionKey": s.SessionKey, "nonceTPM": s.NonceTPM}
	}
	return r
}

// conditions are what a policy session may ask for beside its digest.
var conditions = [...]struct {
	bit  nvstate.SessionAttributes
	name string
}{
	{nvstate.SessionIsAuthValueNeeded, "auth-value"}, {nvstate.SessionIsPasswordNeeded, "password"},
	{nvstate.SessionIsPPRequired, "physical-presence"}, {nvstate.SessionIsCpHashDefined, "cp-hash"},
	{nvstate.SessionIsNameHashDefined, "name-hash"}, {nvstate.SessionIsTemplateHashDefined, "template-hash"},
	{nvstate.SessionIsParametersHashDefined, "parameters-hash"}, {nvstate.SessionCheckNvWritten, "nv-written"},
	{nvstate.SessionCheckSecureChannel, "secure-channel"}, {nvstate.SessionCheckReqKey, "requester-key"},
	{nvstate.SessionCheckTpmKey, "tpm-key"},
}
