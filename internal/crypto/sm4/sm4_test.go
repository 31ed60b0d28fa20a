package sm4

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

// GB/T 32907-2016, A.1 and A.2: once, and a million times.
func TestKnownAnswers(t *testing.T) {
	key := unhex("0123456789abcdeffedcba9876543210")
	c, err := NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Clone(key)
	c.Encrypt(b, b)
	if got := hex.EncodeToString(b); got != "681edf34d206965e86b3e94f536e4246" {
		t.Errorf("once: %s", got)
	}
	c.Decrypt(b, b)
	if !bytes.Equal(b, key) {
		t.Errorf("not undone: %x", b)
	}
	if testing.Short() {
		return
	}
	for range 1000000 {
		c.Encrypt(b, b)
	}
	if got := hex.EncodeToString(b); got != "595298c7c6fd271f0402f804c33d3f66" {
		t.Errorf("a million times: %s", got)
	}
}

// 128 blocks of SHA-256(0) ‖ SHA-256(1) ‖ … as `openssl enc -sm4-ecb` of
// OpenSSL 3.0 encrypts them, by their SHA-256; every entry of the table is used.
func TestAgainstOpenSSL(t *testing.T) {
	key := sha256.Sum256([]byte("sm4-ecb"))
	c, err := NewCipher(key[:16])
	if err != nil {
		t.Fatal(err)
	}
	var in []byte
	for i := range 64 {
		h := sha256.Sum256([]byte{byte(i)})
		in = append(in, h[:]...)
	}
	out, back := make([]byte, len(in)), make([]byte, len(in))
	for i := 0; i < len(in); i += BlockSize {
		c.Encrypt(out[i:], in[i:])
		c.Decrypt(back[i:], out[i:])
	}
	sum := sha256.Sum256(out)
	if got := hex.EncodeToString(sum[:]); got != "be448ad43955f3d2b119c53a12616e100eb929e2ee50ef054da8f156321ffc45" {
		t.Errorf("got %s", got)
	}
	if !bytes.Equal(back, in) {
		t.Error("not undone")
	}
}

func TestKeySizes(t *testing.T) {
	for n := range 40 {
		if _, err := NewCipher(make([]byte, n)); (err == nil) != (n == KeySize) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func BenchmarkEncrypt(b *testing.B) {
	c, err := NewCipher(make([]byte, KeySize))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, BlockSize)
	b.SetBytes(BlockSize)
	for b.Loop() {
		c.Encrypt(buf, buf)
	}
}
