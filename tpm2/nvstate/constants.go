package nvstate

// CompileConstant is a constant libtpms was built with, as it stands in each permanent blob. State is refused when a
// constant does not fit the reader's.
type CompileConstant struct {
	Name   string
	Value  uint32
	AtMost bool // a lower value in the blob is fine, otherwise it must be the same
}

// compileConstants are the constants of libtpms in their order. They are the same in every release from 0.9 on and in
// every profile: what a profile changes is not among them. The first 88 make up the older form.
var compileConstants = [...]CompileConstant{
	{"ALG_RSA", 1, false},
	{"ALG_SHA1", 1, false},
	{"ALG_HMAC", 1, false},
	{"ALG_TDES", 1, true},
	{"ALG_AES", 1, false},
	{"ALG_MGF1", 1, false},
	{"ALG_XOR", 1, false},
	{"ALG_KEYEDHASH", 1, false},
	{"ALG_SHA256", 1, false},
	{"ALG_SHA384", 1, false},
	{"ALG_SHA512", 1, false},
	{"ALG_SM3_256", 0, false},
	{"ALG_SM4", 0, false},
	{"ALG_RSASSA", 1, false},
	{"ALG_RSAES", 1, false},
	{"ALG_RSAPSS", 1, false},
	{"ALG_OAEP", 1, false},
	{"ALG_ECC", 1, false},
	{"ALG_ECDH", 1, false},
	{"ALG_ECDSA", 1, false},
	{"ALG_ECDAA", 1, false},
	{"ALG_SM2", 1, true},
	{"ALG_ECSCHNORR", 1, false},
	{"ALG_ECMQV", 1, true},
	{"ALG_SYMCIPHER", 1, false},
	{"ALG_KDF1_SP800_56A", 1, false},
	{"ALG_KDF2", 1, true},
	{"ALG_KDF1_SP800_108", 1, false},
	{"ALG_CMAC", 1, true},
	{"ALG_CTR", 1, false},
	{"ALG_OFB", 1, false},
	{"ALG_CBC", 1, false},
	{"ALG_CFB", 1, false},
	{"ALG_ECB", 1, false},
	{"MAX_RSA_KEY_BITS", 3072, true},
	{"MAX_TDES_KEY_BITS", 192, false},
	{"MAX_AES_KEY_BITS", 256, false},
	{"MAX_SM4_KEY_BITS", 128, false},
	{"MAX_CAMELLIA_KEY_BITS", 128, false},
	{"ECC_NIST_P192", 1, true},
	{"ECC_NIST_P224", 1, true},
	{"ECC_NIST_P256", 1, true},
	{"ECC_NIST_P384", 1, true},
	{"ECC_NIST_P521", 1, true},
	{"ECC_BN_P256", 1, true},
	{"ECC_BN_P638", 1, true},
	{"ECC_SM2_P256", 1, true},
	{"MAX_ECC_KEY_BITS", 638, true},
	{"HASH_ALIGNMENT", 4, false},
	{"SYM_ALIGNMENT", 4, false},
	{"IMPLEMENTATION_PCR", 24, false},
	{"PLATFORM_PCR", 24, false},
	{"DRTM_PCR", 17, false},
	{"HCRTM_PCR", 0, false},
	{"NUM_LOCALITIES", 5, false},
	{"MAX_HANDLE_NUM", 3, false},
	{"MAX_ACTIVE_SESSIONS", 64, false},
	{"MAX_LOADED_SESSIONS", 3, false},
	{"MAX_SESSION_NUM", 3, false},
	{"MAX_LOADED_OBJECTS", 3, false},
	{"MIN_EVICT_OBJECTS", 7, true},
	{"NUM_POLICY_PCR_GROUP", 1, false},
	{"NUM_AUTHVALUE_PCR_GROUP", 1, false},
	{"MAX_CONTEXT_SIZE", 2680, true},
	{"MAX_DIGEST_BUFFER", 1024, false},
	{"MAX_NV_INDEX_SIZE", 2048, false},
	{"MAX_NV_BUFFER_SIZE", 1024, false},
	{"MAX_CAP_BUFFER", 1024, false},
	{"NV_MEMORY_SIZE", 176832, true},
	{"MIN_COUNTER_INDICES", 8, false},
	{"NUM_STATIC_PCR", 16, false},
	{"MAX_ALG_LIST_SIZE", 64, false},
	{"PRIMARY_SEED_SIZE", 64, false},
	{"CONTEXT_ENCRYPT_ALGORITHM", 6, false},
	{"NV_CLOCK_UPDATE_INTERVAL", 12, false},
	{"NUM_POLICY_PCR", 1, false},
	{"ORDERLY_BITS", 8, false},
	{"MAX_SYM_DATA", 128, false},
	{"MAX_RNG_ENTROPY_SIZE", 64, false},
	{"RAM_INDEX_SPACE", 512, false},
	{"RSA_DEFAULT_PUBLIC_EXPONENT", 65537, false},
	{"ENABLE_PCR_NO_INCREMENT", 1, false},
	{"CRT_FORMAT_RSA", 1, false},
	{"VENDOR_COMMAND_COUNT", 0, false},
	{"MAX_VENDOR_BUFFER_SIZE", 1024, false},
	{"TPM_MAX_DERIVATION_BITS", 8192, false},
	{"PROOF_SIZE", 64, false},
	{"HASH_COUNT", 4, false},
	{"AES_128", 1, true},
	{"AES_192", 0, true},
	{"AES_256", 1, true},
	{"SM4_128", 0, true},
	{"ALG_CAMELLIA", 1, true},
	{"CAMELLIA_128", 1, true},
	{"CAMELLIA_192", 0, true},
	{"CAMELLIA_256", 1, true},
	{"ALG_SHA3_256", 0, true},
	{"ALG_SHA3_384", 0, true},
	{"ALG_SHA3_512", 0, true},
	{"RSA_1024", 1, true},
	{"RSA_2048", 1, true},
	{"RSA_3072", 1, true},
	{"RSA_4096", 0, true},
	{"RSA_16384", 0, true},
	{"RH_ACT_0", 0, true},
	{"RH_ACT_1", 0, true},
	{"RH_ACT_2", 0, true},
	{"RH_ACT_3", 0, true},
	{"RH_ACT_4", 0, true},
	{"RH_ACT_5", 0, true},
	{"RH_ACT_6", 0, true},
	{"RH_ACT_7", 0, true},
	{"RH_ACT_8", 0, true},
	{"RH_ACT_9", 0, true},
	{"RH_ACT_A", 0, true},
	{"RH_ACT_B", 0, true},
	{"RH_ACT_C", 0, true},
	{"RH_ACT_D", 0, true},
	{"RH_ACT_E", 0, true},
	{"RH_ACT_F", 0, true},
}

const oldCompileConstants = 88

// CompileConstants gives the constants.
func CompileConstants() []CompileConstant {
	return append([]CompileConstant(nil), compileConstants[:]...)
}

// codeCompileConstants checks the constants on reading. The version of the header tells their number; the stored count
// is ignored, as libtpms does.
func codeCompileConstants(c *coder) {
	defer c.enter(compileHeader.name)()
	version := c.header(compileHeader, 3, 1)
	if version > compileHeader.known {
		c.fail(ErrVersion, "version %d, at most %d known", version, compileHeader.known)
	}
	count := uint32(len(compileConstants))
	num32(c, &count)
	list := compileConstants[:]
	if version < 3 {
		list = list[:oldCompileConstants]
	}
	for i := range list {
		want := &list[i]
		value := want.Value
		num32(c, &value)
		if value > want.Value || value != want.Value && !want.AtMost {
			c.fail(ErrParameter, "compile constant %s is %d, this TPM has %d", want.Name, value, want.Value)
			return
		}
	}
	c.end(version)
}
