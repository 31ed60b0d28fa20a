package rsa

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"testing"
)

// wycheproofGroup is a group of tests of Project Wycheproof under one key. Its exponent is 65537.
type wycheproofGroup struct {
	File, Scheme, Hash string
	N, P               []byte
	Tests              []struct {
		ID             int
		What           string
		Msg, Label, In []byte // In is the signature or the ciphertext
		OK             bool
	}
}

// Project Wycheproof: forged signatures and broken paddings, among them the variants of DigestInfo that lax parsers take, and a few good
// ones beside them. Each has its number in the file named.
func TestWycheproof(t *testing.T) {
	data, err := os.ReadFile("testdata/wycheproof.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []wycheproofGroup }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, g := range file.Groups {
		for i, v := range g.Tests {
			got, err := g.run(t, i)
			want := v.OK
			// A salt of another length than the digest's is a fault there; VerifyPSS takes any (RFC 8017, 8.1.2, leaves it open).
			if g.Scheme == "PSS" && (v.ID == 67 || v.ID == 70 || v.ID == 72) {
				want = true
			}
			if (err == nil) != want {
				t.Errorf("%s, %d (%s): %v", g.File, v.ID, v.What, err)
			}
			if err == nil && got != nil && !bytes.Equal(got, v.Msg) {
				t.Errorf("%s, %d: decrypted %x", g.File, v.ID, got)
			}
			ran[fmt.Sprint(g.Scheme, " ", want)]++
		}
	}
	for _, scheme := range []string{"RSASSA", "PSS", "OAEP", "RSAES"} {
		if ran[scheme+" true"] < 3 || ran[scheme+" false"] < 10 {
			t.Errorf("%s: %d good and %d bad ones", scheme, ran[scheme+" true"], ran[scheme+" false"])
		}
	}
}

// run verifies or decrypts; a decrypted message is not nil.
func (g *wycheproofGroup) run(t *testing.T, i int) ([]byte, error) {
	t.Helper()
	v := g.Tests[i]
	h, prefix := wycheproofHash(g.Hash)
	if g.P == nil {
		k, err := NewPublicKey(g.N, 65537)
		if err != nil {
			t.Fatal(err)
		}
		d := h()
		d.Write(v.Msg)
		if g.Scheme == "PSS" {
			return nil, k.VerifyPSS(h, d.Sum(nil), v.In)
		}
		return nil, k.VerifyPKCS1v15(prefix, d.Sum(nil), v.In)
	}
	k, err := NewPrivateKey(g.N, 65537, g.P)
	if err != nil {
		t.Fatal(err)
	}
	var msg []byte
	if g.Scheme == "OAEP" {
		msg, err = k.DecryptOAEP(h, v.Label, v.In)
	} else {
		msg, err = k.DecryptPKCS1v15(v.In)
	}
	return append([]byte{}, msg...), err
}

func wycheproofHash(name string) (func() hash.Hash, string) {
	switch name {
	case "SHA-384":
		return sha512.New384, PrefixSHA384
	case "SHA-512":
		return sha512.New, PrefixSHA512
	case "SHA3-256":
		return func() hash.Hash { return sha3.New256() }, PrefixSHA3_256
	case "SHA3-384":
		return func() hash.Hash { return sha3.New384() }, PrefixSHA3_384
	case "SHA3-512":
		return func() hash.Hash { return sha3.New512() }, PrefixSHA3_512
	default:
		return sha256.New, PrefixSHA256
	}
}
