package rsa

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"testing"
)

func unhexKnown(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// knownKey is a key of published vectors; where those give the private exponent only, the prime was found with it.
func knownKey(t testing.TB, n string, e uint32, prime string) *PrivateKey {
	t.Helper()
	k, err := NewPrivateKey(unhexKnown(t, n), e, unhexKnown(t, prime))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// CAVP, 186-3rsatestvectors, SigGen15_186-3.txt: modulus of 2048 bits, SHA256, the first message.
func TestPKCS1v15KnownAnswer(t *testing.T) {
	k := knownKey(t, "cea80475324c1dc8347827818da58bac069d3419c614a6ea1ac6a3b510dcd72cc516954905e9fef908d45e13006adf27d467a7d83c111d1a5df15ef2"+
		"93771aefb920032a5bb989f8e4f5e1b05093d3f130f984c07a772a3683f4dc6fb28a96815b32123ccdd13954f19d5b8b24a103e771a34c328755c65e"+
		"d64e1924ffd04d30b2142cc262f6e0048fef6dbc652f21479ea1c4b1d66d28f4d46ef7185e390cbfa2e02380582f3188bb94ebbf05d31487a09aff01"+
		"fcbb4cd4bfd1f0a833b38c11813c84360bb53c7d4481031c40bad8713bb6b835cb08098ed15ba31ee4ba728a8c8e10f7294e1b4163b7aee57277bfd8"+
		"81a6f9d43e02c6925aa3a043fb7fb78d", 0x260445, "f364e16ef12017ec95b192308c01e087cee619ab50a5d537cc01841dc92b30bcef0d9f2c6bbd5dc10bdf5b9f6c354a4f9f210520caa72b4f5c36b8d3"+
		"3f10324c55956141891e45b84b49f59ea5bfac6ffa38900aca5099afcd02f6a8257c41ce5bb2e4153832b5c22f91eb389fa2035c3cf9b3374531c483"+
		"cb30ceb007259b1d")
	digest := sha256.Sum256(unhexKnown(t, "5af283b1b76ab2a695d794c23b35ca7371fc779e92ebf589e304c7f923d8cf976304c19818fcd89d6f07c8d8e08bf371068bdf28ae6ee83b2e02328a"+
		"f8c0e2f96e528e16f852f1fc5455e4772e288a68f159ca6bdcf902b858a1f94789b3163823e2d0717ff56689eec7d0e54d93f520d96e1eb04515abc7"+
		"0ae90578ff38d31b"))
	want := unhexKnown(t, "6b8be97d9e518a2ede746ff4a7d91a84a1fc665b52f154a927650db6e7348c69f8c8881f7bcf9b1a6d3366eed30c3aed4e93c203c43f5528a45de791"+
		"895747ade9c5fa5eee81427edee02082147aa311712a6ad5fb1732e93b3d6cd23ffd46a0b3caf62a8b69957cc68ae39f9993c1a779599cdda949bdaa"+
		"babb77f248fcfeaa44059be5459fb9b899278e929528ee130facd53372ecbc42f3e8de2998425860406440f248d817432de687112e504d734028e6c5"+
		"620fa282ca07647006cf0a2ff83e19a916554cc61810c2e855305db4e5cf893a6a96767365794556ff033359084d7e38a8456e68e21155b76151314a"+
		"29875feee09557161cbc654541e89e42")
	got, err := k.SignPKCS1v15(PrefixSHA256, digest[:])
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x %v", got, err)
	}
	if err := k.VerifyPKCS1v15(PrefixSHA256, digest[:], want); err != nil {
		t.Error(err)
	}
}

// RSA Laboratories, pkcs-1v2-1-vec, pss-vect.txt, Example 1.1 (1024 bits, SHA-1), and CAVP, 186-3rsatestvectors, SigGenPSS_186-3.txt, modulus
// of 3072 bits, SHA256, the first message: both have a salt as long as the digest.
func TestPSSKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		name                  string
		h                     func() hash.Hash
		n                     string
		e                     uint32
		prime, msg, salt, sig string
	}{
		{"pss-vect.txt, Example 1.1", sha1.New, "a56e4a0e701017589a5187dc7ea841d156f2ec0e36ad52a44dfeb1e61f7ad991d8c51056ffedb162b4c0f283a12a88a394dff526ab7291cbb307ceab" +
			"fce0b1dfd5cd9508096d5b2b8b6df5d671ef6377c0921cb23c270a70e2598e6ff89d19f105acc2d3f0cb35f29280e1386b6f64c4ef22e1e1f20d0ce8" +
			"cffb2249bd9a2137", 0x010001, "e7e8942720a877517273a356053ea2a1bc0c94aa72d55c6e86296b2dfc967948c0a72cbccca7eacb35706e09a1df55a1535bd9b3cc34160b3b6dcd3e" +
			"da8e6443",
			"cdc87da223d786df3b45e0bbbc721326d1ee2af806cc315475cc6f0d9c66e1b62371d45ce2392e1ac92844c310102f156a0d8d52c1f4c40ba3aa6509" +
				"5786cb769757a6563ba958fed0bcc984e8b517a3d5f515b23b8a41e74aa867693f90dfb061a6e86dfaaee64472c00e5f20945729cbebe77f06ce78e0" +
				"8f4098fba41f9d6193c0317e8b60d4b6084acb42d29e3808a3bc372d85e331170fcbf7cc72d0b71c296648b3a4d10f416295d0807aa625cab2744fd9" +
				"ea8fd223c42537029828bd16be02546f130fd2e33b936d2676e08aed1b73318b750a0167d0", "dee959c7e06411361420ff80185ed57f3e6776af", "9074308fb598e9701b2294388e52f971faac2b60a5145af185df5287b5ed2887e57ce7fd44dc8634e407c8e0e4360bc226f3ec227f9d9e54638e8d31" +
				"f5051215df6ebb9c2f9579aa77598a38f914b5b9c1bd83c4e2f9f382a0d0aa3542ffee65984a601bc69eb28deb27dca12c82c2d4c3f66cd500f1ff2b" +
				"994d8a4e30cbb33c"},
		{"SigGenPSS_186-3.txt, 3072, SHA256", sha256.New, "a7a1882a7fb896786034d07fb1b9f6327c27bdd7ce6fe39c285ae3b6c34259adc0dc4f7b9c7dec3ca4a20d3407339eedd7a12a421da18f5954673cac" +
			"2ff059156ecc73c6861ec761e6a0f2a5a033a6768c6a42d8b459e1b4932349e84efd92df59b45935f3d0e30817c66201aa99d07ae36c5d74f408d69c" +
			"c08f044151ff4960e531360cb19077833adf7bce77ecfaa133c0ccc63c93b856814569e0b9884ee554061b9a20ab46c38263c094dae791aa61a17f8d" +
			"16f0e85b7e5ce3b067ece89e20bc4e8f1ae814b276d234e04f4e766f501da74ea7e3817c24ea35d016676cece652b823b051625573ca92757fc720d2" +
			"54ecf1dcbbfd21d98307561ecaab545480c7c52ad7e9fa6b597f5fe550559c2fe923205ac1761a99737ca02d7b19822e008a8969349c87fb874c8162" +
			"0e38f613c8521f0381fe5ba55b74827dad3e1cf2aa29c6933629f2b286ad11be88fa6436e7e3f64a75e3595290dc0d1cd5eee7aaac54959cc53bd5a9" +
			"34a365e72dd81a2bd4fb9a67821bffedf2ef2bd94913de8b", 0x1415a7, "dd553696db8ccb107609b8917e688bdd8373a8926bc9d114c1c77f7958070e236ca1bd2025ded59a71093b63afbfce39e92bde9ffca983959e7c3e18" +
			"d75650612258c24eebb61a1b4a68603a2721e3e2483d6da27475a228b1341c78f140948b5c922822ccaed76dae338dddec1e4c5c34b9c53f34a09ff0" +
			"b2b61a62254e73e6f0ac8013edc2cfa7ecbeb86fcc7309cb0f5b5eddb707af4b9337d34d672af413f3b6efd11e3b49c978f06a356f6f4e0ea50a9079" +
			"7fe32ccaa983547ff18ea167",
			"c16499110ed577202aed2d3e4d51ded6c66373faef6533a860e1934c63484f87a8d9b92f3ac45197b2909710abba1daf759fe0510e9bd8dd4d73cec9" +
				"61f06ee07acd9d42c6d40dac9f430ef90374a7e944bde5220096737454f96b614d0f6cdd9f08ed529a4ad0e759cf3a023dc8a30b9a872974af9b2af6" +
				"dc3d111d0feb7006", "3e07ade72a3f52530f53135a5d7d93217435ba001ea55a8f5d5d1304684874bc", "4335707da735cfd10411c9c048ca9b60bb46e2fe361e51fbe336f9508dc945afe075503d24f836610f2178996b52c411693052d5d7aed97654a40074" +
				"ed20ed6689c0501b7fbac21dc46b665ac079760086414406cd66f8537d1ebf0dce4cf0c98d4c30c71da359e9cd401ff49718fdd4d0f99efe70ad8dd8" +
				"ba1304cefb88f24b0eedf70116da15932c76f0069551a245b5fc3b91ec101f1d63b9853b598c6fa1c1acdbacf9626356c760119be0955644301896d9" +
				"d0d3ea5e6443cb72ca29f4d45246d16d74d00568c219182feb191179e4593dc152c608fd80536329a533b3a631566814cd654f587c2d8ce696085e6e" +
				"d1b0b0278e60a049ec7a399f94fccae6462371a69695ef525e00936fa7d9781f9ee289d4105ee827a27996583033cedb2f297e7b4926d906ce0d09d8" +
				"4128406ab33d7da0f8a1d4d2f666568686c394d139b0e5e99337758de85910a5fa25ca2aa6d8fb1c777244e7d98de4c79bbd426a5e6f657e37477e01" +
				"247432f83797fbf31b50d02b83f69ded26d4945b2bc3f86e"},
	} {
		k := knownKey(t, v.n, v.e, v.prime)
		d := v.h()
		d.Write(unhexKnown(t, v.msg))
		digest, want := d.Sum(nil), unhexKnown(t, v.sig)
		got, err := k.SignPSS(bytes.NewReader(unhexKnown(t, v.salt)), v.h, digest)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x %v", v.name, got, err)
		}
		if err := k.VerifyPSS(v.h, digest, want); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

