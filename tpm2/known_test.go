package tpm2

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// Every hash the engine can have, through the function all of it uses. FIPS 180-4 and FIPS 202 leave their values to NIST's Examples with
// Intermediate Values: SHA_All ("abc", and two blocks), SHA3-…_Msg0 and SHA3-…_1600.
func TestHashKnownAnswers(t *testing.T) {
	const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
	const two512 = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
	a3 := strings.Repeat("\xa3", 200) // longer than a block of each
	for _, v := range []struct {
		alg         wire.Alg
		source, msg string
		digest      string
	}{
		{wire.AlgSHA1, "SHA_All", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{wire.AlgSHA1, "SHA_All", two, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
		{wire.AlgSHA256, "SHA_All", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{wire.AlgSHA256, "SHA_All", two, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{wire.AlgSHA384, "SHA_All", "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
		{wire.AlgSHA384, "SHA_All", two512, "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"},
		{wire.AlgSHA512, "SHA_All", "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{wire.AlgSHA512, "SHA_All", two512, "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018" +
			"501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
		{wire.AlgSHA3_256, "SHA3-256_Msg0", "", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
		{wire.AlgSHA3_384, "SHA3-384_Msg0", "", "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004"},
		{wire.AlgSHA3_512, "SHA3-512_Msg0", "", "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6" +
			"15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26"},
		{wire.AlgSHA3_256, "SHA3-256_1600", a3, "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787"},
		{wire.AlgSHA3_384, "SHA3-384_1600", a3, "1881de2ca7e41ef95dc4732b8f5f002b189cc1e42b74168ed1732649ce1dbcdd76197a31fd55ee989f2d7050dd473e8f"},
		{wire.AlgSHA3_512, "SHA3-512_1600", a3, "e76dfad22084a8b1467fcf2ffa58361bec7628edf5f3fdc0e4805dc48caeeca8" +
			"1b7c13c30adf52a3659584739a2df46be589c51ca1a4a8416df6545a1ce8ba00"},
		{wire.AlgSM3_256, "GB/T 32905-2016, A.1", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{wire.AlgSM3_256, "GB/T 32905-2016, A.2", strings.Repeat("abcd", 16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
	} {
		if got := hex.EncodeToString(hashOf(v.alg, []byte(v.msg))); got != v.digest {
			t.Errorf("%v, %s: %s", v.alg, v.source, got)
		}
	}
}

// HMAC with a key as it comes and one longer than a block. For SHA-3 the examples of NIST, HMAC_SHA3-…, samples 1 and 3. For SM3 those of
// GM/T 0042-2015, D.3.
func TestHMACKnownAnswers(t *testing.T) {
	const larger = "Test Using Larger Than Block-Size Key - Hash Key First"
	counting := make([]byte, 168)
	for i := range counting {
		counting[i] = byte(i)
	}
	const sample, sample3 = "Sample message for keylen<blocklen", "Sample message for keylen>blocklen"
	const alphabet = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
	for _, v := range []struct {
		alg    wire.Alg
		source string
		key    []byte
		msg    string
		mac    string
	}{
		{wire.AlgSHA1, "RFC 2202, 3, test case 2", []byte("Jefe"), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{wire.AlgSHA1, "RFC 2202, 3, test case 6", bytes.Repeat([]byte{0xAA}, 80), larger, "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
		{wire.AlgSHA256, "RFC 4231, 4.3", []byte("Jefe"), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{wire.AlgSHA256, "RFC 4231, 4.7", bytes.Repeat([]byte{0xAA}, 131), larger, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{wire.AlgSHA384, "RFC 4231, 4.3", []byte("Jefe"), "what do ya want for nothing?",
			"af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
		{wire.AlgSHA512, "RFC 4231, 4.3", []byte("Jefe"), "what do ya want for nothing?", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
			"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		{wire.AlgSHA3_256, "HMAC_SHA3-256, sample 1", counting[:32], sample, "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205"},
		{wire.AlgSHA3_384, "HMAC_SHA3-384, sample 1", counting[:48], sample,
			"d588a3c51f3f2d906e8298c1199aa8ff6296218127f6b38a90b6afe2c5617725bc99987f79b22a557b6520db710b7f42"},
		{wire.AlgSHA3_512, "HMAC_SHA3-512, sample 1", counting[:64], sample, "4efd629d6c71bf86162658f29943b1c308ce27cdfa6db0d9c3ce81763f9cbce5" +
			"f7ebe9868031db1a8f8eb7b6b95e5c5e3f657a8996c86a2f6527e307f0213196"},
		{wire.AlgSHA3_256, "HMAC_SHA3-256, sample 3", counting, sample3, "9bcf2c238e235c3ce88404e813bd2f3a97185ac6f238c63d6229a00b07974258"},
		{wire.AlgSHA3_384, "HMAC_SHA3-384, sample 3", counting[:152], sample3,
			"e5ae4c739f455279368ebf36d4f5354c95aa184c899d3870e460ebc288ef1f9470053f73f7c6da2a71bcaec38ce7d6ac"},
		{wire.AlgSHA3_512, "HMAC_SHA3-512, sample 3", counting[:136], sample3, "5f464f5e5b7848e3885e49b2c385f0694985d0e38966242dc4a5fe3fea4b37d4" +
			"6b65ceced5dcf59438dd840bab22269f0ba7febdb9fcf74602a35666b2a32915"},
		{wire.AlgSM3_256, "GM/T 0042-2015, D.3", counting[1:33], alphabet + alphabet, "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"},
		{wire.AlgSM3_256, "GM/T 0042-2015, D.3", counting[1:38], strings.Repeat("\xcd", 50), "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae"},
		{wire.AlgSM3_256, "GM/T 0042-2015, D.3", bytes.Repeat([]byte{0x0b}, 32), "Hi There", "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e"},
		{wire.AlgSM3_256, "GM/T 0042-2015, D.3", []byte("Jefe Jeferson Jr"), "what do ya want for nothing?",
			"ce791a34c59adef472997a249600f3f244d59e875be04055ba2ae12fc845e78c"},
	} {
		if got := hex.EncodeToString(hmacOf(v.alg, v.key, []byte(v.msg))); got != v.mac {
			t.Errorf("%v, %s: %s", v.alg, v.source, got)
		}
	}
}

// No standard has values for XOR obfuscation: the mask from its equation (Part 1, 8.4.7.3), block by block, and as the KBKDF of OpenSSL gives it
// (counter mode, HMAC, SHA-256, key "key", salt "XOR", info "newerolder").
func TestXORObfuscation(t *testing.T) {
	data := []byte("more than one block of SHA-256, and not whole")
	got := bytes.Clone(data)
	xorObfuscate(sha256.New, []byte("key"), []byte("newer"), []byte("older"), got)
	const sealed = "68592b3d52d870817a0cb29b57d29b071f042b6cd07588d9103e20301aa1c987cd1016ca5ff55ee0ff4043c8db"
	if hex.EncodeToString(got) != sealed {
		t.Errorf("%x, want %s", got, sealed)
	}
	var mask []byte
	for i := byte(1); i <= 2; i++ {
		m := hmac.New(sha256.New, []byte("key"))
		m.Write([]byte{0, 0, 0, i})
		m.Write([]byte("XOR\x00newerolder"))
		m.Write([]byte{0, 0, byte(8 * len(data) >> 8), byte(8 * len(data) & 0xFF)})
		mask = m.Sum(mask)
	}
	for i := range data {
		if got[i] != data[i]^mask[i] {
			t.Fatalf("octet %d: %x", i, got)
		}
	}
}
