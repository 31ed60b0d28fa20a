package symmetric

import (
	"encoding/hex"
	"testing"
)

const (
	// The blocks of SP 800-38A that the examples of NIST for TDES use, and their keys.
	pt67A   = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	iv67A   = "f69f2445df4f9b17"
	tdesKey = "0123456789abcdef23456789abcdef01456789abcdef0123"
	tdesTwo = "0123456789abcdef23456789abcdef01"

	key192 = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
	key256 = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"

	ribosePT  = "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb"
	riboseKey = "0123456789abcdeffedcba9876543210"
)

// The modes with the other ciphers and key sizes. No standard has values for Camellia in CBC, CFB and OFB: these are OpenSSL's own, of
// test/recipes/30-test_evp_data/evpciph_camellia.txt, where those of OFB are of one block each.
func TestCiphersKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		source          string
		alg             Algorithm
		m               Mode
		key, iv, pt, ct string
	}{
		{"SP 800-38A, F.1.3", AES, ECB, key192, "", pt38A,
			"bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eefef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
		{"SP 800-38A, F.1.5", AES, ECB, key256, "", pt38A,
			"f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
		{"SP 800-38A, F.2.3", AES, CBC, key192, iv38A, pt38A,
			"4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
		{"SP 800-38A, F.2.5", AES, CBC, key256, iv38A, pt38A,
			"f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
		{"SP 800-38A, F.4.3", AES, OFB, key192, iv38A, pt38A,
			"cdc80d6fddf18cab34c25909c99a4174fcc28b8d4c63837c09e81700c11004018d9a9aeac0f6596f559c6d4daf59a5f26d9f200857ca6c3e9cac524bd9acc92a"},
		{"SP 800-38A, F.4.5", AES, OFB, key256, iv38A, pt38A,
			"dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d71ab47a086e86eedf39d1c5bba97c4080126141d67f37be8538f5a8be740e484"},
		{"SP 800-38A, F.5.3", AES, CTR, key192, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", pt38A,
			"1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
		{"SP 800-38A, F.5.5", AES, CTR, key256, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", pt38A,
			"601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
		{"SP 800-38A, F.3.15", AES, CFB, key192, iv38A, pt38A,
			"cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"},
		{"SP 800-38A, F.3.17", AES, CFB, key256, iv38A, pt38A,
			"dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407bdf10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"},

		{"SP 800-67, Appendix B", TDES, ECB, tdesKey, "", "5468652071756663" + "6b2062726f776e20" + "666f78206a756d70",
			"a826fd8ce53b855f" + "cce21c8112256fe6" + "68d5c05dd9b6b900"},
		// NIST, Examples with Intermediate Values, TDES_ECB to TDES_CTR.
		{"TDES_ECB", TDES, ECB, tdesKey, "", pt67A, "714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de87"},
		{"TDES_CBC", TDES, CBC, tdesKey, iv67A, pt67A, "2079c3d53aa763e193b79e2569ab5262516570481f25b50f73c0bda85c8e0da7"},
		{"TDES_CFB, segments of 64", TDES, CFB, tdesKey, iv67A, pt67A, "078bb74e59ce7ed67666de9cf95eaf3fe9ed6bb460f451528a5f9fe4ed710918"},
		{"TDES_OFB", TDES, OFB, tdesKey, iv67A, pt67A, "078bb74e59ce7ed6267e120692667da1a58662d7e04cbc642144d55c03db5aee"},
		{"TDES_CTR", TDES, CTR, tdesKey, iv67A, pt67A, "078bb74e59ce7ed619aa11d25004fb65a03cedf1ba0b09baa3bc81b8f69c1da9"},
		{"TDES_CFB, two keys", TDES, CFB, tdesTwo, iv67A, pt67A, "6195b9c2c39909c52ef313667b5a66af688672a3993aeae55b931ae24ee24c5c"},
		{"TDES_OFB, two keys", TDES, OFB, tdesTwo, iv67A, pt67A, "6195b9c2c39909c53334ba77ffdccc80e485e85f0a63e7646d8d732e33241f94"},

		{"RFC 3713, A", Camellia, ECB, "0123456789abcdeffedcba9876543210", "", "0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43"},
		{"OpenSSL, Camellia-128-CBC", Camellia, CBC, key128, iv38A, pt38A[:96],
			"1607cf494b36bbf00daeb0b503c831aba2f2cf671629ef7840c5a5dfb50748870f06165008cf8b8b5a63586362543e54"},
		{"OpenSSL, Camellia-192-CBC", Camellia, CBC, key192, iv38A, pt38A,
			"2a4830ab5ac4a1a2405955fd2195cf935d5a869bd14ce54264f892a6dd2ec3d537d359c3349836d884e310addf68c44901faaa930b4ab9916e9668e1428c6b08"},
		{"OpenSSL, Camellia-256-CBC", Camellia, CBC, key256, iv38A, pt38A,
			"e6cfa35fc02b134a4d2c0b6737ac3eda36cbeb73bd504b4070b1b7de2b21eb50e31a6055297d96ca3330cdf1b1860a835d563f6d1cccf236051c0c5c1c58f28f"},
		{"OpenSSL, Camellia-128-CFB", Camellia, CFB, key128, iv38A, pt38A,
			"14f7646187817eb586599146b82bd719a53d28bb82df741103ea4f921a44880b9c2157a664626d1def9ea420fde69b96742a25f0542340c7baef24ca8482bb09"},
		{"OpenSSL, Camellia-192-CFB", Camellia, CFB, key192, iv38A, pt38A,
			"c832bb9780677daa82d9b6860dcd565e86f8491627906d780c7a6d46ea331f9869511cce594cf710cb98bb63d7221f01d5b5378a3abed55803f25565d8907b84"},
		{"OpenSSL, Camellia-256-CFB", Camellia, CFB, key256, iv38A, pt38A,
			"cf6107bb0cea7d7fb1bd31f5e7b06c9389bedb4ccdd864ea11ba4cbe849b5e2b555fc3f34bdd2d54c62d9e3bf338c1c45953adce14db8c7f39f1bd39f359bffa"},
		{"OpenSSL, Camellia-128-OFB", Camellia, OFB, key128, iv38A, pt38A[:32], "14f7646187817eb586599146b82bd719"},
		{"OpenSSL, Camellia-128-OFB", Camellia, OFB, key128, "50fe67cc996d32b6da0937e99bafec60", pt38A[32:64], "25623db569ca51e01482649977e28d84"},
		{"OpenSSL, Camellia-128-OFB", Camellia, OFB, key128, "d9a4dada0892239f6b8b3d7680e15674", pt38A[64:96], "c776634a60729dc657d12b9fca801e98"},
		{"OpenSSL, Camellia-128-OFB", Camellia, OFB, key128, "a78819583f0308e7a6bf36b1386abf23", pt38A[96:128], "d776379be0e50825e681da1a4c980e8e"},
		{"RFC 5528, 4.1, test vector 1", Camellia, CTR, "ae6852f8121067cc4bf7a5765577f39e", "00000030000000000000000000000001",
			"53696e676c6520626c6f636b206d7367", "d09dc29a8214619a20877c76db1f0b3f"},
		{"RFC 5528, 4.1, test vector 2", Camellia, CTR, "7e24067817fae0d743d6ce1f32539163", "006cb6dbc0543b59da48d90b00000001",
			"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
			"dbf3c78dc08396d4da7c907765bbcb442b8e8e0f31f0dca72c7417e35360e048"},

		{"GB/T 32907-2016, A.1", SM4, ECB, riboseKey, "", "0123456789abcdeffedcba9876543210", "681edf34d206965e86b3e94f536e4246"},
		{"draft-ribose-cfrg-sm4-10, A.2.1.1", SM4, ECB, riboseKey, "", ribosePT, "5ec8143de509cff7b5179f8f474b86192f1d305a7fb17df985f81c8482192304"},
		{"draft-ribose-cfrg-sm4-10, A.2.2.1", SM4, CBC, riboseKey, iv38A, ribosePT, "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"},
		{"draft-ribose-cfrg-sm4-10, A.2.3.1", SM4, OFB, riboseKey, iv38A, ribosePT, "ac3236cb861dd316e6413b4e3c7524b71d01aca2487ca582cbf5463e6698539b"},
		{"draft-ribose-cfrg-sm4-10, A.2.4.1", SM4, CFB, riboseKey, iv38A, ribosePT, "ac3236cb861dd316e6413b4e3c7524b769d4c54ed433b9a0346009beb37b2b3f"},
		{"draft-ribose-cfrg-sm4-10, A.2.5.1", SM4, CTR, riboseKey, iv38A,
			"aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb",
			"ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514"},
	} {
		b, err := NewCipher(v.alg, unhex(t, v.key))
		if err != nil {
			t.Errorf("%s: %v", v.source, err)
			continue
		}
		out := unhex(t, v.pt)
		if err := Encrypt(b, v.m, unhex(t, v.iv), out, out); err != nil || hex.EncodeToString(out) != v.ct {
			t.Errorf("%s: %v %x", v.source, err, out)
		}
		if err := Decrypt(b, v.m, unhex(t, v.iv), out, out); err != nil || hex.EncodeToString(out) != v.pt {
			t.Errorf("%s backwards: %v %x", v.source, err, out)
		}
	}
}
