package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
)

// sealedTags are the tags of one encryption: by the file key or by the migration key.
type sealedTags struct{ data, iv tag }

var (
	fileTags      = sealedTags{tagEncrypted, tagIV}
	migrationTags = sealedTags{tagMigrationEncrypted, tagMigrationIV}
)

// encrypt returns the three records of encrypted data: AES-CBC, HMAC-SHA256 with the same key over ciphertext and IV
// record, IV record. Padding and IV record have the key's length as their unit, not the block's; the first 16 bytes of
// the IV record are the IV.
func (k *Key) encrypt(t sealedTags, plain []byte, rand io.Reader) ([]byte, error) {
	iv := make([]byte, len(k.k))
	if _, err := io.ReadFull(rand, iv); err != nil {
		return nil, fmt.Errorf("encrypt state: %w", err)
	}
	block, err := aes.NewCipher(k.k)
	if err != nil {
		return nil, fmt.Errorf("encrypt state: %w", err)
	}
	pad := len(k.k) - len(plain)%len(k.k)
	text := make([]byte, len(plain)+pad)
	copy(text, plain)
	for i := len(plain); i < len(text); i++ {
		text[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv[:aes.BlockSize]).CryptBlocks(text, text)

	out := make([]byte, 0, 3*recordHeader+len(text)+sha256.Size+len(iv))
	out = appendRecord(out, t.data, text)
	out = appendRecord(out, tagHMAC, k.mac(text, iv))
	return appendRecord(out, t.iv, iv), nil
}

func (k *Key) mac(parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k.k)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// decrypt is the reverse of encrypt. Without an IV record the IV is zero.
func (k *Key) decrypt(t sealedTags, r records) ([]byte, error) {
	text, ok := r[t.data]
	if !ok {
		return nil, damaged("the encrypted data is missing")
	}
	iv, hasIV := r[t.iv]
	if hasIV && len(iv) < aes.BlockSize {
		return nil, fmt.Errorf("%w: the IV is too short; restore the state from a backup", ErrDecrypt)
	}
	mac, ok := r[tagHMAC]
	if !ok || len(mac) != sha256.Size {
		return nil, damaged("the HMAC is missing")
	}
	if !hmac.Equal(mac, k.mac(text, iv)) {
		return nil, fmt.Errorf("%w: the HMAC does not match: this is not the key the state was written with, or the state was altered; give the right key, or restore it from a backup", ErrDecrypt)
	}
	if !hasIV {
		iv = make([]byte, aes.BlockSize)
	}
	return k.decryptCBC(text, iv[:aes.BlockSize])
}

func (k *Key) decryptCBC(text, iv []byte) ([]byte, error) {
	if len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: %d encrypted bytes are not whole blocks; restore the state from a backup", ErrDecrypt, len(text))
	}
	block, err := aes.NewCipher(k.k)
	if err != nil {
		return nil, fmt.Errorf("decrypt state: %w", err)
	}
	plain := make([]byte, len(text))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, text)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > len(k.k) || pad > len(plain) {
		return nil, fmt.Errorf("%w: bad padding: this is not the key the state was written with, or the state was altered; give the right key, or restore it from a backup", ErrDecrypt)
	}
	return plain[:len(plain)-pad], nil
}

// decryptV1 decrypts a body of version 1: zero IV, and SHA-256 of the data before the data.
func (k *Key) decryptV1(text []byte) ([]byte, error) {
	plain, err := k.decryptCBC(text, make([]byte, aes.BlockSize))
	if err != nil {
		return nil, err
	}
	if len(plain) < sha256.Size {
		return nil, fmt.Errorf("%w: too short for its digest: this is not the key the state was written with; give the right one, or restore it from a backup", ErrDecrypt)
	}
	data := plain[sha256.Size:]
	sum := sha256.Sum256(data)
	if subtle.ConstantTimeCompare(sum[:], plain[:sha256.Size]) != 1 {
		return nil, fmt.Errorf("%w: the digest does not match: this is not the key the state was written with, or the state was altered; give the right key, or restore it from a backup", ErrDecrypt)
	}
	return data, nil
}
