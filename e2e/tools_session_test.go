package e2e

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"sync"
)

// A tap stands between the tools and an emulator and keeps what goes through.
type tap struct {
	mu    sync.Mutex
	bytes []byte
}

// take gives what went through since the last time.
func (t *tap) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.bytes
	t.bytes = nil
	return all
}

func (t *tap) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	return len(p), nil
}

// forward hands connections on, until the listener is closed.
func (t *tap) forward(l net.Listener, port int) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			c.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(io.MultiWriter(up, t), c)
			up.Close()
		}()
		go func() {
			_, _ = io.Copy(io.MultiWriter(c, t), up)
			c.Close()
		}()
	}
}

// listen puts a tap into the session's way.
func (b *toolbox) listen() *tap {
	b.t.Helper()
	t := &tap{}
	port := freePorts(b.t)
	for i := range 2 {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+i)))
		if err != nil {
			b.t.Fatal(err)
		}
		b.t.Cleanup(func() { l.Close() })
		go t.forward(l, b.tpm.port+i)
	}
	b.use(&socketTPM{port: port})
	return t
}

// toolsSession: sessions that are salted, bound, audited and encrypted, with an ear on the wire.
func toolsSession(b *toolbox) {
	wire := b.listen()
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -G ecc256 -u key.pub -r key.priv -p keyauth
		tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
		tpm2_readpublic -Q -c key.ctx -f pem -o key.pem
		tpm2_nvdefine -Q 0x1500001 -C o -s 32 -a authread|authwrite -p indexauth`)
	secret := b.file("secret")
	seen := func(what string, want bool) {
		b.t.Helper()
		if got := bytes.Contains(wire.take(), secret); got != want {
			b.t.Errorf("%s: the secret is on the wire: %v, want %v", what, got, want)
		}
	}
	seen("before", false)
	b.do("tpm2_nvwrite -Q 0x1500001 -P indexauth -i secret")
	seen("with the tools' own session", true)
	for _, c := range []struct{ name, start string }{
		{"salted", "--tpmkey-context primary.ctx"},
		{"salted, SHA-1", "--tpmkey-context primary.ctx -g sha1"},
		{"salted, SHA-384", "--tpmkey-context primary.ctx -g sha384"},
		{"bound", "--bind-context key.ctx --bind-auth keyauth"},
		{"salted and bound", "--tpmkey-context primary.ctx --bind-context key.ctx --bind-auth keyauth"},
	} {
		b.do(`
			tpm2_startauthsession -Q -S s --hmac-session ` + c.start + `
			tpm2_sessionconfig -Q s --enable-encrypt --enable-decrypt
			tpm2_nvwrite -Q 0x1500001 -P session:s+indexauth -i secret
			tpm2_nvread -Q 0x1500001 -P session:s+indexauth -o read
			cmp read secret
			!tpm2_nvread -Q 0x1500001 -P session:s+wrong -o no
			tpm2_flushcontext s
			tpm2_dictionarylockout -c`)
		seen(c.name, false)
	}
	b.boundSession()
	b.sessionBesides(seen)
	b.sessionContexts()
}

// boundSession uses the entity that a session is bound to, whose authorization the session then stands for.
func (b *toolbox) boundSession() {
	b.t.Helper()
	b.do(`
		tpm2_startauthsession -Q -S s --hmac-session --bind-context key.ctx --bind-auth keyauth
		tpm2_sign -Q -c key.ctx -p session:s+keyauth -g sha256 -s ecdsa -f plain -o signature message
		tpm2_flushcontext s`)
	b.signed("key.pem", "message", "signature", 5, false)
}

// sessionBesides encrypts by a session beside the one that authorizes.
func (b *toolbox) sessionBesides(seen func(string, bool)) {
	b.t.Helper()
	b.trial("password", "tpm2_policypassword -S p", extended(make([]byte, 32), 0x16b))
	seal := "tpm2_create -Q -C primary.ctx -i secret -p sealauth -L policy -u seal.pub -r seal.priv -a fixedtpm|fixedparent"
	b.do(seal)
	seen("sealing", true)
	b.do(`
		tpm2_startauthsession -Q -S s --hmac-session --tpmkey-context primary.ctx
		tpm2_sessionconfig -Q s --enable-encrypt --enable-decrypt
		` + seal + ` -S s
		tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
		tpm2_startauthsession -Q --policy-session -S p
		tpm2_policyauthvalue -S p
		tpm2_unseal -c seal.ctx -p session:p+sealauth -S s -o opened
		cmp opened secret
		tpm2_flushcontext p
		tpm2_flushcontext s`)
	seen("sealing and unsealing by a session", false)
}

// sessionContexts shows and changes what a session is for, and removes sessions of every kind.
func (b *toolbox) sessionContexts() {
	b.t.Helper()
	b.run("tpm2_startauthsession -Q -S s --policy-session")
	b.says("tpm2_sessionconfig s", "Session-Handle: 0x03", "continuesession", "Session-Digest: 00000000")
	b.run("tpm2_sessionconfig -Q s --enable-encrypt --enable-decrypt --enable-audit")
	b.says("tpm2_sessionconfig s", "continuesession|decrypt|encrypt|audit")
	b.run("tpm2_sessionconfig -Q s --disable-continuesession --disable-encrypt --disable-decrypt --disable-audit")
	if out := b.run("tpm2_sessionconfig s"); bytes.Contains([]byte(out), []byte("continuesession")) {
		b.t.Errorf("the session continues: %s", out)
	}
	b.says("tpm2_getcap handles-saved-session", "- 0x2000000")
	b.run("tpm2_flushcontext -s")
	for _, kind := range []string{"saved", "loaded"} {
		if out := b.run("tpm2_getcap handles-" + kind + "-session"); out != "" {
			b.t.Errorf("%s sessions are left: %s", kind, out)
		}
	}
	b.refuse("tpm2_sessionconfig s")
}
