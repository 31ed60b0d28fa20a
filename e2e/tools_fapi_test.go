package e2e

import (
	"crypto"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// toolsFAPI: the Feature API of tpm2-tss provisions the TPM by its RSA profile, and everything that its tools do.
func toolsFAPI(b *toolbox) {
	if !b.provision("P_RSA2048SHA256") {
		return
	}
	b.do(`
		tss2_createkey -p HS/SRK/sign -t noda,sign,exportable --authValue=
		tss2_createkey -p HS/SRK/changed -t noda,sign --authValue=
		tss2_changeauth --entityPath=HS/SRK/changed --authValue=keyauth
		tss2_gettpm2object -p HS/SRK/changed -c changed.ctx
		tpm2_sign -Q -c changed.ctx -p keyauth -g sha256 -s rsassa -o signature message
		!tpm2_sign -Q -c changed.ctx -g sha256 -s rsassa -o no message`)
	digest := sum256([]byte("a message"))
	b.put("digest", digest)
	b.do(`
		tss2_sign -p HS/SRK/sign -d digest -o pss.sig -k sign.pem -s RSA_PSS
		tss2_sign -p HS/SRK/sign -d digest -o ssa.sig -s RSA_SSA
		tss2_verifysignature -p HS/SRK/sign -d digest -i pss.sig
		tss2_import -p /ext/sign -i sign.pem
		tss2_verifysignature -p /ext/sign -d digest -i pss.sig
		tss2_createkey -p HS/SRK/crypt -t noda,decrypt --authValue=
		tss2_encrypt -p HS/SRK/crypt -i message -o cipher
		tss2_decrypt -p HS/SRK/crypt -i cipher -o plain
		cmp plain message
		tss2_createseal -p HS/SRK/seal -t noda --authValue= -i secret
		tss2_unseal -p HS/SRK/seal -o opened
		cmp opened secret
		tss2_getrandom -n 20 -o random`)
	b.signed("sign.pem", "message", "pss.sig", crypto.SHA256, true)
	b.signed("sign.pem", "message", "ssa.sig", crypto.SHA256, false)
	if n := len(b.file("random")); n != 20 {
		b.t.Errorf("%d random bytes", n)
	}
	b.fapiObjects()
	b.fapiNV()
	b.fapiQuote("HS/SRK/quote")
	b.fapiPolicies()
	b.do("tss2_delete -p HS/SRK/sign\ntss2_delete -p /")
	if kept := b.run("tpm2_getcap handles-persistent"); kept != "" {
		b.t.Errorf("there is still %s", kept)
	}
}

// toolsFAPIECC: the same by the profile for elliptic curves, as far as keys are different.
func toolsFAPIECC(b *toolbox) {
	if !b.provision("P_ECCP256SHA256") {
		return
	}
	b.put("digest", sum256([]byte("a message")))
	b.do(`
		tss2_createkey -p HS/SRK/sign -t noda,sign --authValue=
		tss2_sign -p HS/SRK/sign -d digest -o signature -k sign.pem
		tss2_verifysignature -p HS/SRK/sign -d digest -i signature
		tss2_createseal -p HS/SRK/seal -t noda --authValue= -i secret
		tss2_unseal -p HS/SRK/seal -o opened
		cmp opened secret`)
	b.signed("sign.pem", "message", "signature", crypto.SHA256, false)
	b.fapiQuote("HS/SRK/quote")
	b.do("tss2_delete -p /")
}

// provision writes a configuration whose files lie here, and provisions the TPM. It skips where the tools are missing.
func (b *toolbox) provision(profile string) bool {
	b.t.Helper()
	const profiles = "/etc/tpm2-tss/fapi-profiles/"
	if _, err := exec.LookPath("tss2_provision"); err != nil {
		missing(b.t, "no tools of the Feature API")
	}
	if _, err := os.Stat(profiles + profile + ".json"); err != nil {
		missing(b.t, "no profile of the Feature API: %v", err)
	}
	config := map[string]any{
		"profile_name": profile, "profile_dir": profiles, "ek_cert_less": "yes", "system_pcrs": []int{},
		"tcti": "swtpm:host=127.0.0.1,port=" + strconv.Itoa(b.tpm.port),
	}
	for _, dir := range []string{"user_dir", "system_dir", "log_dir"} {
		path := filepath.Join(b.dir, dir)
		if err := os.Mkdir(path, 0o700); err != nil {
			b.t.Fatal(err)
		}
		config[dir] = path
	}
	b.put("fapi.json", must[[]byte](b)(json.Marshal(config)))
	b.env = append(b.env, "TSS2_FAPICONF="+filepath.Join(b.dir, "fapi.json"))
	b.run("tss2_provision")
	b.says("tss2_list", "/"+profile+"/HS/SRK", "/"+profile+"/HE/EK")
	b.says("tss2_getinfo -o -", `"version":"tpm2-tss`, `"fapi_config"`)
	b.says("tpm2_getcap handles-persistent", "- 0x81000001")
	return true
}

// fapiObjects looks at a key from every side.
func (b *toolbox) fapiObjects() {
	b.t.Helper()
	b.do(`
		tss2_setdescription -p HS/SRK/sign -i described
		tss2_setappdata -p HS/SRK/sign -i message
		tss2_getappdata -p HS/SRK/sign -o appdata
		cmp appdata message
		tss2_gettpmblobs --path=HS/SRK/sign --tpm2bPublic=sign.pub --tpm2bPrivate=sign.priv --policy=sign.policy
		tss2_gettpm2object -p HS/SRK/sign -c sign.ctx
		tpm2_readpublic -Q -c sign.ctx -o read.pub
		cmp read.pub sign.pub
		openssl req -x509 -newkey rsa:2048 -nodes -keyout unused.pem -subj /CN=key -out key.crt
		tss2_setcertificate --path=HS/SRK/sign --x509certData=key.crt
		tss2_getcertificate -p HS/SRK/sign -o read.crt
		cmp read.crt key.crt
		tss2_exportkey -p HS/SRK/sign -o exported
		openssl x509 -in key.crt -outform DER -out key.der`)
	b.do(`
		tpm2_nvdefine -Q 0x1c08000 -C p -s ` + strconv.Itoa(len(b.file("key.der"))) + ` -a ppread|ppwrite|platformcreate|ownerread|authread|no_da
		tpm2_nvwrite -Q 0x1c08000 -C p -i key.der
		tss2_getplatformcertificates -o platform
		cmp platform key.der`)
	b.says("tss2_getdescription -p HS/SRK/sign -o -", "described")
	var exported struct {
		PEM string `json:"pem_ext_public"`
	}
	if err := json.Unmarshal(b.file("exported"), &exported); err != nil || exported.PEM != string(b.file("sign.pem")) {
		b.t.Errorf("exported is %q, %v", exported.PEM, err)
	}
}

// fapiNV uses an NV index of each type.
func (b *toolbox) fapiNV() {
	b.t.Helper()
	b.put("event", []byte(`{"test":"event"}`))
	b.do(`
		tss2_createnv -p /nv/Owner/plain -t noda -s 9 --authValue=
		tss2_nvwrite -p /nv/Owner/plain -i message
		tss2_nvread -p /nv/Owner/plain -o read
		cmp read message
		tss2_createnv -p /nv/Owner/counter -t noda,counter --authValue=
		tss2_nvincrement -p /nv/Owner/counter
		tss2_nvread -p /nv/Owner/counter -o count.1
		tss2_nvincrement -p /nv/Owner/counter
		tss2_nvread -p /nv/Owner/counter -o count.2
		tss2_createnv -p /nv/Owner/bits -t noda,bitfield --authValue=
		tss2_nvsetbits -p /nv/Owner/bits -i 0x0102
		tss2_nvread -p /nv/Owner/bits -o bits
		tss2_createnv -p /nv/Owner/log -t noda,pcr --authValue=
		tss2_nvextend -p /nv/Owner/log -i message -l event
		tss2_nvread -p /nv/Owner/log -o extended -l extended.log`)
	one, two := b.file("count.1"), b.file("count.2")
	if len(one) != 8 || len(two) != 8 || two[7] != one[7]+1 {
		b.t.Errorf("a counter counts from %x to %x", one, two)
	}
	b.is("bits", be64(0x0102))
	// The Feature API extends by the digest of what it is given, and its event's.
	if log := string(b.file("extended.log")); !strings.Contains(log, `"test":"event"`) {
		b.t.Errorf("the log of an NV index is %s", log)
	}
}

// fapiQuote quotes a PCR and its log, with a key at a path.
func (b *toolbox) fapiQuote(path string) {
	b.t.Helper()
	b.put("event", []byte(`{"test":"event"}`))
	b.do(`
		tss2_pcrextend --pcr=16 --data=message --logData=event
		tss2_pcrread -x 16 -o pcr -l pcr.log
		tpm2_pcrread sha256:16 -o same
		cmp pcr same
		openssl rand -out nonce 8
		openssl rand -out nonce.other 8
		tss2_createkey -p ` + path + ` -t noda,sign,restricted --authValue=
		tss2_quote -p ` + path + ` -x 16 -Q nonce -q quote -o quote.sig -l quote.log
		tss2_verifyquote -k ` + path + ` -Q nonce -q quote -i quote.sig -l quote.log
		!tss2_verifyquote -k ` + path + ` -Q nonce.other -q quote -i quote.sig -l quote.log`)
	b.is("pcr", sum256(make([]byte, 32), sum256([]byte("a message"))))
	var quote struct {
		Attest struct {
			Attested struct {
				Digest string `json:"pcrDigest"`
			} `json:"attested"`
		} `json:"attest"`
	}
	if err := json.Unmarshal(b.file("quote"), &quote); err != nil || quote.Attest.Attested.Digest != hex.EncodeToString(sum256(b.file("pcr"))) {
		b.t.Errorf("the quote is of %s, %v", quote.Attest.Attested.Digest, err)
	}
}

// fapiPolicies seals by policies in JSON: of a PCR, of whatever an NV index holds, of whatever a key signs.
func (b *toolbox) fapiPolicies() {
	b.t.Helper()
	b.run("tpm2_pcrread sha256:16 -o pcr")
	for name, policy := range map[string]string{
		"pcr": `{"type":"POLICYPCR","pcrs":[{"pcr":16,"hashAlg":"TPM2_ALG_SHA256","digest":"` + hex.EncodeToString(b.file("pcr")) + `"}]}`,
		"nv":  `{"type":"POLICYAUTHORIZENV","nvPath":"/nv/Owner/policy"}`,
		"key": `{"type":"POLICYAUTHORIZE","policyRef":[1,2],"keyPath":"HS/SRK/sign"}`,
	} {
		b.put("policy."+name, []byte(`{"description":"`+name+`","policy":[`+policy+`]}`))
	}
	b.put("reference", []byte{1, 2})
	b.do(`
		tss2_import -p /policy/pcr -i policy.pcr
		tss2_exportpolicy -p /policy/pcr -o exported.policy
		tss2_createseal -p HS/SRK/pcr -t noda --authValue= -i secret -P /policy/pcr
		tss2_createnv -p /nv/Owner/policy -t noda -s 34 --authValue=
		tss2_import -p /policy/nv -i policy.nv
		tss2_writeauthorizenv -p /nv/Owner/policy -P /policy/pcr
		tss2_createseal -p HS/SRK/nv -t noda --authValue= -i secret -P /policy/nv
		tss2_import -p /policy/key -i policy.key
		tss2_authorizepolicy --policyPath=/policy/pcr --keyPath=HS/SRK/sign --policyRef=reference
		tss2_createseal -p HS/SRK/key -t noda --authValue= -i secret -P /policy/key`)
	want := extended(make([]byte, 32), 0x17f, be32(1), be16(0x0b), []byte{3, 0, 0, 1}, sum256(b.file("pcr")))
	if exported := string(b.file("exported.policy")); !strings.Contains(exported, hex.EncodeToString(want)) {
		b.t.Errorf("the exported policy is %s, want the digest %x", exported, want)
	}
	for _, path := range []string{"pcr", "nv", "key"} {
		b.do("tss2_unseal -f -p HS/SRK/" + path + " -o opened\ncmp opened secret")
	}
	b.do(`
		tpm2_pcrevent 16 message
		!tss2_unseal -f -p HS/SRK/pcr -o no
		!tss2_unseal -f -p HS/SRK/nv -o no
		!tss2_unseal -f -p HS/SRK/key -o no`)
}
