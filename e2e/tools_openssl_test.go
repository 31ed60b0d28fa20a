package e2e

import (
	"crypto"
	"os/exec"
	"strings"
)

// toolsOpenSSL: openssl with the provider that has its keys in the TPM. Debian's provider cannot serve TLS from a TPM without a
// resource manager (each copy of a digest is an object), nor read the files that tpm2_encodeobject writes, on any emulator.
func toolsOpenSSL(b *toolbox) {
	for _, v := range b.env {
		if tcti, ok := strings.CutPrefix(v, "TPM2TOOLS_TCTI="); ok {
			b.env = append(b.env, "TPM2OPENSSL_TCTI="+tcti)
		}
	}
	list := exec.Command("openssl", "list", "-providers", "-provider", "tpm2")
	list.Env = b.env
	if out, err := list.CombinedOutput(); err != nil {
		missing(b.t, "no TPM provider for openssl: %s", out)
	}
	const provider = " -provider tpm2 -provider default "
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000001
		tpm2_flushcontext -t
		openssl genpkey` + provider + `-algorithm EC -pkeyopt group:P-256 -pkeyopt parent:0x81000001 -out ecc.pem
		openssl genpkey` + provider + `-algorithm RSA -pkeyopt bits:2048 -out rsa.pem`)
	for _, key := range []string{"ecc", "rsa"} {
		b.do(strings.ReplaceAll(`
			openssl pkey`+provider+`-in KEY.pem -pubout -out KEY.pub.pem
			openssl pkeyutl`+provider+`-sign -inkey KEY.pem -rawin -digest sha256 -in message -out KEY.sig
			openssl req`+provider+`-x509 -key KEY.pem -subj /CN=tpm -addext subjectAltName=DNS:tpm -out KEY.crt
			openssl verify -CAfile KEY.crt KEY.crt`, "KEY", key))
		b.signed(key+".pub.pem", "message", key+".sig", crypto.SHA256, false)
	}
	b.do(`
		openssl pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out cipher
		openssl pkeyutl` + provider + `-decrypt -inkey rsa.pem -in cipher -out plain
		cmp plain message
		openssl rand -provider tpm2 -hex 16`)
	if left := b.run("tpm2_getcap handles-transient") + b.run("tpm2_getcap handles-loaded-session"); left != "" {
		b.t.Errorf("the provider leaves %s", left)
	}
}
