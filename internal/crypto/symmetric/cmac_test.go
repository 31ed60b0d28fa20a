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
		// SP 800-38B, D.2, example 7, and D.3, example 11.
		{"AES-192, 40", AES, key192, 40, "8a1de5be2eb31aad089a82e6ee908b0e"},
		{"AES-256, 40", AES, key256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
		// NIST, Examples with Intermediate Values, TDES_CMAC: samples of three keys and of two.
		{"TDES, empty", TDES, tdes3, 0, "7db0d37df936c550"},
		{"TDES, 16", TDES, tdes3, 16, "30239cf1f52e6609"},
		{"TDES, 20", TDES, tdes3, 20, "6c9f3ee4923f6be2"},
		{"TDES, 32", TDES, tdes3, 32, "99429bd0bf7904e5"},
		{"TDES of two keys, empty", TDES, tdesTwo, 0, "79ce52a7f786a960"},
		// No standard has these: openssl mac -cipher ... CMAC (OpenSSL 3.0).
		{"Camellia-128, 40", Camellia, key128, 40, "5c18d119ccd6766144ac1866131d9f22"},
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
