package e2e

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// toolsOpenSSL: openssl with the provider that has its keys in the TPM, up to a server of TLS.
func toolsOpenSSL(b *toolbox) {
	if out, err := exec.Command("openssl", "list", "-providers", "-provider", "tpm2").CombinedOutput(); err != nil {
		missing(b.t, "no TPM provider for openssl: %s", out)
	}
	for _, v := range b.env {
		if tcti, ok := strings.CutPrefix(v, "TPM2TOOLS_TCTI="); ok {
			b.env = append(b.env, "TPM2OPENSSL_TCTI="+tcti)
		}
	}
	const provider = " -provider tpm2 -provider default "
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000001
		openssl genpkey` + provider + `-algorithm EC -pkeyopt group:P-256 -pkeyopt parent:0x81000001 -out ecc.pem
		openssl genpkey` + provider + `-algorithm RSA -pkeyopt bits:2048 -out rsa.pem
		tpm2_create -Q -C 0x81000001 -G ecc384 -u own.pub -r own.priv
		tpm2_encodeobject -C 0x81000001 -u own.pub -r own.priv -o own.pem`)
	for _, key := range []string{"ecc", "rsa", "own"} {
		b.do(strings.ReplaceAll(`
			openssl pkey`+provider+`-in KEY.pem -pubout -out KEY.pub.pem
			openssl pkeyutl`+provider+`-sign -inkey KEY.pem -rawin -digest sha256 -in message -out KEY.sig
			openssl req`+provider+`-x509 -key KEY.pem -subj /CN=tpm -addext subjectAltName=DNS:tpm -out KEY.crt
			openssl verify -CAfile KEY.crt KEY.crt`, "KEY", key))
		b.signed(key+".pub.pem", "message", key+".sig", crypto.SHA256, false)
		b.serveTLS(key, provider)
	}
	b.do(`
		openssl pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out cipher
		openssl pkeyutl` + provider + `-decrypt -inkey rsa.pem -in cipher -out plain
		cmp plain message`)
	if left := b.run("tpm2_getcap handles-transient") + b.run("tpm2_getcap handles-loaded-session"); left != "" {
		b.t.Errorf("the provider leaves %s", left)
	}
}

// serveTLS lets openssl serve with a key in the TPM, and shakes hands.
func (b *toolbox) serveTLS(key, provider string) {
	b.t.Helper()
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePorts(b.t)))
	args := strings.Fields("openssl s_server" + provider + "-naccept 1 -quiet -accept " + address + " -key " + key + ".pem -cert " + key + ".crt")
	server := exec.Command(args[0], args[1:]...)
	server.Dir, server.Env = b.dir, b.env
	if err := server.Start(); err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b.file(key + ".crt"))
	var err error
	for range 100 {
		var c *tls.Conn
		if c, err = tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "tpm"}); err == nil {
			c.Close()
			return
		} else if _, refused := err.(*net.OpError); !refused {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Errorf("TLS with %s.pem: %v", key, err)
}
