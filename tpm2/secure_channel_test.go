package tpm2

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// transportSPDM is TPM2_PolicyTransportSPDM.
func transportSPDM(s wire.Handle, requesterKey, tpmKey wire.TPM2BName) *testCommand {
	return newCommand(wire.CCPolicyTransportSPDM, s).put(requesterKey, tpmKey)
}

// transportDigest is the policy digest of TPM2_PolicyTransportSPDM alone, as Part 3, 23.25.1 gives it.
func transportDigest(alg wire.Alg, requesterKey, tpmKey []byte) []byte {
	data := append(make([]byte, digestSize(alg)), 0, 0, 1, 0xA1)
	if len(requesterKey)+len(tpmKey) != 0 {
		names := append([]byte{0, byte(len(requesterKey))}, requesterKey...)
		names = append(append(names, 0, byte(len(tpmKey))), tpmKey...)
		data = append(data, hashOf(alg, names)...)
	}
	return hashOf(alg, data)
}

var noPolicyKey wire.TPM2BName

func TestPolicyTransportDigests(t *testing.T) {
	b := newExtendedTPM(t)
	requester, tpm := keyName(wire.AlgSHA256, "requester"), keyName(wire.AlgSHA3_512, "TPM")
	for _, alg := range []wire.Alg{wire.AlgSHA1, wire.AlgSHA256, wire.AlgSHA512, wire.AlgSHA3_384} {
		for _, kind := range []wire.SE{wire.SEPolicy, wire.SETrial} {
			s := b.startSession(kind, alg, wire.RHNull, nil, plainSession)
			for _, keys := range [][2]wire.TPM2BName{{}, {requester}, {noPolicyKey, tpm}, {requester, tpm}, {noPolicyKey, requester}} {
				b.must(transportSPDM(s.handle, keys[0], keys[1]))
				if got, want := s.digest(), transportDigest(alg, keys[0], keys[1]); !bytes.Equal(got, want) {
					t.Errorf("%v, kind %d, keys %x: digest %x, want %x", alg, kind, keys, got, want)
				}
				b.want(wire.RCValue, b.run(transportSPDM(s.handle, keys[0], keys[1])))
				b.must(newCommand(wire.CCPolicyRestart, s.handle))
			}
			b.must(newCommand(wire.CCFlushContext).put(s.handle))
		}
	}
	// The digest of a channel with any keys, for SHA-256.
	if got := hex.EncodeToString(transportDigest(wire.AlgSHA256, nil, nil)); got != fmt.Sprintf("%x", chain(zeroPolicy, 0x1A1)) {
		t.Errorf("any keys: %s", got)
	}
}

// channelUse is what a policy asks of a channel, and the codes of commands through different ones.
type channelUse struct {
	name                 string
	requesterKey, tpmKey wire.TPM2BName
	channel              *SecureChannel
	want                 wire.RC
}

