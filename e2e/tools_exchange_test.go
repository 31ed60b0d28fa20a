package e2e

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"fmt"
)

// pointFile is a point as the tools write it: TPM2B_ECC_POINT.
func pointFile(key *ecdh.PublicKey) []byte {
	xy := key.Bytes()[1:]
	return sized(join(sized(xy[:len(xy)/2]), sized(xy[len(xy)/2:])))
}

// point reads a file of a point.
func (b *toolbox) point(curve ecdh.Curve, name string) *ecdh.PublicKey {
	b.t.Helper()
	data := b.file(name)
	half := (len(data) - 6) / 2
	if len(data) < 6 || !bytes.Equal(data[:4], append(be16(len(data)-2), be16(half)...)) {
		b.t.Fatalf("%s is no point: %x", name, data)
	}
	return must[*ecdh.PublicKey](b)(curve.NewPublicKey(join([]byte{4}, data[4:4+half], data[6+half:])))
}

// x wants a file of a point to have a certain X: what two parties agree on.
func (b *toolbox) x(name string, own *ecdh.PrivateKey, theirs *ecdh.PublicKey) {
	b.t.Helper()
	want := must[[]byte](b)(own.ECDH(theirs))
	if data := b.file(name); !bytes.Contains(data, append([]byte{data[0], data[1]}, sized(want)...)) {
		b.t.Errorf("%s is %x, want the X %x", name, data, want)
	}
}

// toolsKeyExchange: Diffie-Hellman in one phase and in two, against Go as the other party.
func toolsKeyExchange(b *toolbox) {
	b.do("tpm2_createprimary -Q -C o -G ecc -c primary.ctx")
	newKey := must[*ecdh.PrivateKey](b)
	for bits, curve := range map[int]ecdh.Curve{256: ecdh.P256(), 384: ecdh.P384()} {
		static, ephemeral := newKey(curve.GenerateKey(rand.Reader)), newKey(curve.GenerateKey(rand.Reader))
		b.put("static", pointFile(static.PublicKey()))
		b.put("ephemeral", pointFile(ephemeral.PublicKey()))
		bad := pointFile(static.PublicKey())
		bad[len(bad)-1] ^= 1
		b.put("bad", bad)
		b.do(fmt.Sprintf(`
			tpm2_create -Q -C primary.ctx -G ecc%[1]d:ecdh -c key.ctx
			tpm2_readpublic -Q -c key.ctx -f pem -o key.pem
			tpm2_ecdhzgen -Q -c key.ctx -u static -o z
			!tpm2_ecdhzgen -Q -c key.ctx -u bad -o no.z
			tpm2_ecdhkeygen -Q -c key.ctx -u generated.pub -o generated.z
			tpm2_ecdhzgen -Q -c key.ctx -u generated.pub -o again.z
			cmp generated.z again.z
			tpm2_ecephemeral -Q ecc%[1]d -u own -t counter`, bits))
		key := must[*ecdh.PublicKey](b)(b.public("key.pem").(*ecdsa.PublicKey).ECDH())
		b.x("z", static, key)
		counter := b.file("counter")
		phase := fmt.Sprintf("tpm2_zgen2phase -c key.ctx --static-public static --ephemeral-public ephemeral -t %d "+
			"--output-Z1 z1 --output-Z2 z2", int(counter[0])<<8|int(counter[1]))
		b.do(phase + "\n!" + phase) // what one TPM2_EC_Ephemeral made is used once
		b.x("z1", static, key)
		b.x("z2", ephemeral, b.point(curve, "own"))
	}
}
