package tpm2

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"govtpm/tpm2/wire"
)

const encryptAndDecrypt = wire.ObjectSign | wire.ObjectDecrypt

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// encryptDecryptCommand is TPM2_EncryptDecrypt.
func encryptDecryptCommand(h wire.Handle, decrypt uint8, mode wire.Alg, iv, data []byte) *testCommand {
	return newCommand(wire.CCEncryptDecrypt, h).password(keyAuth).u8(decrypt).put(mode).b2(iv).b2(data)
}

// encryptDecrypt2Command is TPM2_EncryptDecrypt2.
func encryptDecrypt2Command(h wire.Handle, decrypt uint8, mode wire.Alg, iv, data []byte) *testCommand {
	return newCommand(wire.CCEncryptDecrypt2, h).password(keyAuth).b2(data).u8(decrypt).put(mode).b2(iv)
}

// The vectors are those of SP 800-38A, F.1 to F.5, with AES-128: the first two blocks of each, in two commands that hand on the
// chaining value.
func TestEncryptDecrypt(t *testing.T) {
	key := unhex("2b7e151628aed2a6abf7158809cf4f3c")
	plain := unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
	iv := unhex("000102030405060708090a0b0c0d0e0f")
	for _, v := range []struct {
		mode   wire.Alg
		iv     []byte
		cipher string
	}{
		{wire.AlgECB, nil, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"},
		{wire.AlgCBC, iv, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
		{wire.AlgCFB, iv, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"},
		{wire.AlgOFB, iv, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"},
		{wire.AlgCTR, unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"},
	} {
		for _, command := range []func(wire.Handle, uint8, wire.Alg, []byte, []byte) *testCommand{encryptDecryptCommand, encryptDecrypt2Command} {
			for _, keyMode := range []wire.Alg{v.mode, wire.AlgNull} {
				b := newTestTPM(t)
				h := b.addKey(cipherKey(wire.AlgAES, keyMode, encryptAndDecrypt, key))
				for decrypt, io := range [][2][]byte{{plain, unhex(v.cipher)}, {unhex(v.cipher), plain}} {
					iv := v.iv
					for i := 0; i < 32; i += 16 {
						r := b.must(command(h, uint8(decrypt), v.mode, iv, io[0][i:i+16]))
						out := r.b2()
						if !bytes.Equal(out, io[1][i:i+16]) {
							t.Errorf("%v, decrypt %d, block %d: %x, want %x", v.mode, decrypt, i/16, out, io[1][i:i+16])
						}
						iv = r.b2()
					}
				}
			}
		}
	}
}

func TestEncryptDecryptCiphers(t *testing.T) {
	for _, alg := range []struct {
		alg  wire.Alg
		size int
	}{{wire.AlgAES, 16}, {wire.AlgAES, 24}, {wire.AlgAES, 32}, {wire.AlgCamellia, 16}, {wire.AlgSM4, 16}, {wire.AlgTDES, 24}, {wire.AlgTDES, 16}} {
		b := newTestTPM(t)
		key := unhex("0123456789abcdeffedcba98765432101122334455667788ffeeddccbbaa9988")[:alg.size]
		h := b.addKey(cipherKey(alg.alg, wire.AlgCFB, encryptAndDecrypt, key))
		iv := make([]byte, symmetricBlockSize(alg.alg))
		data := make([]byte, 1024)
		r := b.must(encryptDecrypt2Command(h, 0, wire.AlgNull, iv, data))
		secret := r.b2()
		if got := b.must(encryptDecrypt2Command(h, 1, wire.AlgNull, iv, secret)).b2(); bytes.Equal(secret, data) || !bytes.Equal(got, data) {
			t.Errorf("%v with %d bytes of key does not come back", alg.alg, alg.size)
		}
	}
}

func TestEncryptDecryptFaults(t *testing.T) {
	key, iv, block := make([]byte, 16), make([]byte, 16), make([]byte, 16)
	type faults struct {
		name                  string
		key                   *object
		decrypt               uint8
		mode                  wire.Alg
		iv, data              []byte
		want, wantOfTheSecond wire.RC
	}
	aesKey := func(mode wire.Alg, a wire.TPMAObject) *object { return cipherKey(wire.AlgAES, mode, a, key) }
	for _, c := range []faults{
		{"not a cipher key", hmacKey(wire.AlgSHA256, encryptAndDecrypt, key), 0, wire.AlgCFB, iv, block, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"restricted", aesKey(wire.AlgCFB, encryptAndDecrypt|wire.ObjectRestricted), 0, wire.AlgCFB, iv, block, wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"no sign", aesKey(wire.AlgCFB, wire.ObjectDecrypt), 0, wire.AlgCFB, iv, block, wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"no decrypt", aesKey(wire.AlgCFB, wire.ObjectSign), 1, wire.AlgCFB, iv, block, wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"CMAC key", aesKey(wire.AlgCMAC, encryptAndDecrypt), 0, wire.AlgCFB, iv, block, wire.RCMode.Handle(1), wire.RCMode.Handle(1)},
		{"other mode", aesKey(wire.AlgCFB, encryptAndDecrypt), 0, wire.AlgCBC, iv, block, wire.RCMode.Parameter(2), wire.RCMode.Parameter(3)},
		{"no mode", aesKey(wire.AlgNull, encryptAndDecrypt), 0, wire.AlgNull, iv, block, wire.RCMode.Parameter(2), wire.RCMode.Parameter(3)},
		{"not a mode", aesKey(wire.AlgNull, encryptAndDecrypt), 0, wire.AlgCMAC, iv, block, wire.RCMode.Parameter(2), wire.RCMode.Parameter(3)},
		{"short IV", aesKey(wire.AlgCFB, encryptAndDecrypt), 0, wire.AlgCFB, iv[:15], block, wire.RCSize.Parameter(3), wire.RCSize.Parameter(4)},
		{"IV for ECB", aesKey(wire.AlgECB, encryptAndDecrypt), 0, wire.AlgECB, iv, block, wire.RCSize.Parameter(3), wire.RCSize.Parameter(4)},
		{"long IV", aesKey(wire.AlgCFB, encryptAndDecrypt), 0, wire.AlgCFB, make([]byte, 17), block, wire.RCSize.Parameter(3), wire.RCSize.Parameter(4)},
		{"no block, CBC", aesKey(wire.AlgCBC, encryptAndDecrypt), 0, wire.AlgCBC, iv, block[:15], wire.RCSize.Parameter(4), wire.RCSize.Parameter(1)},
		{"no block, ECB", aesKey(wire.AlgECB, encryptAndDecrypt), 1, wire.AlgECB, nil, block[:1], wire.RCSize.Parameter(4), wire.RCSize.Parameter(1)},
		{"too much data", aesKey(wire.AlgCFB, encryptAndDecrypt), 0, wire.AlgCFB, iv, make([]byte, 1025), wire.RCSize.Parameter(4), wire.RCSize.Parameter(1)},
		// Two faults: the first one is told.
		{"type and attributes", hmacKey(wire.AlgSHA256, wire.ObjectRestricted, key), 0, wire.AlgCFB, iv, block, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"attributes and CMAC", aesKey(wire.AlgCMAC, wire.ObjectDecrypt), 0, wire.AlgCFB, iv, block, wire.RCAttributes.Handle(1), wire.RCAttributes.Handle(1)},
		{"CMAC and mode", aesKey(wire.AlgCMAC, encryptAndDecrypt), 0, wire.AlgNull, iv[:1], block, wire.RCMode.Handle(1), wire.RCMode.Handle(1)},
		{"mode and IV", aesKey(wire.AlgCFB, encryptAndDecrypt), 0, wire.AlgCBC, iv[:1], block, wire.RCMode.Parameter(2), wire.RCMode.Parameter(3)},
		{"IV and data", aesKey(wire.AlgCBC, encryptAndDecrypt), 0, wire.AlgCBC, iv[:1], block[:1], wire.RCSize.Parameter(3), wire.RCSize.Parameter(4)},
		{"no data", aesKey(wire.AlgCBC, encryptAndDecrypt), 0, wire.AlgCBC, iv, nil, wire.RCSuccess, wire.RCSuccess},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.want, b.run(encryptDecryptCommand(h, c.decrypt, c.mode, c.iv, c.data)))
			b.want(c.wantOfTheSecond, b.run(encryptDecrypt2Command(h, c.decrypt, c.mode, c.iv, c.data)))
		})
	}
}

func TestEncryptDecryptPartialBlock(t *testing.T) {
	b := newTestTPM(t)
	key := make([]byte, 16)
	h := b.addKey(cipherKey(wire.AlgAES, wire.AlgCTR, encryptAndDecrypt, key))
	data := bytes.Repeat([]byte{0x5A}, 21)
	block, _ := aes.NewCipher(key)
	want := make([]byte, len(data))
	cipher.NewCTR(block, make([]byte, 16)).XORKeyStream(want, data)
	if got := b.must(encryptDecryptCommand(h, 0, wire.AlgNull, make([]byte, 16), data)).b2(); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestHash(t *testing.T) {
	b := newTestTPM(t)
	command := func(data []byte, alg wire.Alg, h wire.Handle) *testCommand {
		return newCommand(wire.CCHash).b2(data).put(alg).u32(uint32(h))
	}
	for _, c := range []struct {
		data      string
		hierarchy wire.Handle
		ticket    bool
	}{
		{"", wire.RHOwner, true},
		{"abc", wire.RHOwner, true},
		{"\xffTC", wire.RHPlatform, true},
		{"\xffTCG", wire.RHOwner, false},
		{"\xffTCG and more", wire.RHEndorsement, false},
		{"abcd", wire.RHEndorsement, true},
		{"abcd", wire.RHNull, false},
	} {
		r := b.must(command([]byte(c.data), wire.AlgSHA256, c.hierarchy))
		want := sha256.Sum256([]byte(c.data))
		if got := r.b2(); !bytes.Equal(got, want[:]) {
			t.Errorf("%q: digest %x", c.data, got)
		}
		var ticket wire.TPMTTKHashCheck
		ticket.Unmarshal(r.params())
		wantTicket := b.hashCheckTicket(c.hierarchy, wire.AlgSHA256, want[:], c.ticket)
		if ticket.Hierarchy != wantTicket.Hierarchy || !bytes.Equal(ticket.Digest, wantTicket.Digest) || (len(ticket.Digest) != 0) != c.ticket {
			t.Errorf("%q in %v: ticket %+v", c.data, c.hierarchy, ticket)
		}
	}
	for alg, want := range map[wire.Alg]string{
		wire.AlgSHA1:   "a9993e364706816aba3e25717850c26c9cd0d89d",
		wire.AlgSHA384: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
		wire.AlgSHA512: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	} {
		if got := b.must(command([]byte("abc"), alg, wire.RHNull)).b2(); hex.EncodeToString(got) != want {
			t.Errorf("%v: %x", alg, got)
		}
	}
	b.must(command(make([]byte, 1024), wire.AlgSHA1, wire.RHOwner))
	b.want(wire.RCSize.Parameter(1), b.run(command(make([]byte, 1025), wire.AlgSHA1, wire.RHOwner)))
	b.want(wire.RCHash.Parameter(2), b.run(command(nil, wire.AlgNull, wire.RHOwner)))
	b.want(wire.RCHash.Parameter(2), b.run(command(nil, wire.AlgSM3_256, wire.RHOwner)))
	b.want(wire.RCHash.Parameter(2), b.run(command(nil, wire.AlgAES, 0)))
	b.want(wire.RCValue.Parameter(3), b.run(command(nil, wire.AlgSHA1, wire.RHLockout)))
}

func TestMAC(t *testing.T) {
	secret := []byte("Jefe")
	command := func(h wire.Handle, data []byte, alg wire.Alg) *testCommand {
		return newCommand(wire.CCMAC, h).password(keyAuth).b2(data).put(alg)
	}
	reference := func(key, data []byte) string {
		m := hmac.New(sha1.New, key)
		m.Write(data)
		return hex.EncodeToString(m.Sum(nil))
	}
	data := []byte("what do ya want for nothing?")
	long := bytes.Repeat([]byte{0xAA}, 100) // longer than a block of SHA-1
	sign := wire.ObjectSign
	for _, c := range []struct {
		name string
		key  *object
		alg  wire.Alg
		want wire.RC
		mac  string
	}{
		{"RFC 4231, 4.3", hmacKey(wire.AlgSHA256, sign, secret), wire.AlgNull, 0, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"scheme of the key, asked for", hmacKey(wire.AlgSHA1, sign, secret), wire.AlgSHA1, 0, reference(secret, data)},
		{"key without scheme", hmacKey(wire.AlgNull, sign, secret), wire.AlgSHA1, 0, reference(secret, data)},
		{"long key", hmacKey(wire.AlgSHA1, sign, long), wire.AlgNull, 0, reference(long, data)},
		{"empty key", hmacKey(wire.AlgSHA1, sign, nil), wire.AlgNull, 0, reference(nil, data)},
		{"CMAC", cipherKey(wire.AlgAES, wire.AlgCMAC, sign, unhex("2b7e151628aed2a6abf7158809cf4f3c")), wire.AlgNull, 0, ""},
		{"CMAC, asked for", cipherKey(wire.AlgAES, wire.AlgCMAC, sign, make([]byte, 16)), wire.AlgCMAC, 0, ""},
		{"CMAC with a key without mode", cipherKey(wire.AlgAES, wire.AlgNull, sign, make([]byte, 16)), wire.AlgCMAC, 0, ""},

		{"other key type", &object{public: wire.TPMTPublic{Type: wire.AlgRSA, Attributes: sign}}, wire.AlgSHA256, wire.RCType.Handle(1), ""},
		{"other hash", hmacKey(wire.AlgSHA256, sign, secret), wire.AlgSHA1, wire.RCValue.Parameter(2), ""},
		{"no hash", hmacKey(wire.AlgNull, sign, secret), wire.AlgNull, wire.RCValue.Parameter(2), ""},
		{"CMAC with an HMAC key", hmacKey(wire.AlgNull, sign, secret), wire.AlgCMAC, wire.RCScheme.Parameter(2), ""},
		{"hash with a cipher key", cipherKey(wire.AlgAES, wire.AlgNull, sign, make([]byte, 16)), wire.AlgSHA256, wire.RCScheme.Parameter(2), ""},
		{"cipher key with a mode", cipherKey(wire.AlgAES, wire.AlgCFB, sign, make([]byte, 16)), wire.AlgNull, wire.RCScheme.Parameter(2), ""},
		{"cipher key with a mode, CMAC", cipherKey(wire.AlgAES, wire.AlgCFB, sign, make([]byte, 16)), wire.AlgCMAC, wire.RCValue.Parameter(2), ""},
		{"cipher key without mode", cipherKey(wire.AlgAES, wire.AlgNull, sign, make([]byte, 16)), wire.AlgNull, wire.RCValue.Parameter(2), ""},
		{"restricted", hmacKey(wire.AlgSHA256, sign|wire.ObjectRestricted, secret), wire.AlgNull, wire.RCAttributes.Handle(1), ""},
		{"no sign", hmacKey(wire.AlgSHA256, wire.ObjectDecrypt, secret), wire.AlgNull, wire.RCKey.Handle(1), ""},
		// Two faults: the first one is told.
		{"hash and restricted", hmacKey(wire.AlgSHA256, sign|wire.ObjectRestricted, secret), wire.AlgSHA1, wire.RCValue.Parameter(2), ""},
		{"restricted and no sign", hmacKey(wire.AlgSHA256, wire.ObjectRestricted, secret), wire.AlgNull, wire.RCAttributes.Handle(1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			r := b.run(command(h, data, c.alg))
			b.want(c.want, r)
			// The sequence has the same checks and the same result.
			start := b.run(newCommand(wire.CCMACStart, h).password(keyAuth).b2(nil).put(c.alg))
			b.want(c.want, start)
			if c.want != wire.RCSuccess || t.Failed() {
				return
			}
			mac := r.b2()
			if c.mac != "" && hex.EncodeToString(mac) != c.mac {
				t.Errorf("%x, want %s", mac, c.mac)
			}
			s := start.handle()
			b.must(newCommand(wire.CCSequenceUpdate, s).password("").b2(data[:5]))
			done := b.must(newCommand(wire.CCSequenceComplete, s).password("").b2(data[5:]).u32(uint32(wire.RHOwner)))
			if got := done.b2(); !bytes.Equal(got, mac) {
				t.Errorf("sequence: %x, want %x", got, mac)
			}
			var ticket wire.TPMTTKHashCheck
			ticket.Unmarshal(done.params())
			if ticket.Hierarchy != wire.RHNull || len(ticket.Digest) != 0 {
				t.Errorf("ticket of a MAC: %+v", ticket)
			}
		})
	}
}

// The CMAC is that of SP 800-38B, D.1, example 2.
func TestMACWithCMAC(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(cipherKey(wire.AlgAES, wire.AlgCMAC, wire.ObjectSign, unhex("2b7e151628aed2a6abf7158809cf4f3c")))
	r := b.must(newCommand(wire.CCMAC, h).password(keyAuth).b2(unhex("6bc1bee22e409f96e93d7e117393172a")).put(wire.AlgNull))
	if got := hex.EncodeToString(r.b2()); got != "070a16b46b4d4144f79bdd9dd04a287c" {
		t.Error(got)
	}
}
