package rsa

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"testing"

	"govtpm/internal/crypto/kdf"
)

// encodePSS is EMSA-PSS with SHA-256 and a salt of 32 octets (RFC 8017, 9.1.1) with what a forger may change: the octet before the salt,
// and the bit above the encoding.
func encodePSS(size int, digest, salt []byte, separator, top byte) []byte {
	em := make([]byte, size)
	db, sum := em[:size-sha256.Size-1], em[size-sha256.Size-1:size-1]
	pssHash(sum[:0], sha256.New(), digest, salt)
	copy(db[len(db)-len(salt):], salt)
	db[len(db)-len(salt)-1] = separator
	subtle.XORBytes(db, db, kdf.MGF1(sha256.New, sum, len(db)))
	em[0] = em[0]&0x7f | top
	em[size-1] = 0xbc
	return em
}

// What the holder of a key could sign that is no encoding: the vectors of Wycheproof cannot have the bit above the encoding, for most moduli
// are below it.
func TestForgedPSS(t *testing.T) {
	digest := sha256.Sum256([]byte("digest"))
	for bits, k := range testKeys(t) {
		tried := 0
		for salt := range byte(64) {
			for _, v := range []struct {
				separator, top byte
				good           bool
			}{{1, 0, true}, {0xff, 0, false}, {2, 0, false}, {0x81, 0, false}, {1, 0x80, false}} {
				em := encodePSS(k.Size(), digest[:], bytes.Repeat([]byte{salt}, 32), v.separator, v.top)
				if bytes.Compare(em, k.Modulus()) >= 0 {
					continue // no signature has this encoding
				}
				sig, err := k.Decrypt(em)
				if err != nil {
					t.Fatal(err)
				}
				if v.top != 0 {
					tried++
				}
				if err := k.VerifyPSS(sha256.New, digest[:], sig); (err == nil) != v.good {
					t.Errorf("%d bits, octet %x, bit %x: %v", bits, v.separator, v.top, err)
				}
			}
			if tried > 0 {
				break
			}
		}
		if tried == 0 {
			t.Errorf("%d bits: no encoding with the bit above it", bits)
		}
	}
}

// A signature has the size of the modulus (RFC 8017, 8.1.2 and 8.2.2, step 1), whatever its leading zeros.
func TestSizeOfSignatures(t *testing.T) {
	keys := testKeys(t)
	k := keys[1024]
	if k == nil {
		k = keys[2048]
	}
	for try := range 1 << 12 {
		digest := sha256.Sum256([]byte{byte(try), byte(try >> 8)})
		sig, err := k.SignPKCS1v15(PrefixSHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		if sig[0] != 0 {
			continue
		}
		for n, s := range map[string][]byte{"shorter": sig[1:], "longer": append([]byte{0}, sig...)} {
			if k.VerifyPKCS1v15(PrefixSHA256, digest[:], s) == nil {
				t.Errorf("accepted when %s", n)
			}
		}
		if err := k.VerifyPKCS1v15(PrefixSHA256, digest[:], sig); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no signature with a leading zero")
}