func channelUses() []channelUse {
	requester, tpm, other := keyName(wire.AlgSHA256, "requester"), keyName(wire.AlgSHA256, "TPM"), keyName(wire.AlgSHA256, "other")
	right := &SecureChannel{RequesterKey: requester, TPMKey: tpm}
	swapped := &SecureChannel{RequesterKey: tpm, TPMKey: requester}
	stranger, elsewhere := &SecureChannel{RequesterKey: other, TPMKey: tpm}, &SecureChannel{RequesterKey: requester, TPMKey: other}
	oneSided := &SecureChannel{TPMKey: tpm}
	const noChannel, wrongKey = wire.RCChannel, wire.RCChannelKey
	return []channelUse{
		{"any keys, no channel", nil, nil, nil, noChannel},
		{"any keys", nil, nil, right, 0},
		{"any keys, other ones", nil, nil, &SecureChannel{other, other}, 0},
		{"any keys, none known", nil, nil, &SecureChannel{}, 0},
		{"requester, no channel", requester, nil, nil, noChannel},
		{"requester", requester, nil, right, 0},
		{"requester, another", requester, nil, stranger, wrongKey},
		{"requester, another key of the TPM", requester, nil, elsewhere, 0},
		{"requester, none", requester, nil, oneSided, wrongKey},
		{"requester, the other way round", requester, nil, swapped, wrongKey},
		{"TPM, no channel", nil, tpm, nil, noChannel},
		{"TPM", nil, tpm, right, 0},
		{"TPM, another requester", nil, tpm, stranger, 0},
		{"TPM, no requester", nil, tpm, oneSided, 0},
		{"TPM, another", nil, tpm, elsewhere, wrongKey},
		{"TPM, the other way round", nil, tpm, swapped, wrongKey},
		{"both, no channel", requester, tpm, nil, noChannel},
		{"both", requester, tpm, right, 0},
		{"both, another requester", requester, tpm, stranger, wrongKey},
		{"both, another key of the TPM", requester, tpm, elsewhere, wrongKey},
		{"both, no requester", requester, tpm, oneSided, wrongKey},
		{"both, the other way round", requester, tpm, swapped, wrongKey},
		{"both, a Name cut off", requester, tpm, &SecureChannel{requester[:33], tpm}, wrongKey},
		{"both, Names joined elsewhere", requester, tpm, &SecureChannel{append(bytes.Clone(requester), tpm[0]), tpm[1:]}, wrongKey},
		{"any keys, one with a Name longer than any", nil, nil, &SecureChannel{TPMKey: make([]byte, 67)}, noChannel},
		{"both the same key", tpm, tpm, &SecureChannel{tpm, tpm}, 0},
	}
}

// ownerPolicy gives the owner the policy of TPM2_PolicyTransportSPDM.
func (b *testTPM) ownerPolicy(requesterKey, tpmKey wire.TPM2BName) {
	b.t.Helper()
	b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(transportDigest(wire.AlgSHA256, requesterKey, tpmKey)).put(wire.AlgSHA256))
}

// setClock is a command that the owner authorizes.
func (b *testTPM) setClock() *testCommand {
	return newCommand(wire.CCClockSet, wire.RHOwner).u64(b.orderly.clock)
}

// inSession is the code of a command that fails because of the first session.
func inSession(rc wire.RC) wire.RC {
	if rc != wire.RCSuccess {
		rc = rc.Session(1)
	}
	return rc
}

func TestPolicyTransportUse(t *testing.T) {
	for _, tc := range channelUses() {
		t.Run(tc.name, func(t *testing.T) {
			b := newExtendedTPM(t)
			b.ownerPolicy(tc.requesterKey, tc.tpmKey)
			s := b.policy(wire.SEPolicy)
			// The channel of the policy command itself does not matter.
			b.channel = &SecureChannel{keyName(wire.AlgSHA256, "x"), keyName(wire.AlgSHA256, "y")}
			b.must(transportSPDM(s.handle, tc.requesterKey, tc.tpmKey))
			b.channel = tc.channel
			b.want(inSession(tc.want), s.run(b.setClock(), nil))
			if tc.want != wire.RCSuccess {
				// What fails leaves the session as it was: through the right channel it still authorizes.
				b.channel = &SecureChannel{tc.requesterKey, tc.tpmKey}
				b.want(wire.RCSuccess, s.run(b.setClock(), nil))
			}
			// Used, the session asks for nothing any more, and has to go through the policy again.
			if x := b.volatile.sessions.loaded(b.TPM, s.handle).channel; x.needed || x.namesKey() || x.names != nil {
				t.Errorf("left after the use: %+v", x)
			}
			b.want(wire.RCPolicyFail.Session(1), s.run(b.setClock(), nil))
			b.must(transportSPDM(s.handle, tc.requesterKey, tc.tpmKey))
			b.channel = nil
			b.want(wire.RCChannel.Session(1), s.run(b.setClock(), nil))
			b.must(newCommand(wire.CCPolicyRestart, s.handle))
			b.must(transportSPDM(s.handle, tc.requesterKey, tc.tpmKey))
			b.channel = &SecureChannel{tc.requesterKey, tc.tpmKey}
			b.want(wire.RCSuccess, s.run(b.setClock(), nil))
		})
	}
}

