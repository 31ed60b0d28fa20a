package camellia

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// RFC 3713, Appendix A.
func TestKnownAnswers(t *testing.T) {
	pt := unhex("0123456789abcdeffedcba9876543210")
	for key, want := range map[string]string{
		"0123456789abcdeffedcba9876543210":                                 "67673138549669730857065648eabe43",
		"0123456789abcdeffedcba98765432100011223344556677":                 "b4993401b3e996f84ee5cee7d79b09b9",
		"0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff": "9acc237dff16d76c20ef7c919e3a7509",
	} {
		c, err := NewCipher(unhex(key))
		if err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(pt)
		c.Encrypt(b, b)
		if got := hex.EncodeToString(b); got != want {
			t.Errorf("%d bits: got %s, want %s", 4*len(key), got, want)
		}
		c.Decrypt(b, b)
		if !bytes.Equal(b, pt) {
			t.Errorf("%d bits: not undone: %x", 4*len(key), b)
		}
	}
}

// 128 blocks of SHA-256(0) ‖ SHA-256(1) ‖ … as `openssl enc -camellia-*-ecb` of
// OpenSSL 3.0 encrypts them, by their SHA-256; every entry of the table is used.
func TestAgainstOpenSSL(t *testing.T) {
	var in []byte
	for i := range 64 {
		h := sha256.Sum256([]byte{byte(i)})
		in = append(in, h[:]...)
	}
	for _, v := range []struct {
		name string
		size int
		want string
	}{
		{"camellia-128-ecb", 16, "f901021621c7ab69ce9c5efba5c4820ae3787c33b556e2273d9c3b085cb767e0"},
		{"camellia-192-ecb", 24, "a8c5619da7675361e5387d824fd0bb8ea77467fd5fcab80d0ce77290e325fa23"},
		{"camellia-256-ecb", 32, "d159f585c6f1552c3abb7500dded09626dc5f76307f7d98d8704615c26e20eac"},
	} {
		key := sha256.Sum256([]byte(v.name))
		c, err := NewCipher(key[:v.size])
		if err != nil {
			t.Fatal(err)
		}
		out, back := make([]byte, len(in)), make([]byte, len(in))
		for i := 0; i < len(in); i += BlockSize {
			c.Encrypt(out[i:], in[i:])
			c.Decrypt(back[i:], out[i:])
		}
		sum := sha256.Sum256(out)
		if got := hex.EncodeToString(sum[:]); got != v.want {
			t.Errorf("%s: got %s, want %s", v.name, got, v.want)
		}
		if !bytes.Equal(back, in) {
			t.Errorf("%s: not undone", v.name)
		}
	}
}

func TestKeySizes(t *testing.T) {
	for n := range 70 {
		if _, err := NewCipher(make([]byte, n)); (err == nil) != (n == 16 || n == 24 || n == 32) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func BenchmarkEncrypt(b *testing.B) {
	c, err := NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, BlockSize)
	b.SetBytes(BlockSize)
	for b.Loop() {
		c.Encrypt(buf, buf)
	}
}
