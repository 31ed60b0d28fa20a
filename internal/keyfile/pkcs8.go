package keyfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // old files exist
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // default PRF of PBKDF2
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

type oid = asn1.ObjectIdentifier

// Schemes of PKCS #5 (RFC 8018, annex A and B), scrypt (RFC 7914, 7) and PKCS #12 (RFC 7292, annex C).
var (
	oidPBES2      = oid{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = oid{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt     = oid{1, 3, 6, 1, 4, 1, 11591, 4, 11}
	oidHMACSHA256 = oid{1, 2, 840, 113549, 2, 9}
	oidAES256CBC  = oid{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidPKCS12TDES = oid{1, 2, 840, 113549, 1, 12, 1, 3}
)

// prfs lists the pseudorandom functions of PBKDF2 (RFC 8018, annex B.1).
var prfs = map[string]func() hash.Hash{
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.8":  sha256.New224,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// blockCiphers lists the ciphers of PBES2, all in CBC mode (RFC 8018, annex B.2).
var blockCiphers = map[string]struct {
	keySize int
	new     func(key []byte) (cipher.Block, error)
}{
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
}

// Bounds on the cost a file may ask for: some seconds of work, 256 MiB of memory.
const (
	maxIterations   = 10_000_000
	maxScryptMemory = 256 << 20
)

var errEncoding = errors.New("the encryption of the private key cannot be read")

// decryptPKCS8 opens an EncryptedPrivateKeyInfo (RFC 5958, 3).
func decryptPKCS8(der, password []byte) ([]byte, error) {
	if password == nil {
		return nil, ErrPassword
	}
	s := cryptobyte.String(der)
	var info, alg, params cryptobyte.String
	var id oid
	var sealed []byte
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Empty() || !info.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&id) || !alg.ReadASN1(&params, cbasn1.SEQUENCE) ||
		!info.ReadASN1Bytes(&sealed, cbasn1.OCTET_STRING) {
		return nil, errEncoding
	}
	var mode cipher.BlockMode
	var err error
	switch {
	case id.Equal(oidPBES2):
		mode, err = pbes2(params, password)
	case id.Equal(oidPKCS12TDES):
		mode, err = pkcs12TDES(params, password)
	default:
		return nil, fmt.Errorf("the private key is encrypted with an unknown scheme (%s)", id)
	}
	if err != nil {
		return nil, err
	}
	return decryptCBC(mode, sealed)
}

// decryptCBC decrypts and takes the padding away (RFC 8018, 6.1.1).
func decryptCBC(mode cipher.BlockMode, sealed []byte) ([]byte, error) {
	size := mode.BlockSize()
	if len(sealed) == 0 || len(sealed)%size != 0 {
		return nil, errEncoding
	}
	plain := make([]byte, len(sealed))
	mode.CryptBlocks(plain, sealed)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > size {
		return nil, ErrPassword
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, ErrPassword
		}
	}
	return plain[:len(plain)-pad], nil
}

// pbes2 prepares decryption with PBES2-params (RFC 8018, annex A.4).
func pbes2(params cryptobyte.String, password []byte) (cipher.BlockMode, error) {
	var kdf, kdfParams, enc cryptobyte.String
	var kdfID, encID oid
	var iv []byte
	if !params.ReadASN1(&kdf, cbasn1.SEQUENCE) || !kdf.ReadASN1ObjectIdentifier(&kdfID) || !kdf.ReadASN1(&kdfParams, cbasn1.SEQUENCE) ||
		!params.ReadASN1(&enc, cbasn1.SEQUENCE) || !enc.ReadASN1ObjectIdentifier(&encID) || !enc.ReadASN1Bytes(&iv, cbasn1.OCTET_STRING) {
		return nil, errEncoding
	}
	c, ok := blockCiphers[encID.String()]
	if !ok {
		return nil, fmt.Errorf("the private key is encrypted with an unknown cipher (%s)", encID)
	}
	var key []byte
	var err error
	switch {
	case kdfID.Equal(oidPBKDF2):
		key, err = derivePBKDF2(kdfParams, password, c.keySize)
	case kdfID.Equal(oidScrypt):
		key, err = deriveScrypt(kdfParams, password, c.keySize)
	default:
		return nil, fmt.Errorf("the private key is encrypted with an unknown key derivation (%s)", kdfID)
	}
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return newCBCDecrypter(c.new, key, iv)
}

func newCBCDecrypter(newCipher func([]byte) (cipher.Block, error), key, iv []byte) (cipher.BlockMode, error) {
	block, err := newCipher(key)
	if err != nil || len(iv) != block.BlockSize() {
		return nil, errEncoding
	}
	return cipher.NewCBCDecrypter(block, iv), nil
}

// derivePBKDF2 reads PBKDF2-params (RFC 8018, annex A.2) and derives the key.
func derivePBKDF2(p cryptobyte.String, password []byte, keySize int) ([]byte, error) {
	var salt []byte
	var iterations int
	prf := sha1.New
	if !p.ReadASN1Bytes(&salt, cbasn1.OCTET_STRING) || !p.ReadASN1Integer(&iterations) {
		return nil, errEncoding
	}
	if p.PeekASN1Tag(cbasn1.INTEGER) { // the key length, known from the cipher
		var n int
		if !p.ReadASN1Integer(&n) || n != keySize {
			return nil, errEncoding
		}
	}
	if p.PeekASN1Tag(cbasn1.SEQUENCE) {
		var alg cryptobyte.String
		var id oid
		if !p.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&id) {
			return nil, errEncoding
		}
		var ok bool
		if prf, ok = prfs[id.String()]; !ok {
			return nil, fmt.Errorf("the private key is encrypted with an unknown hash (%s)", id)
		}
	}
	if iterations < 1 || iterations > maxIterations {
		return nil, errEncoding
	}
	return pbkdf2.Key(prf, string(password), salt, iterations, keySize)
}

// deriveScrypt reads scrypt-params (RFC 7914, 7.1) and derives the key.
func deriveScrypt(p cryptobyte.String, password []byte, keySize int) ([]byte, error) {
	var salt []byte
	var n, r, par int
	if !p.ReadASN1Bytes(&salt, cbasn1.OCTET_STRING) || !p.ReadASN1Integer(&n) || !p.ReadASN1Integer(&r) || !p.ReadASN1Integer(&par) {
		return nil, errEncoding
	}
	if n < 2 || r < 1 || par < 1 || par > 64 || r > 1024 || n > maxScryptMemory/128/r {
		return nil, errEncoding
	}
	key, err := scrypt.Key(password, salt, n, r, par, keySize)
	if err != nil {
		return nil, errEncoding
	}
	return key, nil
}

// What encryptPKCS8 writes.
const (
	newIterations = 600_000
	newSaltSize   = 16
)

// encryptPKCS8 seals a PrivateKeyInfo with PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC.
func encryptPKCS8(rand io.Reader, plain, password []byte) ([]byte, error) {
	random := make([]byte, newSaltSize+aes.BlockSize)
	if _, err := io.ReadFull(rand, random); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	salt, iv := random[:newSaltSize], random[newSaltSize:]
	key, err := pbkdf2.Key(sha256.New, string(password), salt, newIterations, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving the key for the private key: %w", err)
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	sealed := make([]byte, len(plain)+pad)
	for i := copy(sealed, plain); i < len(sealed); i++ {
		sealed[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	return encodePBES2(salt, iv, sealed)
}

func encodePBES2(salt, iv, sealed []byte) ([]byte, error) {
	var b cryptobyte.Builder
	seq := func(b *cryptobyte.Builder, f func(*cryptobyte.Builder)) { b.AddASN1(cbasn1.SEQUENCE, f) }
	seq(&b, func(b *cryptobyte.Builder) {
		seq(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPBES2)
			seq(b, func(b *cryptobyte.Builder) {
				seq(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidPBKDF2)
					seq(b, func(b *cryptobyte.Builder) {
						b.AddASN1OctetString(salt)
						b.AddASN1Int64(newIterations)
						seq(b, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(oidHMACSHA256)
							b.AddASN1NULL()
						})
					})
				})
				seq(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidAES256CBC)
					b.AddASN1OctetString(iv)
				})
			})
		})
		b.AddASN1OctetString(sealed)
	})
	return b.Bytes()
}