// The channel is asked for after every other condition, and before authValue.
func TestPolicyTransportOrder(t *testing.T) {
	requester := keyName(wire.AlgSHA256, "requester")
	for name, tc := range map[string]struct {
		first   *testCommand
		spoil   func(b *testTPM)
		channel *SecureChannel
		want    wire.RC
	}{
		"locality":  {newCommand(wire.CCPolicyLocality).u8(2), nil, nil, wire.RCLocality},
		"presence":  {newCommand(wire.CCPolicyPhysicalPresence), nil, nil, wire.RCPP},
		"cpHash":    {newCommand(wire.CCPolicyCpHash).b2(digestOf("another")), nil, nil, wire.RCPolicyFail},
		"NV":        {newCommand(wire.CCPolicyNVWritten).u8(1), nil, nil, wire.RCPolicyFail},
		"code":      {newCommand(wire.CCPolicyCommandCode).put(wire.CCNVRead), nil, nil, wire.RCPolicyCC},
		"PCR":       {newCommand(wire.CCPolicyPCR).b2(nil).put(pcr16()), func(b *testTPM) { b.must(extend(5, wire.AlgSHA256, digestOf("x"))) }, nil, wire.RCPCRChanged},
		"authValue": {newCommand(wire.CCPolicyAuthValue), nil, nil, wire.RCChannel},
		"authValue, another key": {newCommand(wire.CCPolicyAuthValue), nil,
			&SecureChannel{RequesterKey: keyName(wire.AlgSHA256, "other")}, wire.RCChannelKey},
		"authValue, the key": {newCommand(wire.CCPolicyAuthValue), nil, &SecureChannel{RequesterKey: requester}, wire.RCBadAuth},
	} {
		t.Run(name, func(t *testing.T) {
			b := newExtendedTPM(t)
			s := b.policy(wire.SEPolicy)
			tc.first.handles = []wire.Handle{s.handle}
			b.must(tc.first)
			b.must(transportSPDM(s.handle, requester, nil))
			b.must(newCommand(wire.CCSetPrimaryPolicy, wire.RHOwner).password("").b2(s.digest()).put(wire.AlgSHA256))
			if tc.spoil != nil {
				tc.spoil(b)
			}
			b.channel = tc.channel
			want := tc.want
			if want.IsFormatOne() {
				want = want.Session(1)
			}
			b.want(want, s.run(b.setClock(), []byte("guess")))
		})
	}
}

// What a session asks of the channel is still asked after a context, a migration, and both.
func TestPolicyTransportSaved(t *testing.T) {
	for _, tc := range channelUses() {
		t.Run(tc.name, func(t *testing.T) {
			b := newExtendedTPM(t)
			b.ownerPolicy(tc.requesterKey, tc.tpmKey)
			loaded, saved := b.policy(wire.SEPolicy), b.policy(wire.SEPolicy)
			for _, s := range []*testSession{loaded, saved} {
				b.must(transportSPDM(s.handle, tc.requesterKey, tc.tpmKey))
			}
			context := b.must(newCommand(wire.CCContextSave, saved.handle)).body
			if limit := int(b.property(wire.PTMaxSessionContext)); len(context) > limit {
				t.Errorf("a context of %d bytes, and the limit is %d", len(context), limit)
			}
			state, err := b.VolatileState()
			if err != nil {
				t.Fatal(err)
			}
			b = b.reload()
			if err := b.RestoreVolatile(state); err != nil {
				t.Fatal(err)
			}
			b.must(newCommand(wire.CCContextLoad).raw(context))
			for i, s := range []*testSession{loaded, saved} {
				s.b = b
				b.channel = tc.channel
				b.want(inSession(tc.want), s.run(b.setClock(), nil))
				if got := b.volatile.sessions.loaded(b.TPM, s.handle).channel.needed; got != (tc.want != 0) {
					t.Errorf("session %d: a channel is asked for afterwards: %t", i, got)
				}
			}
		})
	}
}

