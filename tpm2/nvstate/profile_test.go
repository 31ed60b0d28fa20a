package nvstate_test

import (
	"errors"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
)

func TestParseProfile(t *testing.T) {
	const commands = `"Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,0x167-0x174,` +
		`0x176-0x178,0x17a-0x193,0x197`
	const algorithms = `"Algorithms":"rsa,hmac,aes,mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,` +
		`kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb`
	custom := func(level, rest string) string {
		return `{"Name":"custom:x","StateFormatLevel":` + level + `,` + rest + `}`
	}
	for name, test := range map[string]struct {
		text  string
		level nvstate.Level
		kind  nvstate.Kind
	}{
		"lists of the built-in":      {`{"Name":"default-v2","StateFormatLevel":8}`, 8, 0},
		"white space":                {"{ \"Name\" : \"default-v1\" ,\n\"StateFormatLevel\" : 7 }\n", 7, 0},
		"level of the built-in":      {`{"Name":"default-v1","StateFormatLevel":0}`, 7, 0},
		"default-v1 above":           {`{"Name":"default-v1","StateFormatLevel":8}`, 8, 0},
		"default-v2 below":           {`{"Name":"default-v2","StateFormatLevel":6}`, 6, 0},
		"null":                       {`{"Name":"null","StateFormatLevel":1}`, 1, 0},
		"unknown member":             {`{"Name":"default-v2","X":"y","N":3,"StateFormatLevel":8}`, 8, 0},
		"custom":                     {custom("2", commands+`",`+algorithms+`"`), 2, 0},
		"custom without level":       {custom("0", commands+`,0x19b",`+algorithms+`"`), 5, 0},
		"unknown name":               {`{"Name":"my","StateFormatLevel":8}`, 0, nvstate.ErrValue},
		"custom without colon":       {`{"Name":"customx","StateFormatLevel":8}`, 0, nvstate.ErrValue},
		"no name":                    {`{"StateFormatLevel":8}`, 0, nvstate.ErrProfile},
		"no level":                   {`{"Name":"default-v2"}`, 0, nvstate.ErrProfile},
		"level is text":              {`{"Name":"default-v2","StateFormatLevel":"8"}`, 0, nvstate.ErrProfile},
		"not JSON":                   {`Name=default-v2`, 0, nvstate.ErrProfile},
		"nested":                     {`{"Name":"default-v2","StateFormatLevel":8,"X":{}}`, 0, nvstate.ErrProfile},
		"array":                      {`{"Name":"default-v2","StateFormatLevel":8,"X":[1]}`, 0, nvstate.ErrProfile},
		"negative":                   {`{"Name":"default-v2","StateFormatLevel":-8}`, 0, nvstate.ErrProfile},
		"more behind":                {`{"Name":"default-v2","StateFormatLevel":8}}`, 0, nvstate.ErrProfile},
		"trailing comma":             {`{"Name":"default-v2","StateFormatLevel":8,}`, 0, nvstate.ErrProfile},
		"empty":                      {``, 0, nvstate.ErrProfile},
		"level too high":             {`{"Name":"default-v2","StateFormatLevel":9}`, 0, nvstate.ErrValue},
		"level beyond 64 bits":       {`{"Name":"default-v2","StateFormatLevel":99999999999999999999999}`, 0, nvstate.ErrValue},
		"command above level 2":      {custom("2", commands+`,0x199",`+algorithms+`"`), 0, nvstate.ErrValue},
		"command at level 3":         {custom("3", commands+`,0x199",`+algorithms+`"`), 3, 0},
		"command above level 3":      {custom("3", commands+`,0x19c",`+algorithms+`"`), 0, nvstate.ErrValue},
		"AES-192 minimum at level 3": {custom("3", commands+`",`+algorithms+`,aes-min-size=192"`), 0, nvstate.ErrValue},
		"AES-192 minimum at level 4": {custom("4", commands+`",`+algorithms+`,aes-min-size=192"`), 4, 0},
		"HMAC key at level 6":        {custom("6", commands+`",`+algorithms+`,hmac-min-key-size=128"`), 0, nvstate.ErrValue},
		"RSA-4096 minimum at 7":      {custom("7", commands+`",`+algorithms+`,rsa-min-size=4096"`), 0, nvstate.ErrValue},
		"minimum above 4096":         {custom("8", commands+`",`+algorithms+`,rsa-min-size=4097"`), 0, nvstate.ErrValue},
		"longest HMAC key":           {custom("8", commands+`",`+algorithms+`,hmac-min-key-size=1024"`), 8, 0},
		"HMAC key above the longest": {custom("8", commands+`",`+algorithms+`,hmac-min-key-size=1025"`), 0, nvstate.ErrValue},
		"empty members":              {custom("8", `"Commands":"","Algorithms":"","Description":""`), 8, 0},
		"last of two":                {`{"Name":"my","StateFormatLevel":1,"StateFormatLevel":8,"Name":"default-v2"}`, 8, 0},
		"commands in octal":          {custom("7", commands+`,0437",`+algorithms+`"`), 7, 0},
		"octal of Go":                {custom("7", commands+`,0o437",`+algorithms+`"`), 0, nvstate.ErrValue},
		"binary":                     {custom("7", commands+`,0b100011111",`+algorithms+`"`), 0, nvstate.ErrValue},
		"digits apart":               {custom("7", commands+`,0x1_20",`+algorithms+`"`), 0, nvstate.ErrValue},
		"attribute at level 6":       {custom("6", commands+`",`+algorithms+`","Attributes":"fips-host"`), 0, nvstate.ErrValue},
		"attribute at level 7":       {custom("7", commands+`",`+algorithms+`","Attributes":"fips-host,pct"`), 7, 0},
		"unknown attribute":          {custom("7", commands+`",`+algorithms+`","Attributes":"fips"`), 0, nvstate.ErrAttribute},
		"unknown algorithm":          {custom("7", commands+`",`+algorithms+`,sm4"`), 0, nvstate.ErrValue},
		"unknown size":               {custom("7", commands+`",`+algorithms+`,xor-min-size=1"`), 0, nvstate.ErrValue},
		"algorithm at level 8":       {custom("8", commands+`",`+algorithms+`,sm4"`), 8, 0},
		"command at level 8":         {custom("8", commands+`,0x1a6",`+algorithms+`"`), 8, 0},
		"command above level 7":      {custom("7", commands+`,0x1a6",`+algorithms+`"`), 0, nvstate.ErrValue},
		"command of a built-in":      {`{"Name":"default-v2","StateFormatLevel":8,` + commands + `,0x1a6"}`, 0, nvstate.ErrValue},
		"unknown command":            {custom("7", commands+`,0x123",`+algorithms+`"`), 0, nvstate.ErrValue},
		"range over a gap":           {custom("7", `"Commands":"0x11f-0x193",`+algorithms+`"`), 0, nvstate.ErrValue},
		"endless range":              {custom("7", `"Commands":"0x11f-0xffffffff",`+algorithms+`"`), 0, nvstate.ErrValue},
		"reversed range":             {custom("7", `"Commands":"0x122-0x11f",`+algorithms+`"`), 0, nvstate.ErrValue},
		"mandatory command":          {custom("7", `"Commands":"0x11f",`+algorithms+`"`), 0, nvstate.ErrValue},
		"mandatory algorithm":        {custom("7", commands+`","Algorithms":"rsa,hmac"`), 0, nvstate.ErrValue},
	} {
		p, err := nvstate.ParseProfile(test.text)
		if test.kind != 0 {
			if !errors.Is(err, test.kind) {
				t.Errorf("%s: %v, want %v", name, err, test.kind)
			}
			continue
		}
		if err != nil || p.Level != test.level {
			t.Errorf("%s: level %d, %v, want level %d", name, p.Level, err, test.level)
		}
	}
}

