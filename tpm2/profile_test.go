package tpm2

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

func TestProfiles(t *testing.T) {
	for _, tc := range []struct {
		json          string
		level         int
		commands      int
		rsa, aes      []uint16
		has, lacks    []wire.CC
		curves, hmac  int
		attributes    profileAttributes
		algs, without []wire.Alg
	}{
		{json: `{"Name":"null"}`, level: 1, commands: 110, rsa: []uint16{1024, 2048, 3072}, aes: []uint16{128, 256},
			has: []wire.CC{wire.CCCertifyX509}, lacks: []wire.CC{wire.CCECCEncrypt, wire.CCPolicyParameters, wire.CCNVDefineSpace2}, curves: 8},
		{json: `{"Name":"default-v1"}`, level: 7, commands: 114, rsa: []uint16{1024, 2048, 3072}, aes: []uint16{128, 192, 256},
			has: []wire.CC{wire.CCECCEncrypt, wire.CCPolicyParameters}, lacks: []wire.CC{wire.CCNVDefineSpace2}, curves: 8},
		{json: `{"Name":"default-v2"}`, level: 8, commands: 114, rsa: []uint16{1024, 2048, 3072, 4096}, aes: []uint16{128, 192, 256}, curves: 8,
			algs: []wire.Alg{wire.AlgSHA1, wire.AlgTDES, wire.AlgCMAC}, without: []wire.Alg{wire.AlgSM3_256, wire.AlgSHA3_256, wire.AlgMLKEM, wire.AlgHKDF, wire.AlgSHA256_192}},
		{json: `{"Name":"custom","StateFormatLevel":3}`, level: 3, commands: 112, rsa: []uint16{1024, 2048, 3072}, aes: []uint16{128, 256}, curves: 8,
			lacks: []wire.CC{wire.CCPolicyCapability}},
		{json: `{"Name":"custom","Attributes":"fips-host,no-sha1-hmac-creation","Algorithms":"rsa,rsa-min-size=2048,hmac,hmac-min-key-size=112,aes,` +
			`mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist,ecc-min-size=384,symcipher,cfb"}`,
			level: 8, commands: 114, rsa: []uint16{2048, 3072, 4096}, aes: []uint16{128, 192, 256}, curves: 2, hmac: 112,
			attributes: noUnpaddedEncryption | noSHA1Signing | noSHA1Verification | noSHA1HMACCreation,
			without:    []wire.Alg{wire.AlgSHA1, wire.AlgRSAES, wire.AlgCamellia}},
	} {
		p := testProfile(t, tc.json)
		b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p})
		if p.StateFormatLevel() != tc.level {
			t.Errorf("%s: level %d, want %d", tc.json, p.StateFormatLevel(), tc.level)
		}
		offered := 0
		for _, row := range commandTable() {
			if p.hasCommand(&row) {
				offered++
			}
		}
		if offered != tc.commands {
			t.Errorf("%s: %d commands, want %d", tc.json, offered, tc.commands)
		}
		for _, cc := range tc.has {
			if !p.commands.has(cc) {
				t.Errorf("%s: %v is missing", tc.json, cc)
			}
		}
		for _, cc := range tc.lacks {
			if p.commands.has(cc) || b.lookup(cc) != nil {
				t.Errorf("%s: %v is there", tc.json, cc)
			}
		}
		if !slices.Equal(p.RSAKeyBits(), tc.rsa) || !slices.Equal(p.limits.AESKeyBits, tc.aes) {
			t.Errorf("%s: RSA %v, AES %v", tc.json, p.RSAKeyBits(), p.limits.AESKeyBits)
		}
		if n := len(p.limits.Curves.List()); n != tc.curves {
			t.Errorf("%s: %d curves", tc.json, n)
		}
		if p.attributes != tc.attributes || p.minHMACKeyBits() != tc.hmac {
			t.Errorf("%s: attributes %b, HMAC keys of %d bits", tc.json, p.attributes, p.minHMACKeyBits())
		}
		for _, a := range tc.algs {
			if !p.limits.Algs.Has(a) {
				t.Errorf("%s: %v is missing", tc.json, a)
			}
		}
		for _, a := range tc.without {
			if p.limits.Algs.Has(a) {
				t.Errorf("%s: %v is there", tc.json, a)
			}
		}
		again, err := loadProfile(p.JSON())
		if err != nil || again.commands != p.commands || fmt.Sprint(again.limits) != fmt.Sprint(p.limits) || again.attributes != p.attributes {
			t.Errorf("%s: loaded as %+v, %v", tc.json, again, err)
		}
	}
}

func TestProfileErrors(t *testing.T) {
	for _, json := range []string{``, `{}`, `{"Name":"default-v1","StateFormatLevel":2}`, `{"Name":"custom","Commands":"0x19d"}`} {
		p, err := ParseProfile(json)
		if err == nil || p != nil || !strings.HasPrefix(err.Error(), "profile: ") || strings.Contains(err.Error(), "offset") {
			t.Errorf("%s: %v, %v", json, p, err)
		}
	}
	if _, err := ParseProfile(`{"Name":"x"}`); !errors.Is(err, nvstate.ErrValue) {
		t.Error(err)
	}
	if p, err := loadProfile(""); err != nil || p.Name() != "null" {
		t.Errorf("state without profile: %v, %v", p, err)
	}
	if _, err := loadProfile(`{"Name":"default-v1"}`); err == nil {
		t.Error("a stored profile without level is taken")
	}
	if got := len(BuiltinProfiles()); got != 4 {
		t.Errorf("%d built-in profiles", got)
	}
}
