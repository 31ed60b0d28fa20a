package keyfile

import (
	"crypto/cipher"
	"crypto/des"  //nolint:gosec // old files exist
	"crypto/sha1" //nolint:gosec // old files exist
	"encoding/binary"
	"math/big"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// pkcs12TDES prepares decryption with pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292, annex C).
func pkcs12TDES(params cryptobyte.String, password []byte) (cipher.BlockMode, error) {
	var salt []byte
	var iterations int
	if !params.ReadASN1Bytes(&salt, asn1.OCTET_STRING) || !params.ReadASN1Integer(&iterations) || len(salt) == 0 || len(salt) > 1024 ||
		iterations < 1 || iterations > maxIterations {
		return nil, errEncoding
	}
	// The password is a BMPString with two bytes of zero at its end (annex B.1).
	var bmp []byte
	for _, u := range utf16.Encode([]rune(string(password))) {
		bmp = binary.BigEndian.AppendUint16(bmp, u)
	}
	bmp = append(bmp, 0, 0)
	defer clear(bmp)
	key := pkcs12Derive(1, bmp, salt, iterations, 24)
	defer clear(key)
	return newCBCDecrypter(des.NewTripleDESCipher, key, pkcs12Derive(2, bmp, salt, iterations, des.BlockSize))
}

// pkcs12Derive derives n bytes for the purpose (1: key, 2: IV) with SHA-1 (RFC 7292, annex B.2).
func pkcs12Derive(purpose byte, password, salt []byte, iterations, n int) []byte {
	const v = sha1.BlockSize
	diversifier := make([]byte, v) // step 1
	for i := range diversifier {
		diversifier[i] = purpose
	}
	in := append(fill(salt, v), fill(password, v)...) // steps 2 to 4
	one := big.NewInt(1)
	modulus := new(big.Int).Lsh(one, 8*v)
	var out []byte
	for {
		digest := sha1.Sum(append(append([]byte{}, diversifier...), in...)) // step 6 A
		for range iterations - 1 {
			digest = sha1.Sum(digest[:])
		}
		if out = append(out, digest[:]...); len(out) >= n {
			return out[:n]
		}
		add := new(big.Int).SetBytes(fill(digest[:], v)) // step 6 B
		add.Add(add, one)
		for block := in; len(block) > 0; block = block[v:] { // step 6 C
			sum := new(big.Int).SetBytes(block[:v])
			sum.Add(sum, add).Mod(sum, modulus).FillBytes(block[:v])
		}
	}
}

// fill repeats b to the next multiple of v bytes.
func fill(b []byte, v int) []byte {
	out := make([]byte, 0, (len(b)+v-1)/v*v)
	for len(b) > 0 && len(out) < cap(out) {
		out = append(out, b[:min(len(b), cap(out)-len(out))]...)
	}
	return out
}
