package ecc

import (
	"encoding/hex"
	"testing"

	"govtpm/internal/crypto/curve"
)

// CAVP, ECC CDH primitive (SP 800-56A, 5.7.1.2), KAS_ECC_CDH_PrimitiveTest.txt: COUNT = 0 of every curve.
func TestECDHCAVP(t *testing.T) {
	for _, v := range []struct {
		c          *curve.Curve
		x, y, d, z string
	}{
		{curve.P192(), "42ea6dd9969dd2a61fea1aac7f8e98edcc896c6e55857cc0", "dfbe5d7c61fac88b11811bde328e8a0d12bf01a9d204b523",
			"f17d3fea367b74d340851ca4270dcb24c271f445bed9d527", "803d8ab2e5b6e6fca715737c3a82f7ce3c783124f6d51cd0"},
		{curve.P224(), "af33cd0629bc7e996320a3f40368f74de8704fa37b8fab69abaae280", "882092ccbba7930f419a8a4f9bb16978bbc3838729992559a6f2e2d7",
			"8346a60fc6f293ca5a0d2af68ba71d1dd389e5e40837942df3e43cbd", "7d96f9a3bd3c05cf5cc37feb8b9d5209d5c2597464dec3e9983743e8"},
		{curve.P256(), "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287", "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
			"7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534", "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
		{curve.P384(),
			"a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066",
			"ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
			"3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1",
			"5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1"},
		{curve.P521(),
			"00685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877a2046d",
			"01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676",
			"017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
			"005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831"},
	} {
		q, err := v.c.Point(unhex(t, v.x), unhex(t, v.y))
		if err != nil {
			t.Fatal(err)
		}
		z, err := ECDH(v.c, mustScalar(t, v.c, unhex(t, v.d)), q)
		if got := hex.EncodeToString(z.X()); err != nil || got != v.z {
			t.Errorf("%s: %s %v", v.c.Name(), got, err)
		}
	}
}

// The examples of NIST for SP 800-56A, KS_ECC_Prime: Full MQV and Full Unified Model, without key confirmation.
func TestExchangeKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		c             *curve.Curve
		dsU, deU      string
		dsV, deV      string
		mqv, z1s, z2e string
	}{
		{c: curve.P192(),
			dsU: "20f234d32cd7edd8bfc5bd96dae608593e38e8942324fde8", deU: "323fa3169d8e9c6593f59476bc142000ab5be0e249c43426",
			dsV: "0f9e539ae24c3a905b4ed7ce4e2ebad4e4b774912623284b", deV: "631f95bb4a67632c9c476eee9ab695ab240a0499307fcf62",
			mqv: "ae64ab2b2b75a94cf8ef24da2456bd3aa36db61429ea5521"},
		{c: curve.P256(),
			dsU: "5dcdf2a33538d7cf93a3680d4cb4e86a6814da67ac5d8323edbaaa59faaa2de4", deU: "814264145f2f56f2e96a8e337a1284993faf432a5abce59e867b7291d507a3af",
			dsV: "8fed78431d82558d9006c3deb06ab58d9dccc97106875c6725d5f166255ba90a", deV: "2ce1788ec197e096db95a200cc0ab26a19ce6bccad562b8eee1b593761cf7f41",
			mqv: "83050b731021fdbdb13ffe9fde0373a8c917c6fa8106636c1e1f7d1564566219",
			z1s: "227684e71f5c313fadc91e529807e3147d53145b15abd6ed416ad35cd7e6838f", z2e: "dd0f5396219d1ea393310412d19a08f1f5811e9dc8ec8eea7f80d21c820c2788"},
	} {
		u, w := newSide(t, v.c, v.dsU, v.deU), newSide(t, v.c, v.dsV, v.deV)
		for _, s := range [][2]side{{u, w}, {w, u}} {
			z, err := s[0].MQV(v.c, s[1].static, s[1].ephemeral)
			if got := hex.EncodeToString(z.X()); err != nil || got != v.mqv {
				t.Errorf("MQV, %s: %s %v", v.c.Name(), got, err)
			}
			if v.z1s == "" {
				continue
			}
			z1, z2, err := s[0].FullUnified(v.c, s[1].static, s[1].ephemeral)
			if x1, x2 := hex.EncodeToString(z1.X()), hex.EncodeToString(z2.X()); err != nil || x1 != v.z1s || x2 != v.z2e {
				t.Errorf("Full Unified, %s: %s %s %v", v.c.Name(), x1, x2, err)
			}
		}
	}
}
