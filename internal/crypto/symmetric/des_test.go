package symmetric

import (
	"bytes"
	"crypto/des"
	"math/rand/v2"
	"testing"
)

// The cipher is that of the standard library, for keys and data of every kind.
func TestTripleDESAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	key, in := make([]byte, 24), make([]byte, 8)
	for i := range 2000 {
		for j := range key {
			key[j] = byte(rng.Uint32())
		}
		for j := range in {
			in[j] = byte(rng.Uint32())
		}
		if i < 64 { // one bit of the data at a time
			in = make([]byte, 8)
			in[i/8] = 1 << (i % 8)
		}
		theirs, err := des.NewTripleDESCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		ours := newTripleDES(key)
		got, want := make([]byte, 8), make([]byte, 8)
		ours.Encrypt(got, in)
		theirs.Encrypt(want, in)
		if !bytes.Equal(got, want) {
			t.Fatalf("key %x: %x is encrypted to %x, want %x", key, in, got, want)
		}
		ours.Decrypt(got, got)
		if !bytes.Equal(got, in) {
			t.Fatalf("key %x: %x is decrypted to %x, want %x", key, want, got, in)
		}
	}
}

func BenchmarkTripleDES(b *testing.B) {
	c := newTripleDES(make([]byte, 24))
	block := make([]byte, 8)
	b.SetBytes(8)
	for range b.N {
		c.Encrypt(block, block)
	}
}
