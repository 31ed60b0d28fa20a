package tpm2

import "govtpm/tpm2/wire"

// Known answers of the self-test. Those for RSA are of a key made for the purpose, computed with another implementation; it protects
// nothing.
const (
	// RSA-2048, exponent 65537.
	answerModulus = "a66688580d71e42d9c8637d76ffa1de9421e58908b80847fb3dd4be093a896a14f91dc1baa765c94bcf23356b708b0f3af03201321c588e2" +
		"57f71c16cded4de17b6da4e430e84a62b8f8a419c309e3ced88a069d23dce7e4d6dc83dcf1278f0ad1a15b2e228fbcf8e5b2c13f04eaa158" +
		"41f4ce1bb2dd44ea30dd9ed6ab1aa611f3a28423948418aefb9586546f4dbcd01ec39362b9fd3c99f3bb5dfc3dfabcbaa4b3160f107fd30c" +
		"e3bd26aac0cbfa9fafe034a7eea7558825e0dd42c747d786b42a4a1bd4481b331fd5d650373222d0de71c65686c6c503df0137ebf485fdf5" +
		"307725bf3edafcb085e267384aaf22f65798d84d438f63bbf537c82896a59881"
	// One prime of it.
	answerPrime = "d839505b4dfe6ef5e0652149e508618e8c7c721434cdbe9f77a4d55a093cc7436be643f694374d028b2ef822b662e81c1a309337e3fe1d76" +
		"4cfea88fb33c13681c221410484a0adbb75020695ab4a002da755f358d1969414bd22a4cb3acdb4386a4af7dccef8b5859e14e807d31fb8b" +
		"d749a2e353eb75af14300379cb9dda01"
	// SHA-256 of "Govtpm self-test": the digest that is signed and the message that is encrypted.
	answerDigest = "8d39f95d08b80bc9d00fdc08d5f612331f94bdb571bd39ab3c1ca522f6b575df"
	// RSASSA with SHA-256.
	answerRSASSA = "0cdf172d9c8c197052e0858c4a1934c5bd40800a035ba4ae3e35abf5403a41b4b2ff12aa4ec0b1c614dd1c5db3dbb18e90e316dbcd45fd9c" +
		"1b0fa8c5e8c56490f4a85df4d5fbda66c3aa16b22913ae3a4d7eea867018907b6a00ee3290e5bda44cbea06089886008377eec20fc9fae23" +
		"a0c8576334e9822478764e9e28929d37d25e6a0540b0d38e09270799078b9341db5b3de07450b8781a428708ca0a4e3037112970270c0bed" +
		"3ec844cddba0d9c8d9d1c4636b0ac189a9a92ee88b7d7b66e692a9fffcbe882d40997dbd97212c3b2fd3b424f1e606446187524af0457f8b" +
		"05cd577f521d1e1cba8346c3da60e4952184c13d82d0fcd31ef9f912af16fd15"
	// RSAPSS with SHA-256 and 32 octets of salt.
	answerRSAPSS = "8f07b4530c07618ac13867e02843ffd78958836e7636fb50200736733036ca10c0ed54876381e1c4499581578dfb25e6c680f93f5cd62f24" +
		"87a829e22d382177d25ad8268193f4bfd2d1da6fa3dba21e2a4016f9e430a63a9bac3f435e6f17e3157c515b44fe7610154c63a7de900bcf" +
		"bfcb39dc78d402ec263d0d5a6cc1a877e1ebda60c63aec898a8566e7a33978a67a8d4e9976d09f794d7d836e644202d43f1ce5ddca1d35c6" +
		"c55476ab5a6c1c6a5aac95c5ab808025f756d42ed359406eebb0e6919cd53f196cfeafacac50651dcba321b873636c2d90b70765d811668d" +
		"c2b4d15f07922d6be4586bda3e45e059a83ccfea189a499c6b2d27b2e5dcdb80"
	// RSAES.
	answerRSAES = "1f62860a97d7ba2875909fbd9cc296b0382671b5ef35710f59188cf65156857551a76bd23f0f9f0edf64f50d838f7dbda6a5faee6b7d1fda" +
		"1819135cafe29cac76027e0506b15a9ce1d8e19ed060d5fef09c33442d32ae047f552bca5bc763a8a2c3b3bfe88e02122ccd77db1fc90f02" +
		"906bf9d86c59dd677193d401b0e5af80262985a8bbdb1c1597ef598034778930afee591725b4ed5bf4e4c3495e955d95001593c2fff5772a" +
		"76ccf9a2f4b17cdb86f228710940123a8abd4cec28f014300054b1384094708d2d10660df0d60578f2ab0a52c08cdee976056b71a3ce859c" +
		"4f29fa51401b23552ab5efcc406cf6cbbc197a195be6f35c27ef56b51ea3f9e1"
	// OAEP with SHA-256 and the label "TEST" with its zero octet.
	answerOAEP = "4404d71eecce6e156c6316b4a4835eb2cd027d1d09d1ee5afdd9d3177b786d1c50a21ec247ced37af7f45860fa0dca8dca6558834f3402f5" +
		"60a4254ae5e2def7e92bc26b0559350bf2b6853306da324fe1713d07249c48c8fae016087a19c92cdb54d6f222aeb850bd53c0d4fc331aee" +
		"658a5e9d3d17bcac3ec088cfc5dedefee383b709cfea501b5280544752bf6c6da9b0793e5c27c197a955d1f60b67bc222da9d355e0f77419" +
		"f7c5792dfa1e5ae05baff547efda9ea36b370266049ec607dcee163744baa2644bc015e9c882d596fa5ad6b2c186533d7f68e2984e9ab663" +
		"b357d04918f3c1e07367a78bd28e9a2fe00d3283047ca03607394f66a2af6063"
)

