package e2e

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/google/go-tpm/tpm2"
)

// toolsAttestation: everything that a TPM signs about itself, read and verified by others.
func toolsAttestation(b *toolbox) {
	b.do(`
		tpm2_createprimary -Q -C e -G ecc256:ecdsa-sha256:null -a fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|restricted -c sign.ctx
		tpm2_readpublic -Q -c sign.ctx -f pem -o sign.pem -q sign.qname
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -G ecc256 -u key.pub -r key.priv --creation-data creation.data -d creation.hash -t creation.ticket -q beef
		tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx -n key.name
		tpm2_readpublic -Q -c key.ctx -q key.qname`)
	b.quote()
	b.certifyKeys()
	b.certifyNV()
	b.certifyTime()
	b.sessionAudit()
	b.commandAudit()
}

// quote checks quotes of several banks, against the tool that checks them and against Go.
func (b *toolbox) quote() {
	b.t.Helper()
	b.do(`
		tpm2_pcrevent 16 message
		tpm2_pcrread sha256:0,16 -o pcrs
		tpm2_quote -Q -c sign.ctx -l sha256:0,16 -q 0123456789abcdef -m message.att -s plain.sig -f plain -g sha256
		tpm2_quote -Q -c sign.ctx -l sha1:0,23+sha256:0,1,16 -q 0123456789abcdef -m quote -s quote.sig -o quote.pcrs -g sha256
		tpm2_checkquote -Q -u sign.pem -m quote -s quote.sig -f quote.pcrs -g sha256 -q 0123456789abcdef
		!tpm2_checkquote -Q -u sign.pem -m quote -s quote.sig -f quote.pcrs -g sha256 -q 0123456789abcdee`)
	b.says("tpm2_print -t TPMS_ATTEST quote", "type: 8018", "extraData: 0123456789abcdef")
	a := b.attest(tpm2.TPMSTAttestQuote, "sign.pem", "message.att", "plain.sig", []byte{1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef})
	quoted := must[*tpm2.TPMSQuoteInfo](b)(a.Attested.Quote())
	if want := sum256(b.file("pcrs")); !bytes.Equal(quoted.PCRDigest.Buffer, want) {
		b.t.Errorf("the digest of the PCRs is %x, want %x", quoted.PCRDigest.Buffer, want)
	}
	if s := quoted.PCRSelect.PCRSelections; len(s) != 1 || !bytes.Equal(s[0].PCRSelect, []byte{1, 0, 1}) {
		b.t.Errorf("quoted is %v", s)
	}
	if !bytes.Equal(a.QualifiedSigner.Buffer, b.file("sign.qname")) {
		b.t.Errorf("the signer is %x, want %x", a.QualifiedSigner.Buffer, b.file("sign.qname"))
	}
}

// certifyKeys attests that a key is in the TPM, and how it was made.
func (b *toolbox) certifyKeys() {
	b.t.Helper()
	b.do(`
		tpm2_certify -Q -C sign.ctx -c key.ctx -g sha256 -o certify.att -s certify.sig -f plain
		tpm2_certifycreation -Q -C sign.ctx -c key.ctx -d creation.hash -t creation.ticket -g sha256 -o creation.sig -f plain --attestation creation.att -q cafe
		!tpm2_certifycreation -Q -C sign.ctx -c primary.ctx -d creation.hash -t creation.ticket -g sha256 -o no.sig -f plain --attestation no.att`)
	a := b.attest(tpm2.TPMSTAttestCertify, "sign.pem", "certify.att", "certify.sig", []byte{0, 0xff, 0x55, 0xaa})
	certified := must[*tpm2.TPMSCertifyInfo](b)(a.Attested.Certify())
	if !bytes.Equal(certified.Name.Buffer, b.file("key.name")) || !bytes.Equal(certified.QualifiedName.Buffer, b.file("key.qname")) {
		b.t.Errorf("certified is %x, %x", certified.Name.Buffer, certified.QualifiedName.Buffer)
	}
	a = b.attest(tpm2.TPMSTAttestCreation, "sign.pem", "creation.att", "creation.sig", []byte{0xca, 0xfe})
	created := must[*tpm2.TPMSCreationInfo](b)(a.Attested.Creation())
	data := b.file("creation.data")
	if !bytes.Equal(created.ObjectName.Buffer, b.file("key.name")) || !bytes.Equal(created.CreationHash.Buffer, sum256(data[2:])) {
		b.t.Errorf("the attested creation is %x, %x", created.ObjectName.Buffer, created.CreationHash.Buffer)
	}
	if !bytes.HasSuffix(data, []byte{0, 2, 0xbe, 0xef}) {
		b.t.Errorf("the creation data is %x", data)
	}
}

