package nvstate_test

import (
	"errors"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
)

const (
	nullCommandList = "0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,0x167-0x174,0x176-0x178,0x17a-0x193,0x197"
	allCommandList  = nullCommandList + ",0x199-0x19c"
	algorithmList   = "rsa,rsa-min-size=1024,tdes,tdes-min-size=128,sha1,hmac,aes,aes-min-size=128,mgf1,keyedhash,xor,sha256," +
		"sha384,sha512,null,rsassa,rsaes,rsapss,oaep,ecdsa,ecdh,ecdaa,sm2,ecschnorr,ecmqv,kdf1-sp800-56a,kdf2,kdf1-sp800-108," +
		"ecc,ecc-min-size=192,ecc-nist,ecc-bn,ecc-sm2-p256,symcipher,camellia,camellia-min-size=128,cmac,ctr,ofb,cbc,cfb,ecb"
	smallCommandList = "0x120,0x129,0x12b,0x131,0x13c,0x143-0x145,0x148,0x14e,0x153,0x156-0x158,0x15c,0x165,0x169,0x173,0x176," +
		"0x17a,0x17c-0x17e,0x182,0x185-0x186"
	smallAlgorithmList = "rsa,rsa-min-size=2048,hmac,aes,aes-min-size=128,mgf1,keyedhash,xor,sha256,sha384,null,rsassa,rsaes," +
		"rsapss,oaep,ecdsa,ecdh,ecdaa,sm2,ecschnorr,ecmqv,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-min-size=192,ecc-nist,symcipher,cfb"
)

// What libtpms makes of the profiles that people ask for.
func TestRequestedProfile(t *testing.T) {
	text := func(name, level, commands, algorithms, rest string) string {
		return `{"Name":"` + name + `","StateFormatLevel":` + level + `,"Commands":"` + commands + `","Algorithms":"` + algorithms + `"` + rest + `}`
	}
	const (
		v1 = `,"Description":"This profile enables all libtpms v0.10-supported commands and algorithms. This profile is compatible with libtpms >= v0.10."`
		v2 = `,"Description":"This profile enables all libtpms v0.11-supported commands and algorithms. This profile is compatible with libtpms >= v0.11."`
		d  = `,"Description":"test"`
		c  = `,"Description":"This profile allows customization of enabled algorithms and commands. This profile requires at least libtpms v0.10."`
	)
	for request, want := range map[string]string{
		`{"Name":"default-v1"}`:                         text("default-v1", "7", allCommandList, algorithmList, v1),
		` { "Name" : "default-v2" } `:                   text("default-v2", "8", allCommandList, algorithmList, v2),
		`{"Name":"default-v1","StateFormatLevel":0}`:    text("default-v1", "7", allCommandList, algorithmList, v1),
		`{"Name":"default-v1","Commands":"","Other":1}`: text("default-v1", "7", allCommandList, algorithmList, v1),
		`{"Name":"custom"}`:                             text("custom", "8", allCommandList, algorithmList, c),
		`{"Name":"custom","StateFormatLevel":2,"Attributes":"","Description":"test"}`: text("custom", "2", nullCommandList, algorithmList,
			`,"Attributes":""`+d),
		`{"Name":"custom","StateFormatLevel":3,"Description":"test"}`:   text("custom", "3", nullCommandList+",0x199-0x19a", algorithmList, d),
		`{"Name":"custom","StateFormatLevel":4,"Description":"test"}`:   text("custom", "4", nullCommandList+",0x199-0x19a", algorithmList, d),
		`{"Name":"custom:x","StateFormatLevel":6,"Description":"test"}`: text("custom:x", "6", allCommandList, algorithmList, d),
		`{"Name":"custom","StateFormatLevel":2,"Commands":"` + smallCommandList + `","Algorithms":"` + smallAlgorithmList + `","Description":"test"}`: text(
			"custom", "2", smallCommandList, smallAlgorithmList, d),
		`{"Name":"custom","Commands":"` + smallCommandList + `","Algorithms":"` + strings.Replace(smallAlgorithmList, "rsa-min-size=2048,", "", 1) + `","Description":"test"}`: text(
			"custom", "4", smallCommandList, strings.Replace(smallAlgorithmList, "rsa-min-size=2048,", "", 1), d),
		`{"Name":"custom","Commands":"` + nullCommandList + `","Attributes":"pct,no-sha1-signing,pct","Description":"test"}`: text(
			"custom", "8", nullCommandList, algorithmList, `,"Attributes":"no-sha1-signing,pct"`+d),
		`{"Name":"custom:test","Algorithms":"` + algorithmList + `,hmac-min-key-size=128,rsa-min-size=2048","Description":"test"}`: text(
			"custom:test", "8", allCommandList, strings.Replace(algorithmList, "rsa-min-size=1024,", "", 1)+",hmac-min-key-size=128,rsa-min-size=2048", d),
		`{"Name":"custom:x","Commands":"` + nullCommandList + `,0x19d-0x19f,0x1a6","Description":"test"}`: text(
			"custom:x", "8", nullCommandList+",0x19d-0x19f,0x1a6", algorithmList, d),
		`{"Name":"custom","Algorithms":"` + algorithmList + `,sm4,sha3-256","Description":"test"}`: text(
			"custom", "8", allCommandList, algorithmList+",sm4,sha3-256", d),
	} {
		p, err := nvstate.RequestedProfile(request)
		if err != nil {
			t.Errorf("%s: %v", request, err)
			continue
		}
		if got := p.Text(); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", request, got, want)
		}
		if again, err := nvstate.ParseProfile(p.Text()); err != nil || again != p {
			t.Errorf("%s: read again: %+v, %v", request, again, err)
		}
	}
}

