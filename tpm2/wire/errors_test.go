package wire

import (
	"encoding/hex"
	"testing"
)

// libtpms is close to what libtpms 0.9 accepts.
func libtpms() *Limits {
	l := Everything()
	for _, a := range []Alg{AlgSM3_256, AlgSM4, AlgSHA3_256, AlgSHA3_384, AlgSHA3_512, AlgSHA256_192,
		AlgSHAKE256_192, AlgSHAKE256_256, AlgSHAKE256_512, AlgEDDSA, AlgHashEDDSA, AlgMLKEM, AlgMLDSA, AlgHashMLDSA,
		AlgHKDF} {
		l.Algs = l.Algs.Without(a)
	}
	l.Curves = l.Curves.Without(Curve25519).Without(Curve448).Without(CurveBPP256R1).Without(CurveBPP384R1).
		Without(CurveBPP512R1)
	l.RSAKeyBits = []uint16{1024, 2048, 3072}
	l.AESKeyBits = []uint16{128, 256}
	l.CamelliaKeyBits = []uint16{128, 256}
	l.MLParameterSets = 0
	l.ObjectAttributes &^= ObjectFirmwareLimited | ObjectSVNLimited
	l.LimitedHierarchies, l.ExpandedNV, l.NewTags, l.NewCapabilities, l.ACT = false, false, false, false, 0
	l.MaxLoadedObjects, l.MaxActiveSessions = 3, 64
	l.MaxCommandSize, l.MaxRSAKeyBytes, l.MaxContextSize = 4096, 384, 2680
	return l
}

