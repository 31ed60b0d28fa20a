package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// toolsRSA: signatures and encryption with keys of the TPM and of openssl, and their forms in files.
func toolsRSA(b *toolbox) {
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -G rsa2048 -u rsa.pub -r rsa.priv -p keyauth
		tpm2_load -Q -C primary.ctx -u rsa.pub -r rsa.priv -c rsa.ctx -n rsa.name
		tpm2_readpublic -Q -c rsa.ctx -f pem -o rsa.pem
		tpm2_readpublic -Q -c rsa.ctx -f der -o rsa.der -n again.name -q rsa.qname
		tpm2_readpublic -Q -c rsa.ctx -f tpmt -o rsa.tpmt
		tpm2_readpublic -Q -c primary.ctx -f tpmt -o primary.tpmt
		openssl pkey -pubin -inform DER -in rsa.der -out der.pem
		cmp der.pem rsa.pem
		cmp rsa.name again.name`)
	b.is("rsa.pub", sized(b.file("rsa.tpmt")))
	name := name256(b.file("rsa.tpmt"))
	b.is("rsa.name", name)
	// Part 1, 14: qualified Names begin at the hierarchy's handle.
	parent := append(be16(0x0b), sum256(be32(0x40000001), name256(b.file("primary.tpmt")))...)
	b.is("rsa.qname", append(be16(0x0b), sum256(parent, name)...))
	b.says("tpm2_print -t TPM2B_PUBLIC rsa.pub", "value: rsa", "bits: 2048")
	b.says("tpm2_print -t TPMT_PUBLIC rsa.tpmt", "exponent: 65537")
	b.run("tpm2_print -t TPM2B_PUBLIC -f pem rsa.pub")

	for name, h := range map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512} {
		for _, scheme := range []string{"rsassa", "rsapss"} {
			b.do(fmt.Sprintf(`
				tpm2_sign -Q -c rsa.ctx -p keyauth -g %s -s %s -f plain -o signature message
				tpm2_verifysignature -Q -c rsa.ctx -g %s -f %s -m message -s signature
				!tpm2_verifysignature -Q -c rsa.ctx -g %s -f %s -m secret -s signature`,
				name, scheme, name, scheme, name, scheme))
			b.signed("rsa.pem", "message", "signature", h, scheme == "rsapss")
		}
	}
	digest := sha256.Sum256([]byte("a message"))
	b.put("digest", digest[:])
	b.do(`
		tpm2_sign -Q -c rsa.ctx -p keyauth -g sha256 -s rsassa -d -o digest.sig digest
		tpm2_verifysignature -Q -c rsa.ctx -d digest -s digest.sig -t verified
		tpm2_hash -C o -g sha256 -o digest -t digest.ticket message
		tpm2_create -Q -C primary.ctx -G rsa2048:rsassa-sha256:null -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|restricted -c restricted.ctx
		tpm2_readpublic -Q -c restricted.ctx -f pem -o restricted.pem
		tpm2_sign -Q -c restricted.ctx -g sha256 -d -t digest.ticket -f plain -o restricted.sig digest
		!tpm2_sign -Q -c restricted.ctx -g sha256 -d -f plain -o no.sig digest`)
	b.signed("restricted.pem", "message", "restricted.sig", crypto.SHA256, false)
	if t := b.file("verified"); !strings.HasPrefix(hex.EncodeToString(t), "802240000001") {
		b.t.Errorf("the ticket of a verified signature is %x", t)
	}
	b.rsaEncryption()
	b.rsaOfOpenSSL()
}

// rsaEncryption encrypts in Go what the TPM decrypts, and in the TPM what Go decrypts.
func (b *toolbox) rsaEncryption() {
	b.t.Helper()
	key := must[[]byte](b)
	public := b.public("rsa.pem").(*rsa.PublicKey)
	b.put("oaep", key(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, []byte("a message"), nil)))
	b.put("oaep.label", key(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, []byte("a message"), []byte("label\x00"))))
	b.put("pkcs1", key(rsa.EncryptPKCS1v15(rand.Reader, public, []byte("a message")))) //nolint:staticcheck // TPMs do it
	b.do(`
		tpm2_rsadecrypt -Q -c rsa.ctx -p keyauth -s oaep -o plain oaep
		cmp plain message
		tpm2_rsadecrypt -Q -c rsa.ctx -p keyauth -s oaep -l label -o plain oaep.label
		cmp plain message
		!tpm2_rsadecrypt -Q -c rsa.ctx -p keyauth -s oaep -o plain oaep.label
		tpm2_rsadecrypt -Q -c rsa.ctx -p keyauth -s rsaes -o plain pkcs1
		cmp plain message
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out own.pem
		openssl pkey -in own.pem -pubout -out own.pub.pem
		tpm2_loadexternal -Q -C n -G rsa -u own.pub.pem -c own.ctx
		tpm2_rsaencrypt -Q -c own.ctx -s oaep -o oaep message
		tpm2_rsaencrypt -Q -c own.ctx -s rsaes -o pkcs1 message
		openssl pkeyutl -decrypt -inkey own.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in oaep -out plain
		cmp plain message
		openssl pkeyutl -decrypt -inkey own.pem -in pkcs1 -out plain
		cmp plain message`)
}

// rsaOfOpenSSL brings openssl's keys into the TPM, and the TPM's keys into a file as the provider for openssl reads it.
func (b *toolbox) rsaOfOpenSSL() {
	b.t.Helper()
	b.do(`
		openssl pkey -aes128 -passout pass:open -in own.pem -out sealed.pem
		tpm2_import -Q -C primary.ctx -G rsa -i sealed.pem --passin pass:open -p newauth -u import.pub -r import.priv
		tpm2_load -Q -C primary.ctx -u import.pub -r import.priv -c import.ctx
		tpm2_readpublic -Q -c import.ctx -f pem -o import.pem
		cmp import.pem own.pub.pem
		tpm2_sign -Q -c import.ctx -p newauth -g sha256 -s rsassa -f plain -o tpm.sig message
		openssl dgst -sha256 -sign own.pem -out openssl.sig message
		cmp tpm.sig openssl.sig
		tpm2_loadexternal -Q -G rsa -r own.pem -c external.ctx
		tpm2_sign -Q -c external.ctx -g sha256 -s rsassa -f plain -o tpm.sig message
		cmp tpm.sig openssl.sig
		tpm2_verifysignature -Q -c own.ctx -g sha256 -f rsassa -m message -s openssl.sig
		tpm2_changeauth -Q -c rsa.ctx -C primary.ctx -p keyauth -r changed.priv changed
		tpm2_load -Q -C primary.ctx -u rsa.pub -r changed.priv -c changed.ctx
		tpm2_sign -Q -c changed.ctx -p changed -g sha256 -s rsassa -f plain -o changed.sig message
		!tpm2_sign -Q -c changed.ctx -p keyauth -g sha256 -s rsassa -f plain -o no.sig message`)
	b.signed("rsa.pem", "message", "changed.sig", crypto.SHA256, false)
}
