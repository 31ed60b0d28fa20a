package symmetric

import (
	"bytes"
	"encoding/hex"
	"hash"
	"testing"
)

var _ hash.Hash = (*CMAC)(nil)

func TestCMACKnownAnswers(t *testing.T) {
	const tdes3 = "0123456789abcdef23456789abcdef01456789abcdef0123"
	for _, v := range []struct {
		name string
		alg  Algorithm
		key  string
		n    int
		mac  string
	}{
		// RFC 4493, 4.
		{"AES-128, empty", AES, key128, 0, "bb1d6929e95937287fa37d129b756746"},
		{"AES-128, 16", AES, key128, 16, "070a16b46b4d4144f79bdd9dd04a287c"},
		{"AES-128, 40", AES, key128, 40, "dfa66747de9ae63030ca32611497c827"},
		{"AES-128, 64", AES, key128, 64, "51f0bebf7e3b9d92fc49741779363cfe"},
		// SP 800-38B (2005), D.2, example 7, and D.3, example 11.
		{"AES-192, 40", AES, key192, 40, "8a1de5be2eb31aad089a82e6ee908b0e"},
		{"AES-256, 40", AES, key256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
		// NIST, Examples with Intermediate Values, TDES_CMAC: samples of three keys and of two.
		{"TDES, empty", TDES, tdes3, 0, "7db0d37df936c550"},
		{"TDES, 16", TDES, tdes3, 16, "30239cf1f52e6609"},
		{"TDES, 20", TDES, tdes3, 20, "6c9f3ee4923f6be2"},
		{"TDES, 32", TDES, tdes3, 32, "99429bd0bf7904e5"},
		{"TDES of two keys, empty", TDES, tdesTwo, 0, "79ce52a7f786a960"},
		// draft-kato-ipsec-camellia-cmac96and128-05.
		{"Camellia-128, empty", Camellia, key128, 0, "ba925782aaa1f5d9a00f89648094fc71"},
		{"Camellia-128, 16", Camellia, key128, 16, "6d962854a3b9fda56d7d45a95ee17993"},
		{"Camellia-128, 40", Camellia, key128, 40, "5c18d119ccd6766144ac1866131d9f22"},
		{"Camellia-128, 64", Camellia, key128, 64, "c2699a6eba55ce9d939a8a4e19466ee9"},
		// openssl mac -cipher SM4-CBC CMAC (OpenSSL 3.0).
		{"SM4, 64", SM4, key128, 64, "cc2b4f3d2c5aaf8a4ac30e28650eddc0"},
	} {
		b, err := NewCipher(v.alg, unhex(t, v.key))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		msg := unhex(t, pt38A)[:v.n]
		for step := 1; step <= 65; step += 8 {
			c := NewCMAC(b)
			c.Write([]byte("to be forgotten"))
			c.Reset()
			for rest := msg; len(rest) > 0; {
				k := min(step, len(rest))
				c.Write(rest[:k])
				c.Sum(nil) // must not disturb
				rest = rest[k:]
			}
			if got := hex.EncodeToString(c.Sum(nil)); got != v.mac {
				t.Errorf("%s, in steps of %d: got %s, want %s", v.name, step, got, v.mac)
			}
			if c.Size() != len(v.mac)/2 || c.BlockSize() != c.Size() {
				t.Errorf("%s: sizes %d %d", v.name, c.Size(), c.BlockSize())
			}
		}
	}
}

// A CMAC goes on from its state wherever it was taken, and from nothing that is none.
func TestCMACState(t *testing.T) {
	b, err := NewCipher(AES, unhex(t, key128))
	if err != nil {
		t.Fatal(err)
	}
	msg := unhex(t, pt38A)
	whole := NewCMAC(b)
	whole.Write(msg)
	for n := range len(msg) + 1 {
		first, second := NewCMAC(b), NewCMAC(b)
		first.Write(msg[:n])
		if !second.SetState(first.State()) {
			t.Fatalf("the state after %d bytes is refused", n)
		}
		second.Write(msg[n:])
		if got, want := second.Sum(nil), whole.Sum(nil); !bytes.Equal(got, want) {
			t.Errorf("stopped after %d bytes: %x, want %x", n, got, want)
		}
	}
	for _, n := range []int{0, 15, 16, 33} {
		if NewCMAC(b).SetState(bytes.Repeat([]byte{1}, n)) {
			t.Errorf("a state of %d bytes is taken", n)
		}
	}
}

// MACs of other messages than SP 800-38A's: GB/T 15852.1-2020, Annex B, and Project Wycheproof, camellia_cmac_test.json, by tcId.
func TestCMACOfMessages(t *testing.T) {
	for _, v := range []struct {
		source        string
		alg           Algorithm
		key, msg, mac string
	}{
		{"GB/T 15852.1, empty", SM4, riboseKey, "", "29e154322e5c7bd8ee6a25ba549b24bc"},
		{"GB/T 15852.1, two blocks", SM4, riboseKey, hex.EncodeToString([]byte("This is the test message for mac")), "692c437100f3b5ee2b8abcef373d990c"},
		{"GB/T 15852.1, not whole", SM4, riboseKey, hex.EncodeToString([]byte("This is the test message ")), "4738a6c760b280fc0c8a8af3886e9f5d"},
		{"Wycheproof, 2", Camellia, "e1e726677f4893890f8c027f9d8ef80d", "3f", "50e7b8916c0bc61fcc28e25e00e0004b"},
		{"Wycheproof, 18", Camellia, "831e664c9e3f0c3094c0b27b9d908eb2", "26603bb76dd0a0180791c4ed4d3b058807", "029aaf53565685b98228dca232f12194"},
		{"Wycheproof, 21", Camellia, "9bd3902ed0996c869b572272e76f3889", "a7ba19d49ee1ea02f098aa8e30c740d893a4456ccc294040484ed8a00a55f93e", "76660fb8b00cd86d8141b683185205ae"},
		{"Wycheproof, 104", Camellia, "915429743435c28997a33b33b6574a953d81dae0e7032e6a", "58", "1a8134648f772188af771515aed264fa"},
		{"Wycheproof, 120", Camellia, "cfd3f68873d81a27d2bfce876c79f6e609074dec39e34614", "b1973cb25aa87ef9d1a8888b0a0f5c04c6", "27d3eb290761c8c9b2bff2f2d4eb7526"},
		{"Wycheproof, 123", Camellia, "9d11abc1fcb248a436598e695be12c3c2ed90a18ba09d62c", "aa5182cae2a8fb068c0b3fb2be3e57ae523d13dffd1a944587707c2b67447f3f", "8fbe081359a31c7030fd8d5a1510036c"},
		{"Wycheproof, 206", Camellia, "e754076ceab3fdaf4f9bcab7d4f0df0cbbafbc87731b8f9b7cd2166472e8eebc", "40", "bd184104e1a46c10c2be62f3ce29c749"},
		{"Wycheproof, 222", Camellia, "73216fafd0022d0d6ee27198b2272578fa8f04dd9f44467fbb6437aa45641bf7", "d5247b8f6c3edcbfb1d591d13ece23d2f5", "737635218c61d47ae5fb3d95e752d8cf"},
		{"Wycheproof, 225", Camellia, "96e1e4896fb2cd05f133a6a100bc5609a7ac3ca6d81721e922dadd69ad07a892", "91a17e4dfcc3166a1add26ff0e7c12056e8a654f28a6de24f4ba739ceb5b5b18", "3e3184f36a8e5ab5a5edddf785f2a04f"},
	} {
		b, err := NewCipher(v.alg, unhex(t, v.key))
		if err != nil {
			t.Errorf("%s: %v", v.source, err)
			continue
		}
		c := NewCMAC(b)
		c.Write(unhex(t, v.msg))
		if got := hex.EncodeToString(c.Sum(nil)); got != v.mac {
			t.Errorf("%s: got %s, want %s", v.source, got, v.mac)
		}
	}
}