func TestRequestedProfileErrors(t *testing.T) {
	for request, want := range map[string]nvstate.Kind{
		``:                             nvstate.ErrProfile,
		`{}`:                           nvstate.ErrProfile,
		`{"Name":""}`:                  nvstate.ErrProfile,
		`{"Name":1}`:                   nvstate.ErrProfile,
		`{"Name":"default-v1","X":{}}`: nvstate.ErrProfile,
		`{"Name":"default"}`:           nvstate.ErrValue,
		`{"Name":"default-v1","StateFormatLevel":7}`:                                                      nvstate.ErrValue,
		`{"Name":"default-v1","Commands":"0x11f"}`:                                                        nvstate.ErrValue,
		`{"Name":"default-v1","Algorithms":"rsa"}`:                                                        nvstate.ErrValue,
		`{"Name":"null","Attributes":""}`:                                                                 nvstate.ErrValue,
		`{"Name":"null","Description":"x"}`:                                                               nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":1}`:                                                          nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":9}`:                                                          nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":"8"}`:                                                        nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":99999999999999999999}`:                                       nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":2,"Commands":"` + nullCommandList + `,0x199"}`:               nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":4,"Commands":"` + nullCommandList + `,0x19c"}`:               nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":6,"Attributes":"pct"}`:                                       nvstate.ErrValue,
		`{"Name":"custom","Attributes":"fips"}`:                                                           nvstate.ErrAttribute,
		`{"Name":"custom","Commands":"0x11f"}`:                                                            nvstate.ErrValue,
		`{"Name":"custom","Commands":"` + nullCommandList + `,0x1ab"}`:                                    nvstate.ErrValue,
		`{"Name":"custom","Commands":"` + nullCommandList + `,0x175"}`:                                    nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":7,"Commands":"` + nullCommandList + `,0x19d"}`:               nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":7,"Algorithms":"` + algorithmList + `,sm4"}`:                 nvstate.ErrValue,
		`{"Name":"custom","Commands":"` + nullCommandList + `,"}`:                                         nvstate.ErrValue,
		`{"Name":"custom","Algorithms":"rsa"}`:                                                            nvstate.ErrValue,
		`{"Name":"custom","Algorithms":"` + algorithmList + `,shake256-256"}`:                             nvstate.ErrValue,
		`{"Name":"custom","StateFormatLevel":6,"Algorithms":"` + algorithmList + `,hmac-min-key-size=1"}`: nvstate.ErrValue,
		`{"Name":"custom","Algorithms":"` + algorithmList + `,rsa-min-size=2048,aes-min-size=192"}`:       nvstate.ErrValue,
		`{"Name":"custom","Algorithms":"` + algorithmList + `,rsa-min-size=5000"}`:                        nvstate.ErrValue,
	} {
		if _, err := nvstate.RequestedProfile(request); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", request, err, want)
		}
	}
}

func TestProfileLists(t *testing.T) {
	p, err := nvstate.RequestedProfile(`{"Name":"custom","StateFormatLevel":7,"Commands":"` + smallCommandList + `","Algorithms":"` +
		strings.Replace(smallAlgorithmList, "ecc-min-size=192", "ecc-min-size=224,hmac-min-key-size=64", 1) + `","Attributes":"pct"}`)
	if err != nil {
		t.Fatal(err)
	}
	const implemented = "rsa,rsa-min-size=1024,tdes,tdes-min-size=128,sha1,hmac,hmac-min-key-size=1,aes,aes-min-size=128,mgf1,keyedhash,xor," +
		"sha256,sha384,sha512,null,rsassa,rsaes,rsapss,oaep,ecdsa,ecdh,ecdaa,sm2,ecschnorr,ecmqv,kdf1-sp800-56a,kdf2,kdf1-sp800-108," +
		"ecc,ecc-min-size=192,ecc-nist,ecc-bn,ecc-nist-p192,ecc-nist-p224,ecc-nist-p256,ecc-nist-p384,ecc-nist-p521,ecc-bn-p256,ecc-bn-p638," +
		"ecc-sm2-p256,symcipher,camellia,camellia-min-size=128,cmac,ctr,ofb,cbc,cfb,ecb"
	const attributes = "no-unpadded-encryption,no-sha1-signing,no-sha1-verification,no-sha1-hmac-creation,no-sha1-hmac-verification," +
		"no-sha1-hmac,fips-host,drbg-continous-test,"
	for name, test := range map[string]struct{ got, want nvstate.Lists }{
		"algorithms": {p.AlgorithmLists(), nvstate.Lists{
			Implemented: implemented,
			CanBeDisabled: "tdes,sha1,sha512,rsassa,rsaes,rsapss,ecdaa,sm2,ecschnorr,ecmqv,ecc-nist,ecc-bn,ecc-nist-p192,ecc-nist-p224," +
				"ecc-nist-p521,ecc-bn-p256,ecc-bn-p638,ecc-sm2-p256,camellia,cmac,ctr,ofb,cbc,ecb",
			Enabled: "rsa,rsa-min-size=2048,hmac,hmac-min-key-size=64,aes,aes-min-size=128,mgf1,keyedhash,xor,sha256,sha384,null,rsassa,rsaes," +
				"rsapss,oaep,ecdsa,ecdh,ecdaa,sm2,ecschnorr,ecmqv,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-min-size=224,ecc-nist," +
				"ecc-nist-p224,ecc-nist-p256,ecc-nist-p384,ecc-nist-p521,symcipher,cfb",
			Disabled: "tdes,sha1,sha512,ecc-bn,ecc-nist-p192,ecc-bn-p256,ecc-bn-p638,ecc-sm2-p256,camellia,cmac,ctr,ofb,cbc,ecb",
		}},
		"commands": {p.CommandLists(), nvstate.Lists{
			Implemented: allCommandList,
			CanBeDisabled: "0x11f,0x121-0x122,0x124-0x128,0x12a,0x12c-0x12e,0x130,0x132-0x13b,0x13d-0x140,0x142,0x146-0x147,0x149-0x14d," +
				"0x14f-0x152,0x154-0x155,0x159,0x15b,0x15d-0x15e,0x160-0x164,0x167-0x168,0x16a-0x172,0x174,0x177-0x178,0x17b,0x17f-0x181," +
				"0x183-0x184,0x187-0x193,0x197,0x199-0x19c",
			Enabled: smallCommandList,
			Disabled: "0x11f,0x121-0x122,0x124-0x128,0x12a,0x12c-0x12e,0x130,0x132-0x13b,0x13d-0x140,0x142,0x146-0x147,0x149-0x14d," +
				"0x14f-0x152,0x154-0x155,0x159,0x15b,0x15d-0x15e,0x160-0x164,0x167-0x168,0x16a-0x172,0x174,0x177-0x178,0x17b,0x17f-0x181," +
				"0x183-0x184,0x187-0x193,0x197,0x199-0x19c",
		}},
		"attributes": {p.AttributeLists(), nvstate.Lists{
			Implemented: attributes + "pct,no-ecc-key-derivation", CanBeDisabled: attributes + "pct,no-ecc-key-derivation",
			Enabled: "pct", Disabled: attributes + "no-ecc-key-derivation",
		}},
	} {
		if test.got != test.want {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, test.got, test.want)
		}
	}
}

