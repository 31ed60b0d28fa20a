package e2e

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"strings"
)

// toolsDuplicate: keys that go from one TPM to another, or from a file to a TPM that alone can open it.
func toolsDuplicate(b *toolbox) {
	none := make([]byte, 32)
	other := b.beside()
	b.trial("duplication", "tpm2_policycommandcode -S p TPM2_CC_Duplicate", extended(none, 0x16c, be32(0x14b)))
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -G ecc256 -p keyauth -L policy -a sensitivedataorigin|userwithauth|sign -u key.pub -r key.priv
		tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
		tpm2_readpublic -Q -c key.ctx -f pem -o key.pem
		openssl rand -out inner 16`)
	other.do(`
		tpm2_createprimary -Q -C o -G ecc -c ecc.ctx
		tpm2_readpublic -Q -c ecc.ctx -o ecc.pub -n ecc.name
		tpm2_createprimary -Q -C o -G rsa2048 -c rsa.ctx
		tpm2_readpublic -Q -c rsa.ctx -o rsa.pub -n rsa.name
		!tpm2_load -Q -C ecc.ctx -u key.pub -r key.priv -c no.ctx`)
	for _, c := range []struct{ parent, duplicate, take string }{
		{"ecc", "-G null", ""},
		{"ecc", "-G aes -i inner", "-k inner"},
		{"rsa", "-G null", ""},
		{"rsa", "-G aes -o outer", "-k outer"},
	} {
		b.do("tpm2_loadexternal -Q -C o -u " + c.parent + ".pub -c parent.ctx")
		b.begin()
		b.do(`
			tpm2_policycommandcode -S p TPM2_CC_Duplicate
			tpm2_duplicate -Q -C parent.ctx -c key.ctx ` + c.duplicate + ` -p session:p -r sent.priv -s sent.seed
			tpm2_flushcontext p
			!tpm2_duplicate -Q -C parent.ctx -c key.ctx ` + c.duplicate + ` -p keyauth -r no.priv -s no.seed`)
		other.do(fmt.Sprintf(`
			tpm2_import -Q -C %s.ctx -u key.pub -i sent.priv -s sent.seed %s -L policy -r taken.priv
			tpm2_load -Q -C %s.ctx -u key.pub -r taken.priv -c taken.ctx
			tpm2_sign -Q -c taken.ctx -p keyauth -g sha256 -s ecdsa -f plain -o taken.sig message
			!tpm2_sign -Q -c taken.ctx -p wrong -g sha256 -s ecdsa -f plain -o no.sig message
			tpm2_dictionarylockout -c`, c.parent, c.take, c.parent))
		other.signed("key.pem", "message", "taken.sig", crypto.SHA256, false)
		seed := b.file("sent.seed")
		seed[len(seed)-1] ^= 1
		b.put("sent.seed", seed)
		other.do(fmt.Sprintf("!tpm2_import -Q -C %s.ctx -u key.pub -i sent.priv -s sent.seed %s -L policy -r no.priv", c.parent, c.take))
	}
	b.duplicateTo(other)
	b.sealFor(other)
}

// beside is a second emulator, with tools that work on the same files.
func (b *toolbox) beside() *toolbox {
	b.t.Helper()
	other := newToolbox(b.t, b.program, b.log)
	other.dir = b.dir
	return other
}

// duplicateTo allows a key to go to one parent and to no other.
func (b *toolbox) duplicateTo(other *toolbox) {
	b.t.Helper()
	none := make([]byte, 32)
	b.trial("duplication to a parent", "tpm2_policyduplicationselect -Q -S p -N ecc.name",
		extended(none, 0x188, b.file("ecc.name"), []byte{0}))
	b.do(`
		tpm2_create -Q -C primary.ctx -G ecc256 -L policy -a sensitivedataorigin|userwithauth|sign -u bound.pub -r bound.priv
		tpm2_load -Q -C primary.ctx -u bound.pub -r bound.priv -c bound.ctx -n bound.name
		tpm2_readpublic -Q -c bound.ctx -f pem -o bound.pem`)
	for _, parent := range []string{"rsa", "ecc"} {
		refused := map[string]string{"rsa": "!"}[parent]
		b.do("tpm2_loadexternal -Q -C o -u " + parent + ".pub -c parent.ctx")
		b.begin()
		b.do("tpm2_policyduplicationselect -Q -S p -N ecc.name -n bound.name\n" +
			refused + "tpm2_duplicate -Q -C parent.ctx -c bound.ctx -G null -p session:p -r sent.priv -s sent.seed\n" +
			"tpm2_flushcontext p")
	}
	other.do(`
		tpm2_import -Q -C ecc.ctx -u bound.pub -i sent.priv -s sent.seed -L policy -r taken.priv
		tpm2_load -Q -C ecc.ctx -u bound.pub -r taken.priv -c taken.ctx
		tpm2_sign -Q -c taken.ctx -g sha256 -s ecdsa -f plain -o taken.sig message`)
	other.signed("bound.pem", "message", "taken.sig", crypto.SHA256, false)
	b.trial("duplication of a key to a parent", "tpm2_policyduplicationselect -Q -S p -N ecc.name -n bound.name --include-object",
		extended(none, 0x188, b.file("bound.name"), b.file("ecc.name"), []byte{1}))
}

// sealFor wraps a key of openssl for a TPM that is not here: no TPM takes part in the wrapping.
func (b *toolbox) sealFor(other *toolbox) {
	b.t.Helper()
	b.do(`
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out own.pem
		openssl dgst -sha256 -sign own.pem -out own.sig message
		tpm2_duplicate -Q --tcti none -U rsa.pub -G rsa -k own.pem -u own.pub -r own.sent -s own.seed`)
	other.do(`
		tpm2_import -Q -C rsa.ctx -G rsa -i own.sent -s own.seed -u own.pub -r own.priv
		tpm2_load -Q -C rsa.ctx -u own.pub -r own.priv -c own.ctx
		tpm2_sign -Q -c own.ctx -g sha256 -s rsassa -f plain -o taken.sig message
		cmp own.sig taken.sig`)
}

// toolsCredential: endorsement keys, their certificates, attestation keys, and secrets for the TPM that has both.
func toolsCredential(b *toolbox) {
	other := b.beside()
	other.do("tpm2_createek -Q -G ecc -c other.ctx -u other.pub\ntpm2_createak -Q -C other.ctx -G ecc -g sha256 -s ecdsa -c otherak.ctx -u otherak.pub -n otherak.name")
	for _, c := range []struct{ ek, ak, scheme, key string }{
		{"rsa", "ecc", "ecdsa", "-G rsa"}, {"ecc", "rsa", "rsassa", "-G ecc"}, {"ecc384", "ecc", "ecdsa", ""},
	} {
		b.do(strings.NewReplacer("EK", c.ek, "AK", c.ak, "SCHEME", c.scheme).Replace(`
			tpm2_createek -Q -G EK -c ek.ctx -u ek.pub
			tpm2_readpublic -Q -c ek.ctx -f pem -o ek.pem
			tpm2_createak -Q -C ek.ctx -G AK -g sha256 -s SCHEME -c ak.ctx -u ak.pub -r ak.priv -n ak.name
			tpm2_readpublic -Q -c ak.ctx -n name
			cmp ak.name name`))
		name := hex.EncodeToString(b.file("ak.name"))
		// The other TPM makes the credential; then nobody's TPM does.
		other.run("tpm2_makecredential -Q -e ek.pub -s secret -n " + name + " -o credential")
		other.flush()
		b.activate("credential", true)
		if c.key != "" {
			b.run("tpm2_makecredential -Q --tcti none -u ek.pem " + c.key + " -s secret -n " + name + " -o credential")
			b.activate("credential", true)
		}
		other.run("tpm2_makecredential -Q -e ek.pub -s secret -n {hex:otherak.name} -o credential")
		other.flush()
		b.activate("credential", false)
		other.run("tpm2_makecredential -Q -e other.pub -s secret -n " + name + " -o credential")
		other.flush()
		b.activate("credential", false)
	}
	b.do(`
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout unused.pem -subj /CN=EK -outform DER -out ek.der
		openssl x509 -inform DER -in ek.der -noout`)
	size := fmt.Sprint(len(b.file("ek.der")))
	b.do(`
		tpm2_nvdefine -Q 0x1c0000a -C p -s ` + size + ` -a ppwrite|ppread|ownerread|authread|no_da|platformcreate
		tpm2_nvwrite -Q 0x1c0000a -C p -i ek.der
		tpm2_getekcertificate -Q -o certificate
		cmp certificate ek.der`)
}

// activate opens a credential with the keys that lie there, or does not.
func (b *toolbox) activate(credential string, ok bool) {
	b.t.Helper()
	open := "tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i " + credential + " -o opened"
	if !ok {
		open = "!" + open
	}
	if strings.Contains(b.run("tpm2_print -t TPM2B_PUBLIC ek.pub"), "userwithauth") { // EK Credential Profile, template H
		b.do(open)
	} else {
		b.begin()
		b.do("tpm2_policysecret -Q -S p -c e\n" + open + " -P session:p\ntpm2_flushcontext p")
	}
	if ok {
		b.is("opened", b.file("secret"))
	}
}
