package curve

import (
	"encoding/hex"
	"testing"
)

// CAVP, 186-3ecdsatestvectors, KeyPair.rsp, "B.4.2 Key Pair Generation by Testing Candidates": the first key of every curve. For SM2 the
// key of GB/T 32918.5-2017, Annex A. No standard has multiples of the base points of BN_P256 and BN_P638; these are compared with
// schoolbook arithmetic and keys of libtpms.
func TestBaseMultKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		c       *Curve
		d, x, y string
	}{
		{P192(), "e5ce89a34adddf25ff3bf1ffe6803f57d0220de3118798ea",
			"8abf7b3ceb2b02438af19543d3e5b1d573fa9ac60085840f",
			"a87f80182dcd56a6a061f81f7da393e7cffd5e0738c6b245"},
		{P224(), "e7c92383846a4e6887a10498d8eaca2bd0487d985bd7d3f92ce3ab30",
			"0a3682d2aaa4dd931bee042d32e95755507ab164b12f84843f4b7b96",
			"a6313a938eff7a293222e0e3c7b4c6132489b33255a61c3fc1ce2256"},
		{P256(), "c9806898a0334916c860748880a541f093b579a9b1f32934d86c363c39800357",
			"d0720dc691aa80096ba32fed1cb97c2b620690d06de0317b8618d5ce65eb728f",
			"9681b517b1cda17d0d83d335d9c4a8a9a9b0b1b3c7106d8f3c72bc5093dc275f"},
		{P384(), "5394f7973ea868c52bf3ff8d8ceeb4db90a683653b12485d5f627c3ce5abd8978fc9673d14a71d925747931662493c37",
			"fd3c84e5689bed270e601b3d80f90d67a9ae451cce890f53e583229ad0e2ee645611fa9936dfa45306ec18066774aa24",
			"b83ca4126cfc4c4d1d18a4b6c21c7f699d5123dd9c24f66f833846eeb58296196b42ec06425db5b70a4b81b7fcf705a0"},
		{P521(), "0184258ea667ab99d09d4363b3f51384fc0acd2f3b66258ef31203ed30363fcda7661b6a817daaf831415a1f21cb1cda3a74cc1865f2ef40f683c14174ea72803cff",
			"019ee818048f86ada6db866b7e49a9b535750c3673cb61bbfe5585c2df263860fe4d8aa8f7486aed5ea2a4d733e346eaefa87ac515c78b9a986ee861584926ce4860",
			"01b6809c89c0aa7fb057a32acbb9ab4d7b06ba39dba8833b9b54424add2956e95fe48b7fbf60c3df5172bf386f2505f1e1bb2893da3b96d4f5ae78f2544881a238f7"},
		{SM2(), "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
			"09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
			"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"},
	} {
		d, err := hex.DecodeString(v.d)
		if err != nil {
			t.Fatal(err)
		}
		k, err := v.c.Scalar(d)
		if err != nil {
			t.Fatal(err)
		}
		base, err := v.c.BaseMult(k)
		if x, y := hex.EncodeToString(base.X()), hex.EncodeToString(base.Y()); err != nil || x != v.x || y != v.y {
			t.Errorf("%s: %s %s %v", v.c.Name(), x, y, err)
		}
		p, err := v.c.Mult(k, v.c.Generator())
		if x, y := hex.EncodeToString(p.X()), hex.EncodeToString(p.Y()); err != nil || x != v.x || y != v.y {
			t.Errorf("%s, as any other point: %s %s %v", v.c.Name(), x, y, err)
		}
	}
}