// TestErrors gives each type a fault and wants the code of Part 2 for it. Input is hexadecimal; blanks are for reading.
func TestErrors(t *testing.T) {
	plain := func(v Unmarshaler) func(*Reader) { return v.Unmarshal }
	for _, test := range []struct {
		name string
		read func(*Reader)
		in   string
		want RC
	}{
		{"clock adjust 4", plain(new(ClockAdjust)), "04", RCValue},
		{"clock adjust -4", plain(new(ClockAdjust)), "fc", RCValue},
		{"eo", plain(new(EO)), "000c", RCValue},
		{"st 0", plain(new(ST)), "0000", RCValue},
		{"st 8003", plain(new(ST)), "8003", RCValue},
		{"su", plain(new(SU)), "0002", RCValue},
		{"se", plain(new(SE)), "02", RCValue},
		{"cap", plain(new(Cap)), "0000000d", RCValue},
		{"yes or no", func(r *Reader) { r.YesNo() }, "02", RCValue},
		{"curve unknown", func(r *Reader) { r.Curve(false) }, "0006", RCCurve},
		{"curve none", func(r *Reader) { r.Curve(false) }, "0000", RCCurve},
		{"curve none allowed", func(r *Reader) { r.Curve(true) }, "0000", RCSuccess},
		{"curve not here", func(r *Reader) { r.Curve(false) }, "0040", RCCurve},
		{"ml-kem set", plain(new(MLKEMParms)), "0004", RCParms},
		{"ml-kem set 0", plain(new(MLKEMParms)), "0000", RCParms},
		{"ml-dsa set not here", plain(new(MLDSAParms)), "0001", RCParms},

		{"object reserved", plain(new(TPMAObject)), "00000001", RCReservedBits},
		{"object reserved here", plain(new(TPMAObject)), "00000100", RCReservedBits},
		{"session reserved", plain(new(TPMASession)), "08", RCReservedBits},
		{"nv reserved", plain(new(TPMANV)), "00000100", RCReservedBits},
		{"nv exp reserved", plain(new(TPMANVExp)), "0000000800000000", RCReservedBits},
		{"cc reserved", plain(new(TPMACC)), "00010000", RCReservedBits},

		{"digest", plain(new(TPM2BDigest)), "0041", RCSize},
		{"digest short", plain(new(TPM2BDigest)), "0002 00", RCInsufficient},
		{"max buffer", plain(new(TPM2BMaxBuffer)), "0401", RCSize},
		{"private ml-kem short", plain(new(TPM2BPrivateKeyMLKEM)), "0001 00", RCSize},
		{"private ml-dsa empty", plain(new(TPM2BPrivateKeyMLDSA)), "0000", RCSize},
		{"public rsa", plain(new(TPM2BPublicKeyRSA)), "0181", RCSize},
		{"ha null", plain(new(TPMTHA)), "0010", RCHash},
		{"ha null allowed", new(TPMTHA).UnmarshalOrNull, "0010", RCSuccess},
		{"ha not here", plain(new(TPMTHA)), "0012", RCHash},
		{"pcr select short", plain(new(TPMSPCRSelect)), "02 0000", RCValue},
		{"pcr select long", plain(new(TPMSPCRSelect)), "04 00000000", RCValue},
		{"pcr selection hash", plain(new(TPMSPCRSelection)), "0010 03 000000", RCHash},

		{"list of cc", plain(new(TPMLCC)), "000000ff", RCSize},
		{"list of cc, all there could be", plain(new(TPMLCC)), "000000fe", RCInsufficient},
		{"list of alg", plain(new(TPMLAlg)), "00000041", RCSize},
		{"list of digests", plain(new(TPMLDigest)), "00000009", RCSize},
		{"list of digests, huge", plain(new(TPMLDigest)), "ffffffff", RCSize},
		{"policy or 1", new(TPMLDigest).UnmarshalTwoOrMore, "00000001 0000", RCSize},
		{"policy or 2", new(TPMLDigest).UnmarshalTwoOrMore, "00000002 0000 0000", RCSuccess},
		{"policy or cut", new(TPMLDigest).UnmarshalTwoOrMore, "000000", RCInsufficient},
		{"digest values", plain(new(TPMLDigestValues)), "00000005", RCSize},
		{"pcr selections", plain(new(TPMLPCRSelection)), "00000005", RCSize},

		{"creation ticket", plain(new(TPMTTKCreation)), "8022 40000007 0000", RCTag},
		{"creation ticket, no tag", plain(new(TPMTTKCreation)), "1234 40000007 0000", RCValue},
		{"creation ticket hierarchy", plain(new(TPMTTKCreation)), "8021 40000009 0000", RCValue},
		{"auth ticket", plain(new(TPMTTKAuth)), "8022 40000007 0000", RCTag},
		{"verified ticket", plain(new(TPMTTKVerified)), "8025 40000007 0000", RCTag},
		{"verified ticket, new tag", plain(new(TPMTTKVerified)), "8026 40000007 0000", RCValue},
		{"hashcheck ticket", plain(new(TPMTTKHashCheck)), "8021 40000007 0000", RCTag},
		{"capability", plain(new(TPMSCapabilityData)), "80000000", RCValue},
		{"set capability", plain(new(TPM2BSetCapabilityData)), "0003 000000", RCSize},
		{"attest magic", plain(new(TPMSAttest)), "ff544348", RCValue},
		{"attest type", plain(new(TPMSAttest)), "ff544347 8021", RCValue},

		{"sym def null", plain(new(TPMTSymDef)), "0010", RCSymmetric},
		{"sym def hash", plain(new(TPMTSymDef)), "000b", RCSymmetric},
		{"sym def aes bits", plain(new(TPMTSymDef)), "0006 00c0 0043", RCValue},
		{"sym def mode", plain(new(TPMTSymDef)), "0006 0080 0045", RCMode},
		{"sym def mode null", plain(new(TPMTSymDef)), "0006 0080 0010", RCSuccess},
		{"sym def xor null", plain(new(TPMTSymDef)), "000a 0010", RCHash},
		{"sym def object xor", plain(new(TPMTSymDefObject)), "000a 000b", RCSymmetric},
		{"sym def object sm4", plain(new(TPMTSymDefObject)), "0013 0080 0043", RCSymmetric},
		{"keyedhash scheme", plain(new(TPMTKeyedHashScheme)), "0014", RCValue},
		{"keyedhash hash", plain(new(TPMTKeyedHashScheme)), "0005 0010", RCHash},
		{"keyedhash kdf", plain(new(TPMTKeyedHashScheme)), "000a 000b 0005", RCKDF},
		{"sig scheme", plain(new(TPMTSigScheme)), "0017", RCScheme},
		{"sig scheme null", plain(new(TPMTSigScheme)), "0010", RCScheme},
		{"sig scheme hash", plain(new(TPMTSigScheme)), "0014 0010", RCHash},
		{"kdf scheme", plain(new(TPMTKDFScheme)), "000b", RCKDF},
		{"rsa scheme", plain(new(TPMTRSAScheme)), "0018", RCValue},
		{"rsa decrypt", plain(new(TPMTRSADecrypt)), "0014 000b", RCValue},
		{"ecc scheme", plain(new(TPMTECCScheme)), "0014", RCScheme},
		{"signature", plain(new(TPMTSignature)), "0006", RCScheme},
		{"signature hash", plain(new(TPMTSignature)), "0018 0010", RCHash},

		{"public type", plain(new(TPMTPublicParms)), "0006", RCType},
		{"public type not here", plain(new(TPMTPublicParms)), "00a0", RCType},
		{"public name alg", plain(new(TPMTPublic)), "0001 0010", RCHash},
		{"public attributes", plain(new(TPMTPublic)), "0001 000b 80000000", RCReservedBits},
		{"rsa bits", plain(new(TPMSRSAParms)), "0010 0010 1000", RCValue},
		{"point empty", plain(new(TPM2BECCPoint)), "0000", RCSize},
		{"point wrong size", plain(new(TPM2BECCPoint)), "0005 0000 0000 00", RCSize},
		{"point larger inside", plain(new(TPM2BECCPoint)), "0004 0001 00 0000", RCSize},
		{"point fault inside first", plain(new(TPM2BECCPoint)), "0007 0000 0001", RCInsufficient},
		{"sensitive create empty", plain(new(TPM2BSensitiveCreate)), "0000", RCSize},
		{"sensitive create auth", plain(new(TPM2BSensitiveCreate)), "0004 0041 0000", RCSize},
		{"sensitive empty", plain(new(TPM2BSensitive)), "0000", RCSuccess},
		{"sensitive type", plain(new(TPM2BSensitive)), "0002 0010", RCType},
		{"public empty", plain(new(TPM2BPublic)), "0000", RCSize},

		{"nv handle", plain(new(TPMSNVPublic)), "81000000", RCValue},
		{"nv handle external", plain(new(TPMSNVPublic)), "11000000", RCValue},
		{"nv data size", plain(new(TPMSNVPublic)), "01000000 000b 00000000 0000 0801", RCSize},
		{"nv 2 type", plain(new(TPMTNVPublic2)), "40", RCSelector},
		{"nv 2 mismatch", plain(new(TPMTNVPublic2)), "12 01000000", RCValue},
		{"context handle", plain(new(TPMSContext)), "0000000000000001 80000003", RCValue},
		{"context hierarchy", plain(new(TPMSContext)), "0000000000000001 80000000 4000000a", RCValue},
		{"auth handle", plain(new(TPMSAuthCommand)), "40000007", RCValue},
		{"auth attributes", plain(new(TPMSAuthCommand)), "40000009 0000 10 0000", RCReservedBits},

		{"command tag", plain(new(CommandHeader)), "00c1 0000000a 00000144", RCValue},
		{"command tag 8014", plain(new(CommandHeader)), "8014 0000000a 00000144", RCBadTag},
		{"command tag cut", plain(new(CommandHeader)), "80", RCInsufficient},
		{"command tag 8027", plain(new(CommandHeader)), "8027 0000000a 00000144", RCValue},
		{"command size", plain(new(CommandHeader)), "8001 0000000b 00000144", RCCommandSize},
		{"command size before code", plain(new(CommandHeader)), "8001 0000000a 0000", RCCommandSize},
		{"command code cut", plain(new(CommandHeader)), "8001 00000008 0000", RCInsufficient},
	} {
		r := NewReader(unhex(t, test.in), libtpms())
		test.read(r)
		if r.Err() != test.want {
			t.Errorf("%s: %v, want %v", test.name, r.Err(), test.want)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var clean []byte
	for _, c := range []byte(s) {
		if c != ' ' {
			clean = append(clean, c)
		}
	}
	p, err := hex.DecodeString(string(clean))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAlgInterfaces tries every 16-bit value against every interface type: only those of its table pass, others give the
// code of the table, and TPM_ALG_NULL needs OrNull.
func TestAlgInterfaces(t *testing.T) {
	codes := map[AlgInterface]RC{
		TPMIAlgHash: 0x083, TPMIAlgAsym: 0x081, TPMIAlgSym: 0x096, TPMIAlgSymObject: 0x096, TPMIAlgSymMode: 0x089,
		TPMIAlgKDF: 0x08C, TPMIAlgSigScheme: 0x092, TPMIECCKeyExchange: 0x092, TPMIAlgMACScheme: 0x096,
		TPMIAlgCipherMode: 0x089, TPMIAlgKeyedHashScheme: 0x084, TPMIAlgRSAScheme: 0x084, TPMIAlgRSADecrypt: 0x084,
		TPMIAlgECCScheme: 0x092, TPMIAlgPublic: 0x08A,
	}
	for i := TPMIAlgHash; i <= TPMIAlgPublic; i++ {
		for v := range 0x10000 {
			a := Alg(v)
			want := codes[i]
			if i.Algs().Has(a) {
				want = RCSuccess
			}
			if rc := i.Check(nil, a); rc != want {
				t.Fatalf("%v, %v: %v, want %v", i, a, rc, want)
			}
			if a == AlgNull {
				want = RCSuccess
			}
			if rc := (i | OrNull).Check(nil, a); rc != want {
				t.Fatalf("%v, %v: %v, want %v", i|OrNull, a, rc, want)
			}
		}
	}
	none := Everything()
	none.Algs = AlgSet{}
	for i := TPMIAlgHash; i <= TPMIAlgPublic; i++ {
		for _, a := range i.Algs().List() {
			if rc := i.Check(none, a); rc != codes[i] {
				t.Errorf("%v without algorithms takes %v", i, a)
			}
		}
	}
}

// TestHandleInterfaces lists for each interface type every handle it takes among the boundary values below.
func TestHandleInterfaces(t *testing.T) {
	boundary := []Handle{
		0, 23, 24, 0x00FFFFFF, 0x01000000, 0x01FFFFFF, 0x02000000, 0x0200003F, 0x02000040, 0x02FFFFFF, 0x03000000,
		0x0300003F, 0x03000040, 0x04000000, 0x11000000, 0x11FFFFFF, 0x12000000, 0x12FFFFFF, 0x40000000, RHOwner, RHNull,
		RHUnassigned, RSPW, RHLockout, RHEndorsement, RHPlatform, RHPlatformNV, RHAuth00 - 1, RHAuth00, RHAuthFF, RHACT0,
		RHACTF, RHACTF + 1, RHFWOwner, RHFWEndorsement, RHFWPlatform, RHFWNull, 0x4000FFFF, 0x40010000, 0x4004FFFF,
		0x40050000, 0x80000000, 0x80000002, 0x80000003, 0x80FFFFFF, 0x81000000, 0x81FFFFFF, 0x82000000, 0x8FFFFFFF,
		0x90000000, 0x9000FFFF, 0x90010000, 0xFFFFFFFF,
	}
	object := []Handle{0x80000000, 0x80000002, 0x81000000, 0x81FFFFFF}
	hmac, policy := []Handle{0x02000000, 0x0200003F}, []Handle{0x03000000, 0x0300003F}
	hierarchy := []Handle{RHOwner, RHNull, RHEndorsement, RHPlatform}
	nv := []Handle{0x01000000, 0x01FFFFFF}
	join := func(lists ...[]Handle) (all []Handle) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for i, want := range map[HandleInterface][]Handle{
		TPMHandle:                  boundary,
		TPMIDHObject:               object,
		TPMIDHObject | OrNull:      join(object, []Handle{RHNull}),
		TPMIDHParent:               join(object, hierarchy),
		TPMIDHPersistent:           {0x81000000, 0x81FFFFFF},
		TPMIDHEntity:               join(object, nv, []Handle{0, 23, RHOwner, RHLockout, RHEndorsement, RHPlatform, RHAuth00, RHAuthFF}),
		TPMIDHPCR:                  {0, 23},
		TPMIDHPCR | OrNull:         {0, 23, RHNull},
		TPMISHAuthSession:          join(hmac, policy),
		TPMISHAuthSession | OrNull: join(hmac, policy, []Handle{RSPW}),
		TPMISHHMAC:                 hmac,
		TPMISHPolicy:               policy,
		TPMIDHContext:              join(hmac, policy, []Handle{0x80000000, 0x80000002}),
		TPMIDHSaved:                join(hmac, policy, []Handle{0x80000000, 0x80000002}),
		TPMIRHHierarchy:            hierarchy,
		TPMIRHEnables:              {RHOwner, RHEndorsement, RHPlatform, RHPlatformNV},
		TPMIRHEnables | OrNull:     {RHOwner, RHNull, RHEndorsement, RHPlatform, RHPlatformNV},
		TPMIRHHierarchyAuth:        {RHOwner, RHLockout, RHEndorsement, RHPlatform},
		TPMIRHHierarchyPolicy:      {RHOwner, RHLockout, RHEndorsement, RHPlatform},
		TPMIRHBaseHierarchy:        {RHOwner, RHEndorsement, RHPlatform},
		TPMIRHPlatform:             {RHPlatform},
		TPMIRHOwner:                {RHOwner},
		TPMIRHEndorsement:          {RHEndorsement},
		TPMIRHProvision:            {RHOwner, RHPlatform},
		TPMIRHClear:                {RHLockout, RHPlatform},
		TPMIRHNVAuth:               join(nv, []Handle{RHOwner, RHPlatform}),
		TPMIRHLockout:              {RHLockout},
		TPMIRHNVIndex:              nv,
		TPMIRHNVDefinedIndex:       nv,
		TPMIRHNVLegacyIndex:        nv,
		TPMIRHNVExpIndex:           nil,
		TPMIRHAC:                   {0x90000000, 0x9000FFFF},
		TPMIRHACT:                  nil,
	} {
		checkHandles(t, i, libtpms(), boundary, want)
	}
	expanded := []Handle{0x11000000, 0x11FFFFFF}
	limited := []Handle{RHFWOwner, RHFWEndorsement, RHFWPlatform, RHFWNull, 0x40010000, 0x4004FFFF}
	for i, want := range map[HandleInterface][]Handle{
		TPMIRHHierarchy:       join(hierarchy, limited),
		TPMIRHNVIndex:         join(nv, expanded, []Handle{0x12000000, 0x12FFFFFF}),
		TPMIRHNVDefinedIndex:  join(nv, expanded),
		TPMIRHNVExpIndex:      expanded,
		TPMIRHHierarchyPolicy: {RHOwner, RHLockout, RHEndorsement, RHPlatform, RHACT0, RHACTF},
		TPMIRHACT:             {RHACT0, RHACTF},
		TPMIDHObject:          join(object, []Handle{0x80000003, 0x80FFFFFF}),
		TPMISHHMAC:            join(hmac, []Handle{0x02000040, 0x02FFFFFF}),
	} {
		checkHandles(t, i, nil, boundary, want)
	}
}

func checkHandles(t *testing.T, i HandleInterface, l *Limits, boundary, want []Handle) {
	t.Helper()
	allowed := map[Handle]bool{}
	for _, h := range want {
		allowed[h] = true
	}
	for _, h := range boundary {
		if got := i.Allows(l, h); got != allowed[h] {
			t.Errorf("%v, %v: %v", i, h, got)
		}
	}
}

// TestSizes holds the sizes that follow from others to those of libtpms 0.9: one octet more gives RCSize.
func TestSizes(t *testing.T) {
	l := libtpms()
	for _, test := range []struct {
		v    codec
		size int
	}{
		{new(TPM2BData), 66}, {new(TPM2BName), 68}, {new(TPM2BEncryptedSecret), 384}, {new(TPM2BTemplate), 484},
		{new(TPM2BPrivate), 1230}, {new(TPM2BIDObject), 132}, {new(TPM2BContextData), 2748},
		{new(TPM2BPrivateKeyRSA), 960}, {new(TPM2BSensitiveData), 128}, {new(TPM2BSymKey), 32},
	} {
		p := append([]byte{byte(test.size >> 8), byte(test.size)}, make([]byte, test.size)...)
		if rc := Unmarshal(p, l, test.v); rc != RCSuccess {
			t.Errorf("%T, %d octets: %v", test.v, test.size, rc)
		}
		p = append([]byte{byte((test.size + 1) >> 8), byte(test.size + 1)}, make([]byte, test.size+1)...)
		if rc := Unmarshal(p, l, test.v); rc != RCSize {
			t.Errorf("%T, %d octets: %v", test.v, test.size+1, rc)
		}
	}
}
