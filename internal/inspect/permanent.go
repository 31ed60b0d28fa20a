package inspect

import (
	"fmt"
	"strings"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Permanent is what a TPM keeps without power.
type Permanent struct {
	Profile     Profile          `json:"profile"`
	Shutdown    Shutdown         `json:"shutdown"`
	Hierarchies []Hierarchy      `json:"hierarchies"`
	Extension   *Extension       `json:"beyondLibtpms,omitempty"` // saved by TPM2_Shutdown(STATE)
	NoClear     bool             `json:"disableClear"`            // TPM2_Clear is disabled for the lockout authorization
	Lockout     Lockout          `json:"lockout"`
	PCR         PCR              `json:"pcr"`
	Time        Time             `json:"time"`
	Counters    Counters         `json:"counters"`
	Audit       Audit            `json:"audit"`
	PPCommands  []string         `json:"physicalPresenceCommands,omitempty"`
	Firmware    string           `json:"firmware"` // version of the program that saved the state
	NV          []NVIndex        `json:"nvIndexes"`
	Objects     []Object         `json:"persistentObjects"`
	Space       Space            `json:"space"`
	Secrets     map[string]Hex   `json:"secrets,omitempty"`
	Seeds       map[string]uint8 `json:"seedLevels"` // how keys are derived from each seed
}

// Profile says which commands and algorithms the TPM has.
type Profile struct {
	Name        string `json:"name"`
	Level       int    `json:"stateFormatLevel"`
	Stored      bool   `json:"stored"` // in the state; otherwise it is the profile of state that has none
	Commands    int    `json:"commandCount"`
	CommandList string `json:"commands"`
	Algorithms  string `json:"algorithms"`
	Attributes  string `json:"attributes,omitempty"`
}

// Shutdown says how the TPM was last shut down.
type Shutdown struct {
	Kind      string `json:"kind"` // clear, state, none
	DAUsed    bool   `json:"dictionaryAttackProtectedObjectUsed,omitempty"`
	Locality3 bool   `json:"startupFromLocality3,omitempty"`
	HCRTM     bool   `json:"hcrtm,omitempty"`
}

// Hierarchy is a hierarchy, or the lockout authorization, which has a policy and an authorization value as they have.
type Hierarchy struct {
	Name    string `json:"name"`
	Enabled *bool  `json:"enabled,omitempty"` // absent if the next startup decides it
	Auth    *bool  `json:"authSet,omitempty"`
	Policy  string `json:"policyAlg,omitempty"`
	Digest  Hex    `json:"policyDigest,omitempty"`
}

// Lockout is the protection against dictionary attacks.
type Lockout struct {
	InLockout   bool   `json:"inLockout"`
	Failed      uint32 `json:"failedTries"`
	Max         uint32 `json:"maxTries"`
	Recovery    uint32 `json:"recoveryTime"`    // seconds
	AuthWait    uint32 `json:"lockoutRecovery"` // seconds
	AuthEnabled bool   `json:"lockoutAuthEnabled"`
}

// Time is the clock.
type Time struct {
	Clock uint64  `json:"clock"` // ms
	Safe  bool    `json:"clockSafe"`
	Time  uint64  `json:"time"`            // ms since power-on
	Epoch *uint32 `json:"epoch,omitempty"` // of the permanent state
}

// Counters are the counters of the TPM itself. The first two are in the permanent state; the next three in a running TPM, and
// in the permanent state by Shutdown(STATE).
type Counters struct {
	TotalResets *uint64 `json:"totalResetCount,omitempty"`
	Resets      *uint32 `json:"resetCount,omitempty"`
	Restarts    *uint32 `json:"restartCount,omitempty"`
	Clears      *uint32 `json:"clearCount,omitempty"`
	PCRUpdates  *uint32 `json:"pcrUpdateCounter,omitempty"`
	MaxDeleted  uint64  `json:"greatestDeletedCounter"`
}

// Audit is the audit of commands.
type Audit struct {
	Alg      string   `json:"alg"`
	Counter  uint64   `json:"counter"`
	Commands []string `json:"commands"`
	Digest   Hex      `json:"digest,omitempty"`
}

// Space is what is left of the NV memory.
type Space struct {
	Total        int `json:"total"`
	Free         int `json:"free"`
	OrderlyTotal int `json:"orderlyTotal"` // RAM of orderly indexes
	OrderlyFree  int `json:"orderlyFree"`
	Objects      int `json:"persistentObjectsAvailable"` // as TPM_PT_HR_PERSISTENT_AVAIL
	Counters     int `json:"countersAvailable"`          // as TPM_PT_NV_COUNTERS_AVAIL
}

func permanentOf(p *nvstate.Permanent, secrets bool) *Permanent {
	d := &p.Data
	r := &Permanent{
		Profile:  profileOf(p),
		Shutdown: shutdownOf(d.OrderlyState),
		NoClear:  d.DisableClear,
		Lockout: Lockout{d.FailedTries >= d.MaxTries, d.FailedTries, d.MaxTries, d.RecoveryTime, d.LockoutRecovery,
			d.LockoutAuthEnabled},
		Time:       Time{p.Orderly.Clock, p.Orderly.ClockSafe, p.Orderly.Time, &d.TimeEpoch},
		Counters:   Counters{TotalResets: &d.TotalResetCount, Resets: &d.ResetCount, MaxDeleted: p.NV.MaxCount},
		Audit:      Audit{Alg: d.AuditHashAlg.String(), Counter: d.AuditCounter, Commands: commandNames(&d.AuditCommands)},
		PPCommands: commandNames(&d.PPList),
		Firmware:   fmt.Sprintf("%08x.%08x", d.FirmwareV1, d.FirmwareV2),
		Seeds: map[string]uint8{"endorsement": uint8(d.EPSeedCompat), "owner": uint8(d.SPSeedCompat),
			"platform": uint8(d.PPSeedCompat)},
		NV: indexesOf(&p.NV, p.OrderlyRAM, secrets), Objects: persistentOf(&p.NV, secrets),
	}
	r.Hierarchies = []Hierarchy{
		hierarchyOf("owner", d.OwnerAuth, d.OwnerAlg, d.OwnerPolicy),
		hierarchyOf("endorsement", d.EndorsementAuth, d.EndorsementAlg, d.EndorsementPolicy),
		hierarchyOf("lockout", d.LockoutAuth, d.LockoutAlg, d.LockoutPolicy),
	}
	platform := Hierarchy{Name: "platform"}
	r.PCR = PCR{Banks: banksOf(visibleBanks(p, d.PCRActive))}
	if next := banksOf(visibleBanks(p, d.PCRAllocated)); !sameBanks(next, r.PCR.Banks) {
		r.PCR.AfterReset = next
	}
	if p.StateReset != nil && p.StateClear != nil {
		platform = hierarchyOf("platform", p.StateClear.PlatformAuth, p.StateClear.PlatformAlg, p.StateClear.PlatformPolicy)
		r.Hierarchies[0].Enabled, r.Hierarchies[1].Enabled = &p.StateClear.SHEnable, &p.StateClear.EHEnable
		r.Counters.saved(p.StateReset)
		r.Extension = extensionOf(p.StateClear.Extension)
		r.Audit.Digest = p.StateReset.CommandAuditDigest
		r.PCR.Values = valuesOf(p.StateClear.PCRSave, visibleBanks(p, d.PCRActive))
	}
	r.Hierarchies = append(r.Hierarchies, platform)
	r.Space = spaceOf(p)
	if secrets {
		r.Secrets = permanentSecrets(p)
	}
	return r
}

// storedProfile is the profile of the state, null if it holds none.
func storedProfile(p *nvstate.Permanent) (profile nvstate.Profile) {
	if p.Profile != "" {
		profile, _ = nvstate.ParseProfile(p.Profile) // it was checked when the state was read
	} else {
		profile, _ = nvstate.BuiltinProfile("null")
	}
	return profile
}

func profileOf(p *nvstate.Permanent) Profile {
	profile := storedProfile(p)
	r := Profile{Name: profile.Name, Level: int(profile.Level), Stored: p.Profile != "", CommandList: profile.Commands,
		Algorithms: profile.Algorithms, Attributes: profile.Attributes}
	if set, err := profile.CommandSet(); err == nil {
		r.Commands = len(set.Commands())
	}
	return r
}

func shutdownOf(s nvstate.OrderlyState) Shutdown {
	switch s {
	case nvstate.OrderlyNone:
		return Shutdown{Kind: "none"}
	case nvstate.OrderlyDAUsed:
		return Shutdown{Kind: "none", DAUsed: true}
	}
	r := Shutdown{Kind: "clear", Locality3: s&nvstate.OrderlyLocality3 != 0, HCRTM: s&nvstate.OrderlyHCRTM != 0}
	if s.Saved() {
		r.Kind = "state"
	}
	return r
}

func hierarchyOf(name string, auth []byte, alg wire.Alg, policy []byte) Hierarchy {
	set := isSet(auth)
	h := Hierarchy{Name: name, Auth: &set}
	if alg != wire.AlgNull && len(policy) != 0 {
		h.Policy, h.Digest = alg.String(), policy
	}
	return h
}

func (c *Counters) saved(r *nvstate.StateReset) {
	c.Restarts, c.Clears, c.PCRUpdates = &r.RestartCount, &r.ClearCount, &r.PCRCounter
}

// isSet says whether an authorization value is there; zeros at its end do not count (Part 1, 11.6.4.3).
func isSet(auth []byte) bool { return strings.Trim(string(auth), "\x00") != "" }

func commandNames(set *nvstate.CommandSet) []string {
	names := []string{}
	for _, cc := range set.Commands() {
		names = append(names, cc.String())
	}
	return names
}

// Sizes of the NV memory that clients see, as libtpms has them.
const (
	spaceListEnd    = 12   // of the list of entries
	spaceOrderly    = 512  // RAM of orderly indexes
	spaceOrderlyOne = 12   // in it, before the data of each
	spaceObject     = 3320 // set aside for a persistent object
	spaceCounter    = 160  // and for a counter
	leastObjects    = 7    // as many always fit
	leastCounters   = 8
)

// spaceOf counts the space as TPM2_GetCapability does.
func spaceOf(p *nvstate.Permanent) Space {
	level, err := p.Level()
	if err != nil {
		level = nvstate.LevelNull
	}
	objects, counters := 0, 0
	s := Space{Total: nvstate.NVUserSize - spaceListEnd, OrderlyTotal: spaceOrderly}
	s.Free, s.OrderlyFree = nvstate.NVUserSize-p.NV.Size(level), s.OrderlyTotal
	for _, e := range p.NV.Entries {
		switch {
		case e.Object != nil:
			objects++
		case e.Index != nil:
			if e.Index.Public.Attributes.NT() == wire.NTCounter {
				counters++
			}
			if e.Index.Public.Attributes.Has(wire.NVOrderly) {
				s.OrderlyFree -= spaceOrderlyOne + int(e.Index.Public.DataSize)
			}
		}
	}
	forObjects, forCounters := max(0, leastObjects-objects)*spaceObject, max(0, leastCounters-counters)*spaceCounter
	s.Objects = max(0, s.Free-forCounters) / spaceObject
	s.Counters = min(max(0, s.Free-forObjects)/spaceCounter, max(0, s.OrderlyFree)/(spaceOrderlyOne+8))
	return s
}

func permanentSecrets(p *nvstate.Permanent) map[string]Hex {
	d := &p.Data
	m := map[string]Hex{
		"endorsementSeed": d.EPSeed, "ownerSeed": d.SPSeed, "platformSeed": d.PPSeed,
		"platformProof": d.PHProof, "ownerProof": d.SHProof, "endorsementProof": d.EHProof,
		"ownerAuth": d.OwnerAuth, "endorsementAuth": d.EndorsementAuth, "lockoutAuth": d.LockoutAuth,
	}
	generatorSecrets(m, &p.Orderly.DRBG)
	if p.StateReset != nil && p.StateClear != nil {
		savedSecrets(m, p.StateReset, p.StateClear)
	}
	return m
}

func generatorSecrets(m map[string]Hex, g *nvstate.DRBG) {
	m["generatorKey"], m["generatorV"] = g.Key[:], g.V[:]
}

func savedSecrets(m map[string]Hex, r *nvstate.StateReset, c *nvstate.StateClear) {
	m["nullSeed"], m["nullProof"], m["commitNonce"] = r.NullSeed, r.NullProof, r.CommitNonce
	m["platformAuth"], m["pcrAuth"] = c.PlatformAuth, c.PCRAuth
}
