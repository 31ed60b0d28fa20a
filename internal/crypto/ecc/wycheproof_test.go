package ecc

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"testing"

	"govtpm/internal/crypto/curve"
)

// Project Wycheproof: ECDSA signatures with r, s and keys at the edges of the arithmetic, forged ones among them, and ECDH with public
// keys at the edges. Each has its number in the file named.
func TestWycheproof(t *testing.T) {
	data, err := os.ReadFile("testdata/wycheproof.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			File, Scheme, Curve, Hash string
			Tests                     []struct {
				ID                    int
				What                  string
				Msg, X, Y, R, S, D, Z []byte
				OK                    bool
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	curves := map[string]*curve.Curve{"secp192r1": curve.P192(), "secp224r1": curve.P224(), "secp256r1": curve.P256(),
		"secp384r1": curve.P384(), "secp521r1": curve.P521()}
	ran := map[string]int{}
	for _, g := range file.Groups {
		c := curves[g.Curve]
		for _, v := range g.Tests {
			q, err := c.Point(v.X, v.Y)
			if err != nil {
				t.Errorf("%s, %d (%s): %v", g.File, v.ID, v.What, err)
				continue
			}
			if g.Scheme == "ECDH" {
				z, err := ECDH(c, mustScalar(t, c, v.D), q)
				if err != nil || !bytes.Equal(z.X(), v.Z) {
					t.Errorf("%s, %d (%s): %x %v", g.File, v.ID, v.What, z.X(), err)
				}
			} else if ok := VerifyECDSA(c, q, digestOf(g.Hash, v.Msg), Signature{v.R, v.S}); ok != v.OK {
				t.Errorf("%s, %d (%s): %v", g.File, v.ID, v.What, ok)
			}
			ran[fmt.Sprint(g.Scheme, " ", v.OK)]++
		}
	}
	if ran["ECDSA true"] < 20 || ran["ECDSA false"] < 30 || ran["ECDH true"] < 20 {
		t.Errorf("not all ran: %v", ran)
	}
}

func digestOf(hash string, msg []byte) []byte {
	switch hash {
	case "SHA-384":
		d := sha512.Sum384(msg)
		return d[:]
	case "SHA-512":
		d := sha512.Sum512(msg)
		return d[:]
	default:
		d := sha256.Sum256(msg)
		return d[:]
	}
}

// The special values of Wycheproof for r and s, on every curve: none of them is a signature.
func TestSpecialSignatures(t *testing.T) {
	digest := sha256.Sum256([]byte("special"))
	for _, c := range allCurves {
		_, q, err := GenerateKey(c, testRand(12))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range specialValues(c.Parameters().N, c.Parameters().P) {
			for _, s := range specialValues(c.Parameters().N, c.Parameters().P) {
				sig := Signature{r, s}
				if VerifyECDSA(c, q, digest[:], sig) || VerifySM2(c, q, digest[:], sig) || VerifySchnorr(c, q, sha256.New, digest[:], sig) {
					t.Errorf("%s: accepted r = %x, s = %x", c.Name(), r, s)
				}
			}
		}
	}
}

// The points of Wycheproof's attack with invalid curves, on every curve: coordinates 0, 1, p-1 and p, and beyond what Wycheproof has, a good
// point whose coordinate has p added, which is not reduced.
func TestInvalidPoints(t *testing.T) {
	for _, c := range allCurves {
		par := c.Parameters()
		p, a, b := new(big.Int).SetBytes(par.P), new(big.Int).SetBytes(par.A), new(big.Int).SetBytes(par.B)
		refused := 0
		for _, x := range specialValues(par.P)[:4] {
			for _, y := range specialValues(par.P)[:4] {
				xi, yi := new(big.Int).SetBytes(x), new(big.Int).SetBytes(y)
				right := new(big.Int).Exp(xi, big.NewInt(3), p)
				right.Add(right, new(big.Int).Mul(a, xi)).Add(right, b).Mod(right, p)
				want := xi.Cmp(p) < 0 && yi.Cmp(p) < 0 && right.Cmp(new(big.Int).Exp(yi, big.NewInt(2), p)) == 0
				if _, err := c.Point(x, y); (err == nil) != want {
					t.Errorf("%s: (%x, %x): %v", c.Name(), x, y, err)
				}
				if !want {
					refused++
				}
			}
		}
		if refused < 12 {
			t.Errorf("%s: %d points refused", c.Name(), refused)
		}
		g := c.Generator()
		for _, v := range [][2][]byte{{plus(g.X(), p), g.Y()}, {g.X(), plus(g.Y(), p)}} {
			if _, err := c.Point(v[0], v[1]); err == nil {
				t.Errorf("%s: took a coordinate that is not reduced", c.Name())
			}
		}
	}
}

// specialValues are 0, 1, n-1, n and n+1 of every number.
func specialValues(ns ...[]byte) [][]byte {
	values := [][]byte{{0}, {1}}
	for _, n := range ns {
		for _, k := range []int64{-1, 0, 1} {
			values = append(values, plus(n, big.NewInt(k)))
		}
	}
	return values
}

func plus(b []byte, k *big.Int) []byte {
	v := new(big.Int).SetBytes(b)
	return v.Add(v, k).Bytes()
}