// Saved sessions that TPM2_PolicyTransportSPDM could not have left are refused, and all of them if the TPM does not have it.
func TestPolicyTransportStateRefused(t *testing.T) {
	const channel, requester, tpm = nvstate.SessionCheckSecureChannel, nvstate.SessionCheckReqKey, nvstate.SessionCheckTpmKey
	beyond, plain := newExtendedTPM(t), newTestTPM(t)
	for _, tc := range []struct {
		bits  nvstate.SessionAttributes
		names int // size of the hash
		want  nvstate.Kind
		plain nvstate.Kind
	}{
		{0, 0, 0, 0},
		{channel, 0, 0, nvstate.ErrValue},
		{channel | requester, 32, 0, nvstate.ErrValue},
		{channel | tpm, 32, 0, nvstate.ErrValue},
		{channel | requester | tpm, 32, 0, nvstate.ErrValue},
		{requester, 32, nvstate.ErrValue, nvstate.ErrValue},
		{tpm, 0, nvstate.ErrValue, nvstate.ErrValue},
		{channel | requester, 0, nvstate.ErrSize, nvstate.ErrValue},
		{channel | tpm, 31, nvstate.ErrSize, nvstate.ErrValue},
		{channel | tpm, 48, nvstate.ErrSize, nvstate.ErrValue},
		{channel, 32, nvstate.ErrSize, nvstate.ErrValue},
		{0, 32, nvstate.ErrSize, nvstate.ErrSize},
	} {
		x := sessionState(fullSession(restrictCPHash), nvstate.LevelMax)
		x.Attributes |= tc.bits
		if tc.names != 0 {
			x.ChannelKeys = make([]byte, tc.names)
		}
		for b, want := range map[*testTPM]nvstate.Kind{beyond: tc.want, plain: tc.plain} {
			s, err := b.sessionOfState(x)
			if want == 0 && err != nil || want != 0 && !errors.Is(err, want) {
				t.Errorf("conditions %#x, hash of %d bytes, extended %t: %v, want %v", tc.bits, tc.names, b == beyond, err, want)
			}
			payload, err := nvstate.EncodeContextSession(x)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := b.unmarshalSessionContext(payload); want == 0 && (err != nil || got.channel.needed != s.channel.needed) ||
				want != 0 && !errors.Is(err, wire.RCIntegrity.Parameter(1)) {
				t.Errorf("context with conditions %#x, hash of %d bytes, extended %t: %v", tc.bits, tc.names, b == beyond, err)
			}
		}
	}
	x := sessionState(&session{authHash: wire.AlgSHA256, symmetric: plainSession}, nvstate.LevelMax)
	x.Attributes |= channel
	if _, err := beyond.sessionOfState(x); !errors.Is(err, nvstate.ErrValue) {
		t.Errorf("an HMAC session with the condition: %v", err)
	}
}