// A profile beyond libtpms adds to what there is; no other profile shows it.
func TestProfileListsExtended(t *testing.T) {
	p, err := nvstate.RequestedProfile(`{"Name":"custom","Commands":"` + allCommandList + `,0x1a6","Algorithms":"` + algorithmList + `,sha3-256"}`)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := nvstate.BuiltinProfile("default-v2")
	if !p.Extended() || plain.Extended() {
		t.Errorf("extended: %t, default-v2: %t", p.Extended(), plain.Extended())
	}
	for name, test := range map[string]struct{ got, plain nvstate.Lists }{
		",0x1a6":    {p.CommandLists(), plain.CommandLists()},
		",sha3-256": {p.AlgorithmLists(), plain.AlgorithmLists()},
	} {
		want := nvstate.Lists{
			Implemented: test.plain.Implemented + name, CanBeDisabled: test.plain.CanBeDisabled + name,
			Enabled: test.plain.Enabled + name, Disabled: test.plain.Disabled,
		}
		if test.got != want {
			t.Errorf("%+v\nwant\n%+v", test.got, want)
		}
	}
}

func TestBuiltinProfiles(t *testing.T) {
	var names []string
	for _, p := range nvstate.BuiltinProfiles() {
		names = append(names, p.Name)
		if p.Description == "" || p.Level == 0 {
			t.Errorf("%s: level %d, description %q", p.Name, p.Level, p.Description)
		}
	}
	if got := strings.Join(names, " "); got != "default-v2 default-v1 null custom" {
		t.Error(got)
	}
}

func FuzzRequestedProfile(f *testing.F) {
	for _, p := range nvstate.BuiltinProfiles() {
		f.Add(p.Text())
		f.Add(`{"Name":"` + p.Name + `"}`)
	}
	f.Add(`{"Name":"custom","StateFormatLevel":2,"Attributes":""}`)
	f.Fuzz(func(t *testing.T, request string) {
		p, err := nvstate.RequestedProfile(request)
		if err != nil || p.Name == "null" { // which is never stored
			return
		}
		if again, err := nvstate.ParseProfile(p.Text()); err != nil || again != p {
			t.Fatalf("%q becomes %q, read again %+v, %v", request, p.Text(), again, err)
		}
	})
}