// hashAnswers are HMACs of "Hi There" with twenty octets 0b (RFC 2202, 3; RFC 4231, 4.2).
var hashAnswers = [...]struct {
	alg  wire.Alg
	hmac string
}{
	{wire.AlgSHA1, "b617318655057264e28bc0b6fb378c8ef146be00"},
	{wire.AlgSHA256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{wire.AlgSHA384, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
	{wire.AlgSHA512, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
}

// cipherText is what cipherAnswers encrypt (SP 800-38A, Appendix F).
const cipherText = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"

// cipherAnswers are two blocks of AES (SP 800-38A, Appendix F) and Camellia, four of TDES.
var cipherAnswers = [...]struct {
	alg, mode   wire.Alg
	key, iv, to string
}{
	{wire.AlgTDES, wire.AlgECB, "0123456789abcdef23456789abcdef01456789abcdef0123", "",
		"714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de87"},
	{wire.AlgTDES, wire.AlgCBC, "0123456789abcdef23456789abcdef01456789abcdef0123", "0001020304050607",
		"df4fb48a5c3414fa340a1553efae84317b4c6aab8845fb9247ee5e08514dd2bc"},
	{wire.AlgTDES, wire.AlgOFB, "0123456789abcdef23456789abcdef01456789abcdef0123", "0001020304050607",
		"5bf32cb19369fad64f7a4ccfd5aaca773eae39ebeb0699f9cac0edd694a0bf15"},
	{wire.AlgTDES, wire.AlgCFB, "0123456789abcdef23456789abcdef01456789abcdef0123", "0001020304050607",
		"5bf32cb19369fad61bdcf7fae406c8882603f96caf26ba99aca1b4cca093bb07"},
	{wire.AlgAES, wire.AlgECB, "2b7e151628aed2a6abf7158809cf4f3c", "",
		"3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"},
	{wire.AlgAES, wire.AlgCBC, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
		"7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
	{wire.AlgAES, wire.AlgOFB, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
		"3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"},
	{wire.AlgAES, wire.AlgCFB, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
		"3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"},
	{wire.AlgAES, wire.AlgCTR, "2b7e151628aed2a6abf7158809cf4f3c", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		"874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"},
	{wire.AlgAES, wire.AlgECB, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "",
		"f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"},
	{wire.AlgCamellia, wire.AlgECB, "0123456789abcdeffedcba9876543210", "",
		"8933635eae66d08781d649d23d089162c864e83d681758a3dd32f5167cb4f644"},
	{wire.AlgCamellia, wire.AlgCBC, "0123456789abcdeffedcba9876543210", "000102030405060708090a0b0c0d0e0f",
		"6b9f90995aacb3e9c47debaa10fde80937aded36c7f0a6b2692b9cc975554953"},
	{wire.AlgCamellia, wire.AlgOFB, "0123456789abcdeffedcba9876543210", "000102030405060708090a0b0c0d0e0f",
		"3b5dd6f915870064fd3296068eddc95b3f7839e9b494d4959c1b52a8e30a9fb0"},
	{wire.AlgCamellia, wire.AlgCFB, "0123456789abcdeffedcba9876543210", "000102030405060708090a0b0c0d0e0f",
		"3b5dd6f915870064fd3296068eddc95b73997f398188c10610da0e24cf47380b"},
	{wire.AlgCamellia, wire.AlgCTR, "0123456789abcdeffedcba9876543210", "000102030405060708090a0b0c0d0e0f",
		"3b5dd6f915870064fd3296068eddc95bc02bb23a923e1a05ffb182867a7a0149"},
}

const (
	// CMAC of AES-128 over the first block of cipherText (RFC 4493, 4).
	answerCMACKey = "2b7e151628aed2a6abf7158809cf4f3c"
	answerCMAC    = "070a16b46b4d4144f79bdd9dd04a287c"

	// ECDSA on P-256 with SHA-256 of "sample" (RFC 6979, A.2.5).
	answerECDSAKey   = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
	answerECDSAX     = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	answerECDSAY     = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
	answerECDSANonce = "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"
	answerECDSAR     = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
	answerECDSAS     = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

	// Diffie-Hellman on P-256 (RFC 5903, 8.1).
	answerECDHKey = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
	answerECDHX   = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
	answerECDHY   = "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
	answerECDHZ   = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"

	// EC Schnorr on P-256 with SHA-256, signed by libtpms.
	answerSchnorrX      = "1744ccca93a3e073ed9f64caf343f62c30838fcbe08b8466b89ca5cfe9362daa"
	answerSchnorrY      = "6aa7715c8c083727a07dd744a42c1971b4a2aabd2e71ffc58521b18ddc9c86f6"
	answerSchnorrDigest = "0bf474896363505e5ea5e5d6ace8ebfb13a760a409b1fb467d428fc716f9f284"
	answerSchnorrR      = "8dde21335739b9f9097e818449aa4b7a3ef0ba185cb57ca2c59f86ce62bb5ba5"
	answerSchnorrS      = "baa95f3570a0067a314a54bcd81ad5c07d28e0173439475f199e41a5d20e9d92"

	// KDFa with SHA-256, 128 bits, computed by libtpms.
	answerKDFaKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	answerKDFa    = "51a03e87aff54732b5f2ddeef9187423"
)
