package rsa

import (
	"bytes"
	"crypto"
	"crypto/rand"
	stdrsa "crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"sync"
	"testing"

	"govtpm/internal/crypto/drbg"
)

// testKeys returns one key of each size, and the same for crypto/rsa.
func testKeys(t testing.TB) map[int]*PrivateKey {
	t.Helper()
	keys := map[int]*PrivateKey{}
	for _, v := range primaryVectors(t) {
		if keys[8*len(v.Modulus)] != nil {
			continue
		}
		k, err := NewPrivateKey(v.Modulus, v.Exponent, v.Sensitive)
		if err != nil {
			t.Fatal(err)
		}
		keys[8*len(v.Modulus)] = k
	}
	return keys
}

func standard(t testing.TB, k *PrivateKey) *stdrsa.PrivateKey {
	t.Helper()
	n, p := new(big.Int).SetBytes(k.Modulus()), new(big.Int).SetBytes(k.Prime())
	q := new(big.Int).Div(n, p)
	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	s := &stdrsa.PrivateKey{
		PublicKey: stdrsa.PublicKey{N: n, E: int(k.Exponent())},
		D:         new(big.Int).ModInverse(big.NewInt(int64(k.Exponent())), phi),
		Primes:    []*big.Int{p, q},
	}
	s.Precompute()
	return s
}

type algorithm struct {
	name   string
	new    func() hash.Hash
	std    crypto.Hash
	prefix string
}

var algorithms = []algorithm{
	{"SHA1", sha1.New, crypto.SHA1, PrefixSHA1},
	{"SHA256", sha256.New, crypto.SHA256, PrefixSHA256},
	{"SHA384", sha512.New384, crypto.SHA384, PrefixSHA384},
	{"SHA512", sha512.New, crypto.SHA512, PrefixSHA512},
}

func (a algorithm) sum(msg string) []byte {
	d := a.new()
	io.WriteString(d, msg)
	return d.Sum(nil)
}

func each(t *testing.T, f func(t *testing.T, k *PrivateKey, a algorithm)) {
	for size, k := range testKeys(t) {
		for _, a := range algorithms {
			t.Run(fmt.Sprintf("%d/%s", size, a.name), func(t *testing.T) { f(t, k, a) })
		}
	}
}

func TestPKCS1v15SignatureAgainstStandardLibrary(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	each(t, func(t *testing.T, k *PrivateKey, a algorithm) {
		digest := a.sum("message")
		sig, err := k.SignPKCS1v15(a.prefix, digest)
		if err != nil {
			t.Fatal(err)
		}
		want, err := stdrsa.SignPKCS1v15(nil, standard(t, k), a.std, digest)
		if err != nil || !bytes.Equal(sig, want) {
			t.Errorf("got %x, want %x (%v)", sig, want, err)
		}
		checkVerify(t, k, sig, digest, func(digest, sig []byte) error { return k.VerifyPKCS1v15(a.prefix, digest, sig) })
	})
}

func TestPSSAgainstStandardLibrary(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	each(t, func(t *testing.T, k *PrivateKey, a algorithm) {
		s := standard(t, k)
		digest := a.sum("message")
		sig, err := k.SignPSS(drbg.New([]byte("salt")), a.new, digest)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := k.SignPSS(drbg.New([]byte("salt")), a.new, digest)
		if !bytes.Equal(sig, again) {
			t.Error("not deterministic")
		}
		wantSalt := min(a.std.Size(), k.Size()-a.std.Size()-2)
		if err := stdrsa.VerifyPSS(&s.PublicKey, a.std, digest, sig, &stdrsa.PSSOptions{SaltLength: wantSalt}); err != nil {
			t.Errorf("standard library: %v", err)
		}
		verify := func(digest, sig []byte) error { return k.VerifyPSS(a.new, digest, sig) }
		checkVerify(t, k, sig, digest, verify)
		for _, salt := range []int{0, 1, wantSalt, stdrsa.PSSSaltLengthAuto} {
			sig, err := stdrsa.SignPSS(rand.Reader, s, a.std, digest, &stdrsa.PSSOptions{SaltLength: salt})
			if salt == 0 { // zero means automatic to the standard library
				sig, err = stdrsa.SignPSS(rand.Reader, s, a.std, digest, nil)
			}
			if err != nil || verify(digest, sig) != nil {
				t.Errorf("salt of %d: %v %v", salt, err, verify(digest, sig))
			}
		}
	})
}

