package symmetric

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	key128 = "2b7e151628aed2a6abf7158809cf4f3c"
	iv38A  = "000102030405060708090a0b0c0d0e0f"
	pt38A  = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)

// SP 800-38A, Appendix F, AES-128.
func TestModesKnownAnswers(t *testing.T) {
	b, err := NewCipher(AES, unhex(t, key128))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name   string
		m      Mode
		iv, ct string
	}{
		{"ECB F.1.1", ECB, "", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
		{"CBC F.2.1", CBC, iv38A, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
		{"CFB F.3.13", CFB, iv38A, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"},
		{"OFB F.4.1", OFB, iv38A, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed8259740051e9c5fecf64344f7a82260edcc304c6528f659c77866a510d9c1d6ae5e"},
		{"CTR F.5.1", CTR, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
	} {
		out := make([]byte, 64)
		if err := Encrypt(b, v.m, unhex(t, v.iv), out, unhex(t, pt38A)); err != nil || hex.EncodeToString(out) != v.ct {
			t.Errorf("%s: %v %x", v.name, err, out)
		}
		if err := Decrypt(b, v.m, unhex(t, v.iv), out, out); err != nil || hex.EncodeToString(out) != pt38A {
			t.Errorf("%s backwards: %v %x", v.name, err, out)
		}
	}
}

// What TPM2_EncryptDecrypt2 of libtpms gives, chaining values included.
func TestAgainstLibtpms(t *testing.T) {
	var file struct {
		Vectors []struct {
			Alg                 Algorithm
			Mode                Mode
			Decrypt             bool
			Key, IV, Out, IVOut string
			Size                int
		}
	}
	data, err := os.ReadFile("testdata/encryptdecrypt.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		what := fmt.Sprintf("algorithm %#x mode %#x decrypt %t size %d key %s", v.Alg, v.Mode, v.Decrypt, v.Size, v.Key)
		b, err := NewCipher(v.Alg, unhex(t, v.Key))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		buf := make([]byte, v.Size)
		for i := range buf {
			buf[i] = byte(7*i + 3)
		}
		iv := unhex(t, v.IV)
		f := Encrypt
		if v.Decrypt {
			f = Decrypt
		}
		if err := f(b, v.Mode, iv, buf, buf); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := hex.EncodeToString(buf); got != v.Out {
			t.Errorf("%s: got %s, want %s", what, got, v.Out)
		}
		if got := hex.EncodeToString(iv); got != v.IVOut {
			t.Errorf("%s: IV %s, want %s", what, got, v.IVOut)
		}
	}
}

func eachCipher(t *testing.T, f func(t *testing.T, alg Algorithm, size int)) {
	for _, v := range []struct {
		alg  Algorithm
		size int
	}{
		{AES, 16}, {AES, 24}, {AES, 32}, {TDES, 16}, {TDES, 24}, {SM4, 16},
		{Camellia, 16}, {Camellia, 24}, {Camellia, 32},
	} {
		t.Run(fmt.Sprintf("%#x-%d", v.alg, 8*v.size), func(t *testing.T) { f(t, v.alg, v.size) })
	}
}

// Data handed over in whole blocks gives the same as data handed over at once,
// in place or not, and decryption undoes encryption.
func TestChaining(t *testing.T) {
	eachCipher(t, func(t *testing.T, alg Algorithm, size int) {
		b, err := NewCipher(alg, bytes.Repeat([]byte{0x5b, 0x91, 0xae}, 11)[:size])
		if err != nil {
			t.Fatal(err)
		}
		bs := BlockSize(alg)
		for _, m := range []Mode{CTR, OFB, CBC, CFB, ECB} {
			for _, n := range []int{0, bs, 7 * bs, 7*bs + 3} {
				if n%bs != 0 && (m == CBC || m == ECB) {
					continue
				}
				msg := make([]byte, n)
				for i := range msg {
					msg[i] = byte(i * i)
				}
				newIV := func() []byte { return bytes.Repeat([]byte{0xff}, IVSize(b, m)) }
				once, iv1 := make([]byte, n), newIV()
				if err := Encrypt(b, m, iv1, once, msg); err != nil {
					t.Fatal(err)
				}
				parts, iv2 := bytes.Clone(msg), newIV()
				for rest := parts; ; {
					k := min(len(rest), 2*bs)
					if err := Encrypt(b, m, iv2, rest[:k], rest[:k]); err != nil {
						t.Fatal(err)
					}
					if rest = rest[k:]; len(rest) == 0 {
						break
					}
				}
				if !bytes.Equal(once, parts) || !bytes.Equal(iv1, iv2) {
					t.Errorf("mode %#x, %d bytes: parts differ", m, n)
				}
				iv3 := newIV()
				if err := Decrypt(b, m, iv3, parts, parts); err != nil || !bytes.Equal(parts, msg) {
					t.Errorf("mode %#x, %d bytes: not undone: %v", m, n, err)
				}
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	b, err := NewCipher(AES, make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name        string
		m           Mode
		iv, dst, in int
		want        error
	}{
		{"no IV", CFB, 0, 16, 16, ErrIVSize},
		{"short IV", CTR, 15, 16, 16, ErrIVSize},
		{"long IV", OFB, 17, 16, 16, ErrIVSize},
		{"IV for ECB", ECB, 16, 16, 16, ErrIVSize},
		{"partial CBC", CBC, 16, 17, 17, ErrDataSize},
		{"partial ECB", ECB, 0, 15, 15, ErrDataSize},
		{"short output", CFB, 16, 15, 16, ErrBuffer},
		{"mode below", CTR - 1, 16, 16, 16, ErrAlgorithm},
		{"mode above", ECB + 1, 16, 16, 16, ErrAlgorithm},
		{"CMAC is no mode", 0x3f, 16, 16, 16, ErrAlgorithm},
	} {
		iv, dst := make([]byte, v.iv), make([]byte, v.dst)
		for _, f := range []func() error{
			func() error { return Encrypt(b, v.m, iv, dst, make([]byte, v.in)) },
			func() error { return Decrypt(b, v.m, iv, dst, make([]byte, v.in)) },
		} {
			if err := f(); !errors.Is(err, v.want) {
				t.Errorf("%s: %v, want %v", v.name, err, v.want)
			}
			if !bytes.Equal(iv, make([]byte, v.iv)) || !bytes.Equal(dst, make([]byte, v.dst)) {
				t.Errorf("%s: something was written", v.name)
			}
		}
	}
}

func TestKeySizes(t *testing.T) {
	good := map[Algorithm][]int{AES: {16, 24, 32}, Camellia: {16, 24, 32}, TDES: {16, 24}, SM4: {16}}
	for alg, sizes := range good {
		for n := range 40 {
			_, err := NewCipher(alg, make([]byte, n))
			want := ErrKeySize
			for _, s := range sizes {
				if s == n {
					want = nil
				}
			}
			if !errors.Is(err, want) {
				t.Errorf("algorithm %#x, %d bytes: %v, want %v", alg, n, err, want)
			}
		}
	}
	for _, alg := range []Algorithm{0, 1, 5, 0x0a, 0xffff} {
		if _, err := NewCipher(alg, make([]byte, 16)); !errors.Is(err, ErrAlgorithm) || BlockSize(alg) != 0 {
			t.Errorf("algorithm %#x: %v", alg, err)
		}
	}
}

func BenchmarkModes(b *testing.B) {
	for _, alg := range []Algorithm{AES, TDES, SM4, Camellia} {
		c, err := NewCipher(alg, bytes.Repeat([]byte{1, 2, 3}, 6)[:16])
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range []Mode{CTR, OFB, CBC, CFB, ECB} {
			b.Run(fmt.Sprintf("%#x-%#x", alg, m), func(b *testing.B) {
				iv, buf := make([]byte, IVSize(c, m)), make([]byte, 1024)
				b.SetBytes(int64(len(buf)))
				for b.Loop() {
					Encrypt(c, m, iv, buf, buf)
				}
			})
		}
	}
}
