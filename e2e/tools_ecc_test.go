package e2e

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"

	"filippo.io/nistec"
)

// toolsECC: the signature schemes of elliptic curves, keys of openssl, and keys in the form of a PEM file.
func toolsECC(b *toolbox) {
	b.run("tpm2_createprimary -Q -C o -G ecc -c primary.ctx")
	b.flush()
	for bits, h := range map[int]crypto.Hash{256: crypto.SHA256, 384: crypto.SHA384, 521: crypto.SHA512} {
		hash := fmt.Sprintf("sha%d", 8*h.Size())
		b.do(fmt.Sprintf(`
			tpm2_create -Q -C primary.ctx -G ecc%[1]d -u ecc.pub -r ecc.priv
			tpm2_load -Q -C primary.ctx -u ecc.pub -r ecc.priv -c ecc.ctx
			tpm2_readpublic -Q -c ecc.ctx -f pem -o ecc.pem
			tpm2_sign -Q -c ecc.ctx -g %[2]s -s ecdsa -o signature message
			tpm2_verifysignature -Q -c ecc.ctx -g %[2]s -m message -s signature
			!tpm2_verifysignature -Q -c ecc.ctx -g %[2]s -m secret -s signature
			tpm2_sign -Q -c ecc.ctx -g %[2]s -s ecdsa -f plain -o plain message
			openssl dgst -%[2]s -verify ecc.pem -signature plain message
			openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-%[1]d -out own.pem
			openssl pkey -in own.pem -pubout -out own.pub.pem
			openssl dgst -%[2]s -sign own.pem -out own.sig message
			tpm2_loadexternal -Q -C n -G ecc -u own.pub.pem -c external.ctx
			tpm2_verifysignature -Q -c external.ctx -g %[2]s -m message -f ecdsa -s own.sig
			!tpm2_verifysignature -Q -c external.ctx -g %[2]s -m secret -f ecdsa -s own.sig
			tpm2_import -Q -C primary.ctx -G ecc -i own.pem -u import.pub -r import.priv -p newauth
			tpm2_load -Q -C primary.ctx -u import.pub -r import.priv -c import.ctx
			tpm2_sign -Q -c import.ctx -p newauth -g %[2]s -s ecdsa -f plain -o import.sig message`, bits, hash))
		b.signed("ecc.pem", "message", "plain", h, false)
		b.signed("own.pub.pem", "message", "import.sig", h, false)
	}
	b.schnorr()
	b.anonymous()
	b.curveParameters()
	b.keyInPEM()
}

// point256 reads the public point of a key on P-256.
func (b *toolbox) point256(name string) *nistec.P256Point {
	b.t.Helper()
	key := b.public(name).(*ecdsa.PublicKey)
	return must[*nistec.P256Point](b)(nistec.NewP256Point().SetBytes(must[*ecdh.PublicKey](b)(key.ECDH()).Bytes()))
}

// combine256 is sG - tQ.
func combine256(s, t *big.Int, q *nistec.P256Point) (*nistec.P256Point, error) {
	n := elliptic.P256().Params().N
	sg, err := nistec.NewP256Point().ScalarBaseMult(s.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, err
	}
	minus := new(big.Int).Mod(new(big.Int).Neg(t), n)
	tq, err := nistec.NewP256Point().ScalarMult(q, minus.FillBytes(make([]byte, 32)))
	if err != nil {
		return nil, err
	}
	return sg.Add(sg, tq), nil
}

// signature256 reads the two numbers of a signature with SHA-256 on P-256 (Part 2, 11.3.4).
func (b *toolbox) signature256(name string, scheme int) (r, s []byte) {
	b.t.Helper()
	data, ok := bytes.CutPrefix(b.file(name), join(be16(scheme), be16(0x0b)))
	if !ok || len(data) != 68 || data[1] != 32 || data[35] != 32 {
		b.t.Fatalf("%s is %x", name, b.file(name))
	}
	return data[2:34], data[36:]
}

// schnorr checks the arithmetic of an ECSCHNORR signature (Part 1, C.4.3).
func (b *toolbox) schnorr() {
	b.t.Helper()
	b.do(`
		tpm2_create -Q -C primary.ctx -G ecc256:ecschnorr-sha256 -c schnorr.ctx
		tpm2_readpublic -Q -c schnorr.ctx -f pem -o schnorr.pem
		tpm2_sign -Q -c schnorr.ctx -g sha256 -s ecschnorr -o schnorr.sig message
		tpm2_verifysignature -Q -c schnorr.ctx -g sha256 -m message -s schnorr.sig
		!tpm2_verifysignature -Q -c schnorr.ctx -g sha256 -m secret -s schnorr.sig`)
	rBytes, sBytes := b.signature256("schnorr.sig", 0x1c)
	r, s := new(big.Int).SetBytes(rBytes), new(big.Int).SetBytes(sBytes)
	point := must[*nistec.P256Point](b)(combine256(s, r, b.point256("schnorr.pem")))
	x := must[[]byte](b)(point.BytesX())
	n := elliptic.P256().Params().N
	if got := new(big.Int).SetBytes(sum256(x, sum256([]byte("a message")))); got.Mod(got, n).Cmp(r) != 0 {
		b.t.Errorf("r is %x, want %x", r, got)
	}
}