// checkVerify accepts sig and refuses what is near it.
func checkVerify(t *testing.T, k *PrivateKey, sig, digest []byte, verify func(digest, sig []byte) error) {
	t.Helper()
	if err := verify(digest, sig); err != nil {
		t.Errorf("refused: %v", err)
	}
	other := bytes.Clone(digest)
	other[0] ^= 1
	bad := map[string][2][]byte{
		"digest":        {other, sig},
		"short digest":  {digest[1:], sig},
		"short":         {digest, sig[1:]},
		"long":          {digest, append([]byte{0}, sig...)},
		"empty":         {digest, nil},
		"modulus":       {digest, k.Modulus()},
		"above modulus": {digest, bytes.Repeat([]byte{0xff}, k.Size())},
		"zero":          {digest, make([]byte, k.Size())},
	}
	for i := 0; i < len(sig); i += len(sig) / 8 {
		s := bytes.Clone(sig)
		s[i] ^= 0x10
		bad[fmt.Sprint("bit in ", i)] = [2][]byte{digest, s}
	}
	for name, c := range bad {
		if err := verify(c[0], c[1]); !errors.Is(err, ErrVerification) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPKCS1v15Encryption(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	for _, k := range testKeys(t) {
		s := standard(t, k)
		longest := k.Size() - 11
		for _, n := range []int{0, 1, 32, longest} {
			msg := bytes.Repeat([]byte{7}, n)
			c, err := k.EncryptPKCS1v15(drbg.New([]byte("pad")), msg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := stdrsa.DecryptPKCS1v15(nil, s, c); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("standard library: %x %v", got, err)
			}
			if got, err := k.DecryptPKCS1v15(c); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("%x %v", got, err)
			}
		}
		if _, err := k.EncryptPKCS1v15(drbg.New(nil), make([]byte, longest+1)); !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %v", err)
		}
	}
	k := testKeys(t)[1024]
	for name, em := range map[string][]byte{
		"first octet":   append([]byte{1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0}, make([]byte, 117)...),
		"type 1":        append([]byte{0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, make([]byte, 117)...),
		"short padding": append([]byte{0, 2, 1, 1, 1, 1, 1, 1, 1, 0}, make([]byte, 118)...),
		"no separator":  append([]byte{0, 2}, bytes.Repeat([]byte{1}, 126)...),
		"all zero":      make([]byte, 128),
	} {
		c, err := k.Encrypt(em)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := k.DecryptPKCS1v15(c); !errors.Is(err, ErrPadding) {
			t.Errorf("%s: %x %v", name, got, err)
		}
	}
	c, _ := k.Encrypt(append([]byte{0, 2}, append(bytes.Repeat([]byte{1}, 125), 0)...))
	if got, err := k.DecryptPKCS1v15(c); err != nil || len(got) != 0 {
		t.Errorf("separator at the end: %x %v", got, err)
	}
}

// zeros gives zero octets first, so padding must be drawn again.
type zeros struct {
	n int
	r io.Reader
}

func (z *zeros) Read(b []byte) (int, error) {
	if z.n > 0 {
		n := min(len(b), z.n)
		clear(b[:n])
		z.n -= n
		return n, nil
	}
	return z.r.Read(b)
}

func TestPKCS1v15PaddingHasNoZero(t *testing.T) {
	k := testKeys(t)[1024]
	c, err := k.EncryptPKCS1v15(&zeros{300, drbg.New(nil)}, []byte("m"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.DecryptPKCS1v15(c); err != nil || string(got) != "m" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := k.EncryptPKCS1v15(bytes.NewReader(make([]byte, 200)), []byte("m")); !errors.Is(err, io.EOF) {
		t.Errorf("dry reader: %v", err)
	}
}

func TestOAEP(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	each(t, func(t *testing.T, k *PrivateKey, a algorithm) {
		longest := k.Size() - 2*a.std.Size() - 2
		label := []byte("DUPLICATE\x00")
		if longest < 0 {
			if _, err := k.EncryptOAEP(drbg.New(nil), a.new, label, nil); !errors.Is(err, ErrTooLong) {
				t.Errorf("key too small: %v", err)
			}
			if _, err := k.DecryptOAEP(a.new, label, make([]byte, k.Size())); !errors.Is(err, ErrPadding) {
				t.Errorf("key too small: %v", err)
			}
			return
		}
		s := standard(t, k)
		for _, n := range []int{0, 1, longest} {
			msg := bytes.Repeat([]byte{9}, n)
			c, err := k.EncryptOAEP(drbg.New([]byte("seed")), a.new, label, msg)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := stdrsa.DecryptOAEP(a.new(), nil, s, c, label); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("standard library: %x %v", got, err)
			}
			if got, err := k.DecryptOAEP(a.new, label, c); err != nil || !bytes.Equal(got, msg) {
				t.Errorf("%x %v", got, err)
			}
			for name, wrong := range map[string][]byte{"no terminator": label[:len(label)-1], "empty": nil} {
				if _, err := k.DecryptOAEP(a.new, wrong, c); !errors.Is(err, ErrPadding) {
					t.Errorf("label %s: %v", name, err)
				}
			}
			c[len(c)-1] ^= 1
			if _, err := k.DecryptOAEP(a.new, label, c); !errors.Is(err, ErrPadding) {
				t.Errorf("flipped bit: %v", err)
			}
		}
		if _, err := k.EncryptOAEP(drbg.New(nil), a.new, label, make([]byte, longest+1)); !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %v", err)
		}
		if _, err := k.EncryptOAEP(bytes.NewReader(nil), a.new, label, nil); !errors.Is(err, io.EOF) {
			t.Errorf("dry reader: %v", err)
		}
	})
}

// Hostile encodings that an encryptor would not make.
func TestOAEPBadEncodings(t *testing.T) {
	k := testKeys(t)[1024]
	lHash := sha1.Sum([]byte("L\x00"))
	mask := func(first byte, db []byte) []byte { // seed of zeros
		em := make([]byte, k.Size())
		seed, out := em[1:21], em[21:]
		copy(out, db)
		m := mgf(make([]byte, 20), len(out))
		for i := range out {
			out[i] ^= m[i]
		}
		copy(seed, mgf(out, 20))
		em[0] = first
		return em
	}
	ps := func(rest ...byte) []byte { return append(lHash[:], rest...) }
	full := make([]byte, 107-20)
	sep := bytes.Clone(full)
	sep[len(sep)-1] = 1
	for name, c := range map[string]struct {
		em []byte
		ok bool
	}{
		"good":           {mask(0, ps(0, 0, 1, 'x')), true},
		"separator last": {mask(0, ps(sep...)), true},
		"first octet":    {mask(1, ps(0, 0, 1, 'x')), false},
		"no separator":   {mask(0, ps(full...)), false},
		"two before one": {mask(0, ps(0, 2, 1, 'x')), false},
		"label hash":     {mask(0, append(make([]byte, 20), 1)), false},
	} {
		x, err := k.Encrypt(c.em)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := k.DecryptOAEP(sha1.New, []byte("L\x00"), x); c.ok != (err == nil) || !c.ok && !errors.Is(err, ErrPadding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func mgf(seed []byte, n int) (out []byte) {
	for i := byte(0); len(out) < n; i++ {
		s := sha1.Sum(append(bytes.Clone(seed), 0, 0, 0, i))
		out = append(out, s[:]...)
	}
	return out[:n]
}

func TestRaw(t *testing.T) {
	for size, k := range testKeys(t) {
		n := new(big.Int).SetBytes(k.Modulus())
		e := big.NewInt(int64(k.Exponent()))
		nMinus1 := new(big.Int).Sub(n, big.NewInt(1)).Bytes()
		for _, msg := range [][]byte{nil, {0}, {1}, {2}, []byte("short"), append(make([]byte, 700), 5), k.Prime(), nMinus1} {
			c, err := k.Encrypt(msg)
			if err != nil {
				t.Fatalf("%d %x: %v", size, msg, err)
			}
			m := new(big.Int).SetBytes(msg)
			if want := new(big.Int).Exp(m, e, n).FillBytes(make([]byte, size/8)); !bytes.Equal(c, want) {
				t.Errorf("%d %x: %x", size, msg, c)
			}
			if got, err := k.Decrypt(c); err != nil || !bytes.Equal(got, m.FillBytes(make([]byte, size/8))) {
				t.Errorf("%d %x back: %x %v", size, msg, got, err)
			}
		}
		for _, x := range [][]byte{k.Modulus(), bytes.Repeat([]byte{0xff}, k.Size())} {
			if _, err := k.Encrypt(x); !errors.Is(err, ErrOutOfRange) {
				t.Errorf("encrypt ≥ n: %v", err)
			}
			if _, err := k.Decrypt(x); !errors.Is(err, ErrOutOfRange) {
				t.Errorf("decrypt ≥ n: %v", err)
			}
		}
		if _, err := k.Encrypt(append([]byte{1}, make([]byte, k.Size())...)); !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %v", err)
		}
		for _, n := range []int{0, k.Size() - 1, k.Size() + 1} {
			if _, err := k.Decrypt(make([]byte, n)); !errors.Is(err, ErrLength) {
				t.Errorf("cipher text of %d: %v", n, err)
			}
		}
	}
}

func TestNewPrivateKey(t *testing.T) {
	v := primaryVectors(t)[0]
	n, p, q := []byte(v.Modulus), []byte(v.P), []byte(v.Q)
	edit := func(b []byte, i int, x byte) []byte {
		b = bytes.Clone(b)
		b[i] ^= x
		return b
	}
	for _, prime := range [][]byte{p, q} {
		k, err := NewPrivateKey(n, 65537, prime)
		if err != nil || !bytes.Equal(k.Prime(), prime) {
			t.Errorf("either prime: %v", err)
		}
	}
	last := len(p) - 1
	for name, c := range map[string]struct {
		n []byte
		e uint32
		p []byte
	}{
		"not a factor":  {n, 65537, edit(p, last, 2)},
		"even prime":    {n, 65537, edit(p, last, 1)},
		"short prime":   {n, 65537, p[1:]},
		"long prime":    {n, 65537, append([]byte{0}, p...)},
		"no prime":      {n, 65537, nil},
		"small prime":   {n, 65537, append(make([]byte, last), 1)},
		"the modulus":   {n, 65537, n},
		"other modulus": {edit(n, 100, 1), 65537, p},
		"even modulus":  {edit(n, len(n)-1, 1), 65537, p},
		"leading zero":  {edit(n, 0, n[0]&0x80), 65537, p},
		"short modulus": {n[1:], 65537, p},
		"empty modulus": {nil, 65537, p},
		"exponent 0":    {n, 0, p},
		"exponent 1":    {n, 1, p},
		"even exponent": {n, 65538, p},
	} {
		if _, err := NewPrivateKey(c.n, c.e, c.p); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Exponents other than the usual, up to the largest.
func TestExponents(t *testing.T) {
	v := primaryVectors(t)[0]
	for _, e := range []uint32{3, 5, 7, 17, 257, 65539, 1<<31 - 1, 1<<32 - 5} {
		k, err := NewPrivateKey(v.Modulus, e, v.Sensitive)
		p1 := new(big.Int).Sub(new(big.Int).SetBytes(v.P), big.NewInt(1))
		q1 := new(big.Int).Sub(new(big.Int).SetBytes(v.Q), big.NewInt(1))
		phi := p1.Mul(p1, q1)
		coprime := new(big.Int).GCD(nil, nil, phi, big.NewInt(int64(e))).Cmp(big.NewInt(1)) == 0
		if (err == nil) != coprime {
			t.Errorf("exponent %d: %v, coprime %t", e, err, coprime)
		}
		if err != nil {
			continue
		}
		c, _ := k.Encrypt([]byte("message"))
		if m, err := k.Decrypt(c); err != nil || !bytes.HasSuffix(m, []byte("\x00message")) {
			t.Errorf("exponent %d: %x %v", e, m, err)
		}
	}
}

// A wrong intermediate value must not become a result that gives the factors
// away.
func TestFaultsAreCaught(t *testing.T) {
	k := testKeys(t)[1024]
	k.Decrypt(make([]byte, 128))
	c, _ := k.Encrypt([]byte("m"))
	k.dP[0] ^= 1
	if m, err := k.Decrypt(c); !errors.Is(err, ErrFault) || m != nil {
		t.Errorf("%x %v", m, err)
	}
	// A composite "prime" makes a key that never answers.
	p, _ := rand.Prime(rand.Reader, 256)
	r, _ := rand.Prime(rand.Reader, 256)
	q, _ := rand.Prime(rand.Reader, 512)
	pr := new(big.Int).Mul(p, r)
	n := new(big.Int).Mul(pr, q)
	bad, err := NewPrivateKey(n.Bytes(), 65537, pr.Bytes())
	if err != nil {
		t.Skip("product of another size")
	}
	if m, err := bad.Decrypt(append(make([]byte, 127), 2)); !errors.Is(err, ErrFault) {
		t.Errorf("composite: %x %v", m, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	k := testKeys(t)[1024]
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, _ := k.Encrypt([]byte{byte(i + 1)})
			if m, err := k.Decrypt(c); err != nil || m[127] != byte(i+1) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestWipe(t *testing.T) {
	k := testKeys(t)[1024]
	k.Decrypt(make([]byte, 128))
	prime, d := k.prime, k.dP
	k.Wipe()
	if !bytes.Equal(prime, make([]byte, len(prime))) || !bytes.Equal(d, make([]byte, len(d))) {
		t.Error("private values survive")
	}
	if _, err := k.Encrypt([]byte{1}); err != nil {
		t.Errorf("public part lost: %v", err)
	}
	if _, err := k.Decrypt(make([]byte, 128)); !errors.Is(err, ErrKey) {
		t.Errorf("wiped key used: %v", err)
	}
}