// Who writes a profile reads at once all that it lacks, and which item is wrong.
func TestProfileMessages(t *testing.T) {
	most := "0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x142,0x146-0x159,0x15b-0x15e,0x160-0x165,0x167-0x174,0x176-0x178,0x17a-0x193"
	algorithms := "rsa,aes,mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist,symcipher"
	for members, want := range map[string]string{
		`"Commands":"` + most + `"`:         "mandatory commands are missing: 0x143 TPM2_SelfTest, 0x144 TPM2_Startup, 0x145 TPM2_Shutdown",
		`"Algorithms":"` + algorithms + `"`: "mandatory algorithms are missing: hmac, cfb",
		`"Commands":"0x144,CreatePrimary"`:  `"CreatePrimary" in the commands is no number or range of numbers`,
		`"Commands":"0x144,"`:               `"" in the commands is no number or range of numbers`,
	} {
		if _, err := nvstate.ParseProfile(`{"Name":"custom","StateFormatLevel":7,` + members + `}`); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: %v, want %s", members, err, want)
		}
	}
}

// What no profile has is passed over, and told to who asks.
func TestIgnoredMembers(t *testing.T) {
	for text, want := range map[string]string{
		`{"Name":"custom","StateFormatLevel":8,"Commands":"","Algorithms":"","Attributes":"","Description":""}`: "",
		`{"Name":"custom","commands":"0x144","Algorithm":"rsa","Level":8}`:                                      "Algorithm,Level,commands",
		"{\"Name\":\"custom\",\"Command\":\"0x144\"}\n":                                                         "Command",
		`{"Name":"custom","Command":`:                                                                           "",
		"default-v2":                                                                                            "",
		"":                                                                                                      "",
	} {
		if got := strings.Join(nvstate.IgnoredMembers(text), ","); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// The text libtpms writes is written here too.
func TestProfileText(t *testing.T) {
	text := customProfile(t)
	p, err := nvstate.ParseProfile(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Text(); got != text {
		t.Errorf("%s\nwant\n%s", got, text)
	}
	if n := p.MinSize("rsa-min-size"); n != 1024 {
		t.Errorf("rsa-min-size %d", n)
	}
	if tokens := p.AlgorithmTokens(); !strings.Contains(strings.Join(tokens, ","), "ecc-nist-p521,ecc-bn-p256,ecc-bn-p638") {
		t.Errorf("tokens %v", tokens)
	}
	set, err := p.CommandSet()
	if err != nil || len(set.Commands()) != 114 || set.Contains(0x123) || !set.Contains(0x19C) {
		t.Errorf("commands %v, %v", set.Commands(), err)
	}
}

// The profile is checked before anything else in the blob.
func TestProfileInPermanent(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		kind nvstate.Kind
	}{
		"no end":        {`{"Name":"default-v1","StateFormatLevel":7}`, nvstate.ErrProfile},
		"only an end":   {"\x00", nvstate.ErrProfile},
		"newer level":   {`{"Name":"default-v1","StateFormatLevel":9}` + "\x00", nvstate.ErrValue},
		"end comes too": {`{"Name":"default-v1","StateFormatLevel":7}` + "\x00", nvstate.ErrTruncated},
	} {
		blob := append(unhex(t, "0004ab3647230004"), 0, byte(len(test.text)))
		if _, err := nvstate.DecodePermanent(append(blob, test.text...)); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
	}
}

// The description that a profile has without one of its own does not promise what is not so.
func TestDescriptionBeyondLibtpms(t *testing.T) {
	const algorithms = `{"Name":"custom:x","StateFormatLevel":0,"Algorithms":"rsa,hmac,aes,mgf1,keyedhash,xor,sha256,sha384,null,oaep,ecdsa,` +
		`ecdh,kdf1-sp800-56a,kdf2,kdf1-sp800-108,ecc,ecc-nist-p256,ecc-nist-p384,symcipher,cfb`
	for rest, want := range map[string]string{
		`"}`:                           "requires at least libtpms v0.10.",
		`,hkdf"}`:                      "that libtpms does not have.",
		`,hkdf","Description":"mine"}`: "mine",
	} {
		p, err := nvstate.ParseProfile(algorithms + rest)
		if err != nil || !strings.HasSuffix(p.Description, want) {
			t.Errorf("%s: %q, %v, want %q", rest, p.Description, err, want)
		}
	}
}
