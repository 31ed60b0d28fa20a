package e2e

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"regexp"
)

// extended is a policy digest after a command that extends it with its code and arguments (Part 3, 23).
func extended(old []byte, code int64, args ...[]byte) []byte {
	return sum256(old, be32(code), join(args...))
}

// authorized is PolicyUpdate of Part 3, 23.2.3: a name, then a reference.
func authorized(old []byte, code int64, name, ref []byte) []byte {
	return sum256(extended(old, code, name), ref)
}

// A policyCase is a policy that opens a sealed secret.
type policyCase struct {
	name  string
	steps string // the tools that satisfy it, in session p
	want  []byte // its digest
	auth  string // what the tool says after the session, for policies that ask for the secret's own authorization
	wrong string // steps that do not satisfy it; the tool that uses the session fails, if not one of them
}

// toolsPolicy: every assertion that can guard a secret, its digest computed by hand.
func toolsPolicy(b *toolbox) {
	none := make([]byte, 32)
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_pcrevent 16 message
		tpm2_pcrread sha256:16 -o pcr16
		tpm2_nvdefine -Q 0x1500001 -C o -s 8 -a ownerread|ownerwrite|authread|authwrite -p indexauth
		openssl rand -out operand 8
		tpm2_nvwrite -Q 0x1500001 -C o -i operand`)
	index := b.nvName("0x1500001")
	b.put("later", be64(600_000))
	operand := sum256(b.file("operand"), be16(0), be16(0))
	upper := sum256(be64(3_600_000), be16(0), be16(5))
	pcr := extended(none, 0x17f, be32(1), be16(0x0b), []byte{3, 0, 0, 1}, sum256(b.file("pcr16")))
	unseal := extended(none, 0x16c, be32(0x15e))
	b.put("policy.pcr", pcr)
	b.put("policy.unseal", unseal)
	stored := join(be16(0x0b), unseal)
	b.put("stored", stored)
	b.do(`
		tpm2_nvdefine -Q 0x1500002 -C o -s 34 -a ownerwrite|authread -p indexauth
		tpm2_nvwrite -Q 0x1500002 -C o -i stored
		tpm2_createpolicy -Q --policy-pcr -l sha256:16 -L created
		cmp created policy.pcr`)
	for _, c := range []policyCase{
		{name: "pcr", want: pcr, steps: "tpm2_policypcr -S p -l sha256:16", wrong: "tpm2_policypcr -S p -l sha256:15"},
		{name: "command code", want: unseal, steps: "tpm2_policycommandcode -S p TPM2_CC_Unseal", wrong: "tpm2_policycommandcode -S p TPM2_CC_Sign"},
		{name: "auth value", want: extended(none, 0x16b), steps: "tpm2_policyauthvalue -S p", auth: "+keyauth"},
		{name: "password", want: extended(none, 0x16b), steps: "tpm2_policypassword -S p", auth: "+keyauth", wrong: "tpm2_policycommandcode -S p TPM2_CC_Unseal"},
		{name: "locality", want: extended(none, 0x16f, []byte{1}), steps: "tpm2_policylocality -S p zero", wrong: "tpm2_policylocality -S p three"},
		{name: "counter and timer", want: extended(none, 0x16d, upper), steps: "tpm2_policycountertimer -S p --ult 3600000", wrong: "!tpm2_policycountertimer -S p --ugt 3600000"},
		{name: "nv", want: extended(none, 0x149, operand, index), steps: "tpm2_policynv -S p -C 0x1500001 -P indexauth -i operand 0x1500001 eq", wrong: "!tpm2_policynv -S p -C 0x1500001 -P indexauth -i later 0x1500001 eq"},
		{name: "or", want: extended(none, 0x171, pcr, unseal), steps: "tpm2_policycommandcode -S p TPM2_CC_Unseal\ntpm2_policyor -S p sha256:policy.pcr,policy.unseal", wrong: "!tpm2_policyor -S p sha256:policy.pcr,policy.unseal"},
		{name: "secret", want: authorized(none, 0x151, be32(0x40000001), []byte{0xab}), steps: "tpm2_policysecret -Q -S p -c o -q ab", wrong: "tpm2_policysecret -Q -S p -c e -q ab"},
		{name: "authorize nv", want: extended(none, 0x192, b.nvName("0x1500002")), steps: "tpm2_policycommandcode -S p TPM2_CC_Unseal\ntpm2_policyauthorizenv -S p -C 0x1500002 -P indexauth 0x1500002", wrong: "!tpm2_policyauthorizenv -S p -C 0x1500002 -P indexauth 0x1500002"},
		{name: "two", want: extended(pcr, 0x16c, be32(0x15e)), steps: "tpm2_policypcr -S p -l sha256:16\ntpm2_policycommandcode -S p TPM2_CC_Unseal", wrong: "tpm2_policypcr -S p -l sha256:16"},
		{name: "restart", want: unseal, steps: "tpm2_policypassword -S p\ntpm2_policyrestart -S p\ntpm2_policycommandcode -S p TPM2_CC_Unseal"},
	} {
		b.guards(c)
	}
	for name, h := range map[string]crypto.Hash{"sha1": crypto.SHA1, "sha384": crypto.SHA384, "sha512": crypto.SHA512} {
		b.do("tpm2_startauthsession -Q -S p -g " + name + "\ntpm2_policycommandcode -Q -S p -L digest TPM2_CC_Unseal\ntpm2_flushcontext p")
		b.is("digest", hashed(h, make([]byte, h.Size()), be32(0x16c), be32(0x15e)))
	}
	b.do("tpm2_pcrevent 16 message")
	b.begin()
	b.do("tpm2_policypcr -S p -l sha256:16")
	b.do("!tpm2_unseal -c pcr.ctx -p session:p -o no\ntpm2_flushcontext p")
}

// begin starts the policy session p.
func (b *toolbox) begin() {
	b.t.Helper()
	b.run("tpm2_startauthsession -Q --policy-session -S p")
}

// trial computes a policy in a trial session and wants its digest; it is in the file "policy" then.
func (b *toolbox) trial(name, steps string, want []byte) {
	b.t.Helper()
	b.run("tpm2_startauthsession -Q -S p")
	b.do(steps)
	b.do("tpm2_getpolicydigest -Q -S p -o policy\ntpm2_flushcontext p")
	if got := b.file("policy"); !bytes.Equal(got, want) {
		b.t.Errorf("the digest of the policy %s is %x, want %x", name, got, want)
	}
}

// guards seals a secret with a policy, opens it, and fails to open it.
func (b *toolbox) guards(c policyCase) {
	b.t.Helper()
	b.trial(c.name, c.steps, c.want)
	b.do(`
		tpm2_create -Q -C primary.ctx -i secret -p keyauth -L policy -a fixedtpm|fixedparent -u seal.pub -r seal.priv
		tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
		!tpm2_unseal -c seal.ctx -p keyauth -o no`)
	if c.name == "pcr" {
		b.put("pcr.ctx", b.file("seal.ctx"))
	}
	b.begin()
	b.do(c.steps)
	b.do("tpm2_unseal -c seal.ctx -p session:p" + c.auth + " -o opened\ncmp opened secret\ntpm2_flushcontext p")
	b.begin()
	b.do(c.wrong)
	b.do("!tpm2_unseal -c seal.ctx -p session:p" + c.auth + " -o no\ntpm2_flushcontext p")
	if c.auth != "" {
		b.begin()
		b.do(c.steps)
		b.do("!tpm2_unseal -c seal.ctx -p session:p+wrong -o no\ntpm2_flushcontext p\ntpm2_dictionarylockout -c")
	}
}

// nvName gives the Name of an NV index.
func (b *toolbox) nvName(index string) []byte {
	b.t.Helper()
	out := b.run("tpm2_nvreadpublic " + index)
	m := regexp.MustCompile(`name: ([0-9a-f]+)`).FindStringSubmatch(out)
	if m == nil {
		b.t.Fatalf("no name in %s", out)
	}
	return must[[]byte](b)(hex.DecodeString(m[1]))
}