// RSA Laboratories, pkcs-1v2-1-vec, oaep-vect.txt, Example 1.1, and pkcs1v15crypt-vectors.txt, Example 1.1: the same key and message.
func TestEncryptionKnownAnswers(t *testing.T) {
	k := knownKey(t, "a8b3b284af8eb50b387034a860f146c4919f318763cd6c5598c8ae4811a1e0abc4c7e0b082d693a5e7fced675cf4668512772c0cbc64a742c6c630f5"+
		"33c8cc72f62ae833c40bf25842e984bb78bdbf97c0107d55bdb662f5c4e0fab9845cb5148ef7392dd3aaff93ae1e6b667bb3d4247616d4f5ba10d4cf"+
		"d226de88d39f16fb", 65537, "d32737e7267ffe1341b2d5c0d150a81b586fb3132bed2f8d5262864a9cb9f30af38be448598d413a172efb802c21acf1c11c520c2f26a471dcad212e"+
		"ac7ca39d")
	msg := unhexKnown(t, "6628194e12073db03ba94cda9ef9532397d50dba79b987004afefe34")
	for _, v := range []struct {
		name, seed, to string
		encrypt        func(seed []byte) ([]byte, error)
		decrypt        func(c []byte) ([]byte, error)
	}{
		{"OAEP, Example 1.1", "18b776ea21069d69776a33e96bad48e1dda0a5ef",
			"354fe67b4a126d5d35fe36c777791a3f7ba13def484e2d3908aff722fad468fb21696de95d0be911c2d3174f8afcc201035f7b6d8e69402de5451618" +
				"c21a535fa9d7bfc5b8dd9fc243f8cf927db31322d6e881eaa91a996170e657a05a266426d98c88003f8477c1227094a0d9fa1e8c4024309ce1ecccb5" +
				"210035d47ac72e8a",
			func(seed []byte) ([]byte, error) { return k.EncryptOAEP(bytes.NewReader(seed), sha1.New, nil, msg) },
			func(c []byte) ([]byte, error) { return k.DecryptOAEP(sha1.New, nil, c) }},
		{"RSAES-PKCS1-v1_5, Example 1.1", "017341ae3875d5f87101f8cc4fa9b9bc156bb04628fccdb2f4f11e905bd3a155d376f593bd7304210874eba08a5e22bcccb4c9d3882a93a54db022f5" +
			"03d16338b6b7ce16dc7f4bbf9a96b59772d6606e9747c7649bf9e083db981884a954ab3c6f",
			"50b4c14136bd198c2f3c3ed243fce036e168d56517984a263cd66492b80804f169d210f2b9bdfb48b12f9ea05009c77da257cc600ccefe3a6283789d" +
				"8ea0e607ac58e2690ec4ebc10146e8cbaa5ed4d5cce6fe7b0ff9efc1eabb564dbf498285f449ee61dd7b42ee5b5892cb90601f30cda07bf26489310b" +
				"cd23b528ceab3c31",
			func(seed []byte) ([]byte, error) { return k.EncryptPKCS1v15(bytes.NewReader(seed), msg) },
			k.DecryptPKCS1v15},
	} {
		want := unhexKnown(t, v.to)
		if got, err := v.encrypt(unhexKnown(t, v.seed)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x %v", v.name, got, err)
		}
		if got, err := v.decrypt(want); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("%s, decrypted: %x %v", v.name, got, err)
		}
	}
}