// TPM_CAP_PUB_KEYS and TPM_CAP_SPDM_SESSION_INFO: "capability property count: moreData list", or a response code.
func TestChannelCapabilities(t *testing.T) {
	b := newExtendedTPM(t)
	var keys [3]string
	pub := make([]wire.TPMTPublic, 3)
	for i := range pub {
		pub[i] = rsaTemplate(wire.ObjectSign, wire.TPMTSymDefObject{Algorithm: wire.AlgNull}).TPMTPublic
		pub[i].AuthPolicy = digestOf(fmt.Sprint(i))
		keys[i] = fmt.Sprintf("%x", wire.Marshal(&wire.TPM2BPublic{TPMTPublic: pub[i]}))
	}
	requester, tpm := keyName(wire.AlgSHA256, "requester"), keyName(wire.AlgSHA384, "TPM")
	both := fmt.Sprintf("0022%x0032%x", []byte(requester), []byte(tpm))
	for _, tc := range []struct {
		name            string
		keys            []wire.TPMTPublic
		channel         *SecureChannel
		capability      wire.Cap
		property, count uint32
		want            string
		fault           wire.RC
	}{
		{"no keys", nil, nil, wire.CapPubKeys, 0, 9, "00 0000000b 00000000", 0},
		{"no keys, none wanted", nil, nil, wire.CapPubKeys, 0, 0, "00 0000000b 00000000", 0},
		{"no keys, the second", nil, nil, wire.CapPubKeys, 1, 9, "", wire.RCValue.Parameter(2)},
		{"a key", pub[:1], nil, wire.CapPubKeys, 0, 9, "00 0000000b 00000001 " + keys[0], 0},
		{"a key, none wanted", pub[:1], nil, wire.CapPubKeys, 0, 0, "01 0000000b 00000000", 0},
		{"a key, the second", pub[:1], nil, wire.CapPubKeys, 1, 1, "", wire.RCValue.Parameter(2)},
		{"keys", pub, nil, wire.CapPubKeys, 0, 3, "01 0000000b 00000001 " + keys[0], 0},
		{"keys, the second", pub, nil, wire.CapPubKeys, 1, 3, "01 0000000b 00000001 " + keys[1], 0},
		{"keys, the last", pub, nil, wire.CapPubKeys, 2, 3, "00 0000000b 00000001 " + keys[2], 0},
		{"keys, beyond", pub, nil, wire.CapPubKeys, 3, 3, "", wire.RCValue.Parameter(2)},
		{"no TPM_PUB_KEY", pub, nil, wire.CapPubKeys, 0x100, 3, "", wire.RCValue.Parameter(2)},
		{"more keys than there are properties", make([]wire.TPMTPublic, 300), nil, wire.CapPubKeys, 0x100, 3, "", wire.RCValue.Parameter(2)},
		{"no TPM_PUB_KEY by far", pub, nil, wire.CapPubKeys, 0xFFFFFFFF, 3, "", wire.RCValue.Parameter(2)},
		{"no channel", pub, nil, wire.CapSPDMSessionInfo, 0, 9, "00 0000000c 00000000", 0},
		{"no channel, none wanted", pub, nil, wire.CapSPDMSessionInfo, 0, 0, "00 0000000c 00000000", 0},
		{"a channel", nil, &SecureChannel{requester, tpm}, wire.CapSPDMSessionInfo, 0, 9, "00 0000000c 00000001 " + both, 0},
		{"a channel, none wanted", nil, &SecureChannel{requester, tpm}, wire.CapSPDMSessionInfo, 0, 0, "01 0000000c 00000000", 0},
		{"a channel of the TPM's key alone", nil, &SecureChannel{TPMKey: tpm}, wire.CapSPDMSessionInfo, 0, 1, "00 0000000c 00000001 0000" + both[72:], 0},
		{"a Name longer than any", nil, &SecureChannel{RequesterKey: make([]byte, 67), TPMKey: tpm}, wire.CapSPDMSessionInfo, 0, 1, "00 0000000c 00000000", 0},
		{"a key's Name longer than any", nil, &SecureChannel{TPMKey: make([]byte, 70000)}, wire.CapSPDMSessionInfo, 0, 1, "00 0000000c 00000000", 0},
		{"another property", nil, nil, wire.CapSPDMSessionInfo, 1, 9, "", wire.RCValue.Parameter(2)},
	} {
		b.env.ChannelKeys, b.channel = tc.keys, tc.channel
		r := b.run(getCapability(tc.capability, tc.property, tc.count))
		if want := string(bytes.ReplaceAll([]byte(tc.want), []byte(" "), nil)); r.rc != tc.fault || hex.EncodeToString(r.body) != want {
			t.Errorf("%s: %v %x, want %v %s", tc.name, r.rc, r.body, tc.fault, want)
		}
	}
	// No other capability is there because of them.
	b.want(wire.RCValue.Parameter(1), b.run(getCapability(wire.CapVendorProperty, 0, 1)))
	b.want(wire.RCValue.Parameter(1), b.run(getCapability(0x0D, 0, 1)))
	if got := b.property(wire.PTMaxSessionContext); got != 470 {
		t.Errorf("largest context of a session: %d", got)
	}
}

