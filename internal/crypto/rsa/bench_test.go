package rsa

import (
	"fmt"
	"testing"

	"govtpm/internal/crypto/drbg"
)

func benchKeys(b *testing.B, run func(b *testing.B, k *PrivateKey)) {
	vectors := primaryVectors(b)
	for _, size := range []int{1024, 2048, 3072, 4096} {
		for _, v := range vectors {
			if len(v.Modulus)*8 != size {
				continue
			}
			k, err := NewPrivateKey(v.Modulus, v.Exponent, v.Sensitive)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprint(size), func(b *testing.B) {
				b.ReportAllocs()
				run(b, k)
			})
			break
		}
	}
}

func BenchmarkPrivate(b *testing.B) {
	benchKeys(b, func(b *testing.B, k *PrivateKey) {
		c := make([]byte, k.Size())
		c[1] = 5
		for b.Loop() {
			k.Decrypt(c)
		}
	})
}

func BenchmarkPublic(b *testing.B) {
	benchKeys(b, func(b *testing.B, k *PrivateKey) {
		c := make([]byte, k.Size())
		c[1] = 5
		for b.Loop() {
			k.Encrypt(c)
		}
	})
}

func BenchmarkNewPrivateKey(b *testing.B) {
	benchKeys(b, func(b *testing.B, k *PrivateKey) {
		n, p := k.Modulus(), k.Prime()
		for b.Loop() {
			NewPrivateKey(n, k.Exponent(), p)
		}
	})
}

// BenchmarkGenerateKey makes a different key each time; the mean over many is
// what counts.
func BenchmarkGenerateKey(b *testing.B) {
	for _, size := range []int{1024, 2048, 3072, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			g := drbg.New([]byte("benchmark"))
			for b.Loop() {
				if _, err := GenerateKey(g, KeyParams{Bits: size, Exponent: 65537, Compat: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
