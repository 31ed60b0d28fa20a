package e2e

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	_ "crypto/sha512" // SHA-384 and SHA-512, by crypto.Hash
	"encoding/hex"
	"fmt"
)

// toolsHash: digests and their tickets, short and long.
func toolsHash(b *toolbox) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 400)
	b.put("long", long)
	for name, h := range map[string]crypto.Hash{"sha1": crypto.SHA1, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512} {
		b.run("tpm2_hash -C o -g " + name + " -o digest -t ticket long")
		b.is("digest", hashed(h, long))
		if ticket := b.file("ticket"); !bytes.HasPrefix(ticket, []byte{0x80, 0x24, 0x40, 0, 0, 1}) || len(ticket) < 28 {
			b.t.Errorf("the ticket of a digest is %x", ticket)
		}
		b.says("tpm2_hash --hex -g "+name+" message", hex.EncodeToString(hashed(h, []byte("a message"))))
	}
	b.put("magic", join([]byte{0xff, 'T', 'C', 'G'}, long))
	b.run("tpm2_hash -C o -g sha256 -o digest -t ticket magic")
	if ticket := b.file("ticket"); !bytes.Equal(ticket, []byte{0x80, 0x24, 0x40, 0, 0, 7, 0, 0}) {
		b.t.Errorf("a digest of what looks like an attestation has the ticket %x", ticket)
	}
}

// toolsSymmetric: AES in every mode and HMAC, with keys that openssl made or the TPM.
func toolsSymmetric(b *toolbox) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 130)
	b.put("long", long)
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		openssl rand -out iv 16`)
	for _, bits := range []int{128, 256} {
		b.do(fmt.Sprintf(`
			openssl rand -out key %d
			tpm2_import -Q -C primary.ctx -G aes -i key -u aes.pub -r aes.priv -p keyauth
			tpm2_load -Q -C primary.ctx -u aes.pub -r aes.priv -c aes.ctx`, bits/8))
		for _, mode := range []string{"cfb", "cbc", "ctr", "ofb", "ecb"} {
			iv, opensslIV := "-t iv", "-iv {hex:iv}"
			if mode == "ecb" {
				iv, opensslIV = "", ""
			}
			b.do(fmt.Sprintf(`
				openssl enc -aes-%d-%s -nopad -K {hex:key} %s -in long -out want
				tpm2_encryptdecrypt -Q -c aes.ctx -p keyauth -G %s %s -o got long
				cmp want got
				tpm2_encryptdecrypt -Q -c aes.ctx -p keyauth -G %s %s -d -o back got
				cmp back long`, bits, mode, opensslIV, mode, iv, mode, iv))
		}
	}
	b.do(`
		!tpm2_encryptdecrypt -Q -c aes.ctx -p wrong -G cfb -t iv -o got long
		# A message that fills no block is padded (PKCS#7).
		openssl enc -aes-256-cbc -K {hex:key} -iv {hex:iv} -in message -out want
		tpm2_encryptdecrypt -Q -c aes.ctx -p keyauth -G cbc -t iv -e -o got message
		cmp want got
		# A key of the TPM has one mode and no other.
		tpm2_create -Q -C primary.ctx -G aes128cfb -c own.ctx
		tpm2_encryptdecrypt -Q -c own.ctx -t iv -o got message
		tpm2_encryptdecrypt -Q -c own.ctx -t iv -d -o back got
		cmp back message
		!tpm2_encryptdecrypt -Q -c own.ctx -G cbc -t iv -o got long
		openssl rand -out key 32
		tpm2_import -Q -C primary.ctx -G hmac -i key -u hmac.pub -r hmac.priv
		tpm2_load -Q -C primary.ctx -u hmac.pub -r hmac.priv -c hmac.ctx
		tpm2_hmac -Q -c hmac.ctx -o short.mac message
		tpm2_hmac -Q -c hmac.ctx -o long.mac long
		tpm2_hmac -Q -c hmac.ctx -g sha256 -o ticket.mac -t ticket message
		tpm2_create -Q -C primary.ctx -G hmac -c own.ctx -p keyauth
		tpm2_hmac -Q -c own.ctx -p keyauth -o own.mac message
		!tpm2_hmac -Q -c own.ctx -p wrong -o own.mac message`)
	mac := func(data []byte) []byte {
		m := hmac.New(crypto.SHA256.New, b.file("key"))
		m.Write(data)
		return m.Sum(nil)
	}
	b.is("short.mac", mac([]byte("a message")))
	b.is("ticket.mac", mac([]byte("a message")))
	b.is("long.mac", mac(long))
	if len(b.file("own.mac")) != 32 {
		b.t.Errorf("an HMAC is %x", b.file("own.mac"))
	}
}