// Without the command, in every profile of libtpms and those beyond it, there is neither.
func TestChannelCapabilitiesByProfile(t *testing.T) {
	for _, profile := range []string{
		`{"Name":"null"}`, `{"Name":"default-v1"}`, `{"Name":"default-v2"}`, `{"Name":"custom"}`,
		extendedJSON(",0x198,0x1a0", extensionAlgs),
	} {
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, profile)}).startup(wire.SUClear)
		b.env.ChannelKeys = []wire.TPMTPublic{storageTemplate().TPMTPublic}
		b.channel = &SecureChannel{}
		for _, capability := range []wire.Cap{wire.CapPubKeys, wire.CapSPDMSessionInfo} {
			b.want(wire.RCValue.Parameter(1), b.run(getCapability(capability, 0, 1)))
			if _, err := b.oneCapability(capability, 0); err != error(wire.RCValue.Parameter(4)) {
				t.Errorf("%s: TPM2_PolicyCapability: %v", profile, err)
			}
		}
		if got := b.property(wire.PTMaxSessionContext); got != 404 {
			t.Errorf("%s: largest context of a session: %d", profile, got)
		}
		b.want(wire.RCCommandCode, b.run(transportSPDM(0x03000000, nil, nil)))
	}
	alone := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, extendedJSON(",0x1a1", ""))}).startup(wire.SUClear)
	alone.must(getCapability(wire.CapPubKeys, 0, 1))
	alone.must(getCapability(wire.CapSPDMSessionInfo, 0, 1))
}

// TPM2_PolicyCapability compares them.
func TestOneChannelCapability(t *testing.T) {
	b := newExtendedTPM(t)
	key := storageTemplate().TPMTPublic
	b.env.ChannelKeys = []wire.TPMTPublic{key}
	encoded := hex.EncodeToString(wire.Marshal(&wire.TPM2BPublic{TPMTPublic: key}))
	channel := &SecureChannel{TPMKey: keyName(wire.AlgSHA256, "TPM")}
	for _, tc := range []struct {
		channel    *SecureChannel
		capability wire.Cap
		property   uint32
		want       string
		fault      error
	}{
		{nil, wire.CapPubKeys, 0, encoded, nil},
		{nil, wire.CapPubKeys, 1, "", nil},
		{nil, wire.CapPubKeys, 0xFF, "", nil},
		{nil, wire.CapPubKeys, 0x100, "", wire.RCValue.Parameter(5)},
		{nil, wire.CapSPDMSessionInfo, 0, "", nil},
		{channel, wire.CapSPDMSessionInfo, 0, fmt.Sprintf("00000022%x", []byte(channel.TPMKey)), nil},
		{channel, wire.CapSPDMSessionInfo, 1, "", wire.RCValue.Parameter(5)},
	} {
		b.volatile.channel = tc.channel
		got, err := b.oneCapability(tc.capability, tc.property)
		if hex.EncodeToString(got) != tc.want || err != tc.fault {
			t.Errorf("capability %d, property %#x: %x, %v, want %s, %v", tc.capability, tc.property, got, err, tc.want, tc.fault)
		}
	}
	s := b.policy(wire.SEPolicy)
	ask := newCommand(wire.CCPolicyCapability, s.handle).b2(channel.TPMKey).u16(4).put(wire.EOEq, wire.CapSPDMSessionInfo).u32(0)
	b.want(wire.RCPolicy, b.run(ask))
	b.channel = channel
	b.must(ask)
}

// The commands that fuzzing begins with succeed.
func TestChannelSeed(t *testing.T) {
	b := newExtendedTPM(t)
	b.channel = &SecureChannel{TPMKey: keyName(wire.AlgSHA256, "TPM")}
	b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	b.policy(wire.SEPolicy)
	for seed := channelSeed(); len(seed) > 0; {
		size := binary.BigEndian.Uint32(seed[2:])
		b.want(wire.RCSuccess, b.runBytes(seed[:size]))
		seed = seed[size:]
	}
}
