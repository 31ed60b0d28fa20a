package tpm2

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// wycheproofFile has the fields of both files of Project Wycheproof beside the packages of RSA and of curves.
type wycheproofFile struct {
	Groups []struct {
		File, Scheme, Hash, Curve string
		N, P                      []byte
		Tests                     []struct {
			ID                        int
			What                      string
			Msg, In, X, Y, R, S, D, Z []byte
			OK                        bool
		}
	}
}

func loadWycheproof(t *testing.T, name string) (f wycheproofFile) {
	t.Helper()
	data, err := os.ReadFile("../internal/crypto/" + name + "/testdata/wycheproof.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

var wycheproofHashes = map[string]wire.Alg{"SHA-256": wire.AlgSHA256, "SHA-384": wire.AlgSHA384, "SHA-512": wire.AlgSHA512}

// The signatures of Project Wycheproof by TPM2_VerifySignature, its ciphertexts by TPM2_RSA_Decrypt: faults have the response code of a
// fault, and nothing is accepted on the way that the arithmetic refuses.
func TestWycheproofRSA(t *testing.T) {
	ran := 0
	for _, g := range loadWycheproof(t, "rsa").Groups {
		hash, ok := wycheproofHashes[g.Hash]
		if !ok && g.Hash != "" || g.Scheme == "OAEP" {
			continue // hashes that this TPM has not, labels without their zero octet
		}
		b := newTestTPM(t)
		o := rsaObject(wire.ObjectSign|wire.ObjectDecrypt, wire.AlgNull, 0)
		o.public.Parameters.RSA.KeyBits, o.public.Unique.RSA, o.sensitive.Sensitive.RSA = 2048, g.N, g.P
		if g.P == nil {
			o = public(o)
		}
		h := b.addKey(o)
		for _, v := range g.Tests {
			var r *testResponse
			want := wire.RC(0)
			switch g.Scheme {
			case "RSAES":
				r = b.run(rsaDecryptCommand(h, v.In, rsaDecryptScheme(wire.AlgRSAES, 0), ""))
				if !v.OK {
					want = wire.RCValue
					if len(v.In) != 256 {
						want = wire.RCSize
					}
				} else if r.rc == 0 && !bytes.Equal(r.b2(), v.Msg) {
					t.Errorf("%s, %d: another message", g.File, v.ID)
				}
			default:
				sig := &wire.TPMTSignature{SigAlg: wire.AlgRSASSA, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: hash, Sig: v.In}}}
				if g.Scheme == "PSS" {
					sig.SigAlg = wire.AlgRSAPSS
				}
				r = b.run(verifyCommand(h, hashOf(hash, v.Msg), sig))
				if !v.OK && !strings.HasPrefix(v.What, "s_len changed") { // a salt of any length is good
					want = wire.RCSignature.Parameter(2)
				}
			}
			if r.rc != want {
				t.Errorf("%s, %d (%s): %v, want %v", g.File, v.ID, v.What, r.rc, want)
			}
			ran++
		}
	}
	if ran < 60 {
		t.Errorf("%d ran", ran)
	}
}

// The same of curves, and public keys at the edges by TPM2_ECDH_ZGen.
func TestWycheproofECC(t *testing.T) {
	ids := map[string]wire.Curve{"secp192r1": wire.CurveNISTP192, "secp224r1": wire.CurveNISTP224, "secp256r1": wire.CurveNISTP256,
		"secp384r1": wire.CurveNISTP384, "secp521r1": wire.CurveNISTP521}
	ran := 0
	for _, g := range loadWycheproof(t, "ecc").Groups {
		id := ids[g.Curve]
		for _, v := range g.Tests {
			b := newTestTPM(t)
			o := eccObject(id, wire.ObjectSign|wire.ObjectDecrypt, wire.AlgNull, 0)
			ran++
			if g.Scheme == "ECDH" {
				c := curve.ByID(uint16(id))
				d, err := c.Scalar(v.D)
				if err != nil {
					t.Fatal(err)
				}
				q, err := c.BaseMult(d)
				if err != nil {
					t.Fatal(err)
				}
				o.sensitive.Sensitive.ECC, o.public.Unique.ECC = d.Bytes(), wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
				z := b.must(newCommand(wire.CCECDHZGen, b.addKey(o)).password(keyAuth).put(eccPoint(v.X, v.Y))).point()
				if !bytes.Equal(z.X, v.Z) {
					t.Errorf("%s, %d (%s): %x", g.File, v.ID, v.What, z.X)
				}
				continue
			}
			o.public.Unique.ECC = wire.TPMSECCPoint{X: v.X, Y: v.Y}
			hash := wycheproofHashes[g.Hash]
			sig := &wire.TPMTSignature{SigAlg: wire.AlgECDSA, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: hash, R: v.R, S: v.S}}}
			want := wire.RCSignature.Parameter(2)
			if v.OK {
				want = 0
			}
			if r := b.run(verifyCommand(b.addKey(public(o)), hashOf(hash, v.Msg), sig)); r.rc != want {
				t.Errorf("%s, %d (%s): %v, want %v", g.File, v.ID, v.What, r.rc, want)
			}
		}
	}
	if ran < 60 {
		t.Errorf("%d ran", ran)
	}
}