// certifyNV attests the content of an NV index.
func (b *toolbox) certifyNV() {
	b.t.Helper()
	b.do(`
		tpm2_nvdefine -Q 0x1500009 -C o -s 9 -a ownerread|ownerwrite|authread -p indexauth
		tpm2_nvwrite -Q 0x1500009 -C o -i message
		tpm2_nvcertify -C sign.ctx -g sha256 -f plain -o nv.sig --attestation nv.att --offset 2 --size 7 -p indexauth -q 01 -c 0x1500009 0x1500009
		!tpm2_nvcertify -C sign.ctx -g sha256 -f plain -o no.sig --attestation no.att --offset 3 --size 7 -p indexauth -c 0x1500009 0x1500009`)
	a := b.attest(tpm2.TPMSTAttestNV, "sign.pem", "nv.att", "nv.sig", []byte{1})
	nv := must[*tpm2.TPMSNVCertifyInfo](b)(a.Attested.NV())
	if nv.Offset != 2 || string(nv.NVContents.Buffer) != "message" {
		b.t.Errorf("attested is %q at %d", nv.NVContents.Buffer, nv.Offset)
	}
	if name := hex.EncodeToString(nv.IndexName.Buffer); !strings.Contains(b.run("tpm2_nvreadpublic 0x1500009"), name) {
		b.t.Errorf("the name of the index is %s", name)
	}
}

// certifyTime attests the clock.
func (b *toolbox) certifyTime() {
	b.t.Helper()
	before := b.clock()
	b.do("tpm2_gettime -c sign.ctx -g sha256 -f plain -o time.sig --attestation time.att -q abcd")
	a := b.attest(tpm2.TPMSTAttestTime, "sign.pem", "time.att", "time.sig", []byte{0xab, 0xcd})
	time := must[*tpm2.TPMSTimeAttestInfo](b)(a.Attested.Time()).Time
	if time.Time < before["time"] || time.Time > before["time"]+60_000 || uint64(time.ClockInfo.ResetCount) != before["reset_count"] {
		b.t.Errorf("the attested time is %+v, before it was %v", time, before)
	}
	if a.ClockInfo != time.ClockInfo {
		b.t.Errorf("a key of the endorsement hierarchy attests the clock %+v, not %+v", a.ClockInfo, time.ClockInfo)
	}
}

// auditOfRandom is the audit digest after a TPM2_GetRandom of 8 bytes (Part 1, 29 and 16.7).
func auditOfRandom(before, random []byte) []byte {
	cp := sum256(be32(0x17b), be16(8))
	rp := sum256(be32(0), be32(0x17b), sized(random))
	return sum256(before, cp, rp)
}

// sessionAudit follows an audit session by its own count.
func (b *toolbox) sessionAudit() {
	b.t.Helper()
	b.do(`
		tpm2_startauthsession -S audit.session --audit-session
		tpm2_getrandom 8 -S audit.session -o one
		tpm2_getrandom 8 -S audit.session -o two
		tpm2_getsessionauditdigest -c sign.ctx -m session.att -s session.sig -S audit.session -f plain -g sha256 -q 77
		tpm2_flushcontext audit.session`)
	a := b.attest(tpm2.TPMSTAttestSessionAudit, "sign.pem", "session.att", "session.sig", []byte{0x77})
	audited := must[*tpm2.TPMSSessionAuditInfo](b)(a.Attested.SessionAudit())
	want := auditOfRandom(auditOfRandom(make([]byte, 32), b.file("one")), b.file("two"))
	if !bytes.Equal(audited.SessionDigest.Buffer, want) {
		b.t.Errorf("the digest of the session is %x, want %x", audited.SessionDigest.Buffer, want)
	}
}

// commandAudit follows the TPM's own audit.
func (b *toolbox) commandAudit() {
	b.t.Helper()
	b.do(`
		tpm2_setcommandauditstatus TPM2_CC_GetRandom
		tpm2_getcommandauditdigest -c sign.ctx -m command.att -s command.sig -f plain -g sha256
		tpm2_getrandom 8 -o one
		tpm2_getrandom 8 -o two
		tpm2_getcommandauditdigest -c sign.ctx -m command.att -s command.sig -f plain -g sha256 -q 88`)
	a := b.attest(tpm2.TPMSTAttestCommandAudit, "sign.pem", "command.att", "command.sig", []byte{0x88})
	audited := must[*tpm2.TPMSCommandAuditInfo](b)(a.Attested.CommandAudit())
	want := auditOfRandom(auditOfRandom(make([]byte, 32), b.file("one")), b.file("two"))
	if !bytes.Equal(audited.AuditDigest.Buffer, want) || audited.DigestAlg != tpm2.TPMAlgSHA256 {
		b.t.Errorf("the digest of the commands is %x, want %x", audited.AuditDigest.Buffer, want)
	}
	if codes := sum256(be32(0x140), be32(0x17b)); !bytes.Equal(audited.CommandDigest.Buffer, codes) {
		b.t.Errorf("the digest of the audited codes is %x, want %x", audited.CommandDigest.Buffer, codes)
	}
	b.do("tpm2_setcommandauditstatus -c TPM2_CC_GetRandom")
}
