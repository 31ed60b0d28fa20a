package tpm2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"govtpm/tpm2/wire"
)

func TestSymmetricBlockSize(t *testing.T) {
	for alg, want := range map[wire.Alg]int{
		wire.AlgAES: 16, wire.AlgSM4: 16, wire.AlgCamellia: 16, wire.AlgTDES: 8, wire.AlgXOR: 0, wire.AlgNull: 0, wire.AlgSHA256: 0,
	} {
		if got := symmetricBlockSize(alg); got != want {
			t.Errorf("symmetricBlockSize(%v) = %d, want %d", alg, got, want)
		}
	}
}

func TestCryptCFB(t *testing.T) {
	b := newTestTPM(t)
	key, iv := make([]byte, 16), bytes.Repeat([]byte{7}, 16)
	for size := range 40 {
		plain := bytes.Repeat([]byte{0xA5}, size)
		data := bytes.Clone(plain)
		if err := b.cryptCFB(wire.AlgAES, key, iv, data, true); err != nil {
			t.Fatal(err)
		}
		block, _ := aes.NewCipher(key)
		want := bytes.Clone(plain)
		cipher.NewCFBEncrypter(block, iv).XORKeyStream(want, want) //nolint:staticcheck // the reference to compare with
		if !bytes.Equal(data, want) {
			t.Errorf("%d bytes: %x, want %x", size, data, want)
		}
		if err := b.cryptCFB(wire.AlgAES, key, iv, data, false); err != nil || !bytes.Equal(data, plain) {
			t.Errorf("%d bytes do not decrypt (%v)", size, err)
		}
	}
	if !bytes.Equal(iv, bytes.Repeat([]byte{7}, 16)) {
		t.Error("the IV changed")
	}
	if err := b.cryptCFB(wire.AlgAES, key[:15], iv, nil, true); err == nil {
		t.Error("a key of 15 bytes is accepted")
	}
}