// anonymous checks a commitment and the ECDAA signature that uses it (Part 1, C.4.2).
func (b *toolbox) anonymous() {
	b.t.Helper()
	params := elliptic.P256().Params()
	g := join(params.Gx.FillBytes(make([]byte, 32)), params.Gy.FillBytes(make([]byte, 32)))
	b.put("P1", sized(join(sized(g[:32]), sized(g[32:]))))
	b.do(`
		tpm2_create -Q -C primary.ctx -G ecc256:ecdaa -u daa.pub -r daa.priv -c daa.ctx
		tpm2_readpublic -Q -c daa.ctx -f pem -o daa.pem
		tpm2_commit -Q -c daa.ctx --eccpoint-P P1 --eccpoint-K K --eccpoint-L L -u E -t counter`)
	counter := b.file("counter")
	b.do(fmt.Sprintf("tpm2_sign -Q -c daa.ctx -g sha256 -s ecdaa --commit-index %d -o daa.sig message",
		int(counter[0])<<8|int(counter[1])))
	b.refuse(fmt.Sprintf("tpm2_sign -Q -c daa.ctx -g sha256 -s ecdaa --commit-index %d -o no.sig message",
		int(counter[0])<<8|int(counter[1])))
	b.run("tpm2_flushcontext -t")
	rBytes, sBytes := b.signature256("daa.sig", 0x1a)
	s := new(big.Int).SetBytes(sBytes)
	t := new(big.Int).SetBytes(sum256(rBytes, sum256([]byte("a message"))))
	t.Mod(t, params.N)
	e := must[*nistec.P256Point](b)(combine256(s, t, b.point256("daa.pem"))).Bytes()
	b.is("E", sized(join(sized(e[1:33]), sized(e[33:]))))
}

// curveParameters compares what the TPM says of its curves with the standard's numbers.
func (b *toolbox) curveParameters() {
	b.t.Helper()
	for id, curve := range map[int]elliptic.Curve{3: elliptic.P256(), 4: elliptic.P384(), 5: elliptic.P521()} {
		p := curve.Params()
		b.run(fmt.Sprintf("tpm2_geteccparameters ecc%d -o parameters", p.BitSize))
		got := b.file("parameters")
		if !bytes.HasPrefix(got, append(be16(id), be16(p.BitSize)...)) {
			b.t.Errorf("the parameters of %s begin with %x", p.Name, got[:4])
		}
		size := (p.BitSize + 7) / 8
		a := new(big.Int).Sub(p.P, big.NewInt(3))
		var want []byte
		for _, v := range []*big.Int{p.P, a, p.B, p.Gx, p.Gy, p.N} {
			want = append(want, sized(v.FillBytes(make([]byte, size)))...)
		}
		if !bytes.HasSuffix(got, append(want, 0, 1, 1)) {
			b.t.Errorf("the parameters of %s are %x, want at the end %x", p.Name, got, want)
		}
	}
}

// keyInPEM writes a key as one file, which holds its two halves and its parent.
func (b *toolbox) keyInPEM() {
	b.t.Helper()
	b.do(`
		tpm2_create -Q -C primary.ctx -G ecc256 -u own.pub -r own.priv
		tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000004
		tpm2_encodeobject -C 0x81000004 -u own.pub -r own.priv -o encoded.pem`)
	b.says("tpm2_print -t TSSPRIVKEY_OBJ encoded.pem", "value: ecc", "NIST p256")
	block, _ := pem.Decode(b.file("encoded.pem"))
	if block == nil || block.Type != "TSS2 PRIVATE KEY" {
		b.t.Fatalf("an encoded object is %q", b.file("encoded.pem"))
	}
	var key struct {
		Kind      asn1.ObjectIdentifier
		EmptyAuth bool `asn1:"optional,explicit,tag:0"`
		Parent    int64
		Public    []byte
		Private   []byte
	}
	if _, err := asn1.Unmarshal(block.Bytes, &key); err != nil {
		b.t.Fatal(err)
	}
	if !bytes.Equal(key.Public, b.file("own.pub")) || !bytes.Equal(key.Private, b.file("own.priv")) || key.Parent != 0x81000004 {
		b.t.Errorf("an encoded object holds %v", key)
	}
}
