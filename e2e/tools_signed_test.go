package e2e

import (
	"fmt"
	"strconv"
	"time"
)

// toolsSignedPolicy: policies that somebody authorizes later, by a signature, a secret or a ticket.
func toolsSignedPolicy(b *toolbox) {
	none := make([]byte, 32)
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem
		openssl pkey -in rsa.pem -pubout -out rsa.pub.pem
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ecc.pem
		openssl pkey -in ecc.pem -pubout -out ecc.pub.pem`)
	for kind, scheme := range map[string]string{"rsa": "rsassa", "ecc": "ecdsa"} {
		b.do(fmt.Sprintf("tpm2_loadexternal -Q -C o -G %s -u %s.pub.pem -c signer.ctx -n signer.name", kind, kind))
		// What is signed: nonceTPM, expiration, cpHashA, policyRef (Part 3, 23.3.1).
		b.put("to-sign", append(be32(0), 0x12, 0x34))
		b.do("openssl dgst -sha256 -sign " + kind + ".pem -out signature to-sign")
		signed := "tpm2_policysigned -S p -g sha256 -f " + scheme + " -c signer.ctx -s signature"
		want := authorized(none, 0x160, b.file("signer.name"), []byte{0x12, 0x34})
		b.guards(policyCase{name: "signed by " + kind, want: want, steps: signed + " -q 1234", wrong: "!" + signed + " -q 1235"})
		b.signedTicket(kind, signed)
		b.authorizeLater(kind, scheme)
	}
	b.secretTicket()
}

// signedTicket turns a signature that holds for one session into a ticket that holds for a time.
func (b *toolbox) signedTicket(kind, signed string) {
	b.t.Helper()
	b.begin()
	b.do("tpm2_policysigned -S p -x -q 1234 -t -3000 --raw-data to-sign -g sha256 -c signer.ctx")
	if raw := b.file("to-sign"); len(raw) != 32+4+2 && len(raw) != 16+4+2 {
		b.t.Errorf("what is to be signed is %x", raw)
	}
	b.do("openssl dgst -sha256 -sign " + kind + ".pem -out signature to-sign\n" + signed + ` -x -q 1234 -t -3000 --ticket ticket --timeout timeout
		tpm2_flushcontext p`)
	b.withTicket("tpm2_policyticket -S p -n signer.name --ticket ticket --timeout timeout -q 1234")
}

// withTicket opens the secret that lies there by a ticket, and not by a ticket that was changed.
func (b *toolbox) withTicket(step string) {
	b.t.Helper()
	b.begin()
	b.do(step + `
		tpm2_unseal -c seal.ctx -p session:p -o opened
		cmp opened secret
		tpm2_flushcontext p`)
	ticket := b.file("ticket")
	ticket[len(ticket)-1] ^= 1
	b.put("ticket", ticket)
	b.begin()
	b.do("!" + step + "\ntpm2_flushcontext p")
}

// secretTicket gets a ticket for the owner's authorization.
func (b *toolbox) secretTicket() {
	b.t.Helper()
	b.do("tpm2_changeauth -Q -c o ownerauth")
	step := "tpm2_policysecret -Q -S p -c o -q beef ownerauth"
	b.put("owner.name", be32(0x40000001))
	b.do("tpm2_createprimary -Q -C n -G ecc -c primary.ctx")
	want := authorized(make([]byte, 32), 0x151, be32(0x40000001), []byte{0xbe, 0xef})
	b.guards(policyCase{name: "secret", want: want, steps: step, wrong: "!tpm2_policysecret -Q -S p -c o -q beef wrong"})
	b.begin()
	b.do(step + ` -x -t -3000 --ticket ticket --timeout timeout
		tpm2_flushcontext p`)
	ticket := "tpm2_policyticket -S p -n owner.name --ticket ticket --timeout timeout -q beef"
	b.withTicket(ticket)
	b.begin()
	b.do(step + ` -x -t -1 --ticket ticket --timeout timeout
		tpm2_flushcontext p`)
	time.Sleep(1100 * time.Millisecond) // the ticket's life is a second
	b.begin()
	b.do("!" + ticket + "\ntpm2_flushcontext p")
	b.do("tpm2_changeauth -Q -c o -p ownerauth")
}

// authorizeLater seals to whatever a key will approve of.
func (b *toolbox) authorizeLater(kind, scheme string) {
	b.t.Helper()
	none := make([]byte, 32)
	approved := extended(none, 0x16c, be32(0x15e))
	b.put("approved", approved)
	ref := []byte{0x56}
	b.put("approved.ref", append(approved, ref...))
	b.do(`
		openssl dgst -sha256 -sign ` + kind + `.pem -out approved.sig approved.ref
		tpm2_verifysignature -Q -c signer.ctx -g sha256 -f ` + scheme + ` -m approved.ref -s approved.sig -t approved.ticket`)
	// The trial session approves of anything; a real one has to be at the approved policy.
	want := authorized(none, 0x16a, b.file("signer.name"), ref)
	b.guards(policyCase{name: "authorize", want: want,
		steps: "tpm2_policycommandcode -S p TPM2_CC_Unseal\n" +
			"tpm2_policyauthorize -S p -i approved -q 56 -n signer.name -t approved.ticket",
		wrong: "tpm2_policycommandcode -S p TPM2_CC_Sign\n" +
			"!tpm2_policyauthorize -S p -i approved -q 56 -n signer.name -t approved.ticket"})
}

// toolsBoundPolicy: policies of a hierarchy that allow one command with certain parameters, handles or template.
func toolsBoundPolicy(b *toolbox) {
	none := make([]byte, 32)
	owner := be32(0x40000001)
	at := b.clock()["clock"] + 1_000_000
	when := strconv.FormatUint(at, 10)
	set := "tpm2_setclock -c o -p session:p "

	b.do("tpm2_setclock -c o " + when + " --cphash cp")
	cp := sum256(be32(0x128), owner, be64(at))
	b.is("cp", sized(cp))
	b.trial("cphash", "tpm2_policycphash -S p --cphash-input cp", extended(none, 0x16e, cp))
	b.do("tpm2_setprimarypolicy -C o -g sha256 -L policy")
	b.begin()
	b.do("tpm2_policycphash -S p --cphash-input cp\n!" + set + strconv.FormatUint(at+1, 10) + "\n" + set + when + "\ntpm2_flushcontext p")

	b.put("names", sum256(owner))
	b.put("other", sum256(be32(0x4000000c)))
	b.trial("namehash", "tpm2_policynamehash -S p -n names", extended(none, 0x170, sum256(owner)))
	b.do("tpm2_setprimarypolicy -C o -g sha256 -L policy")
	next := set + strconv.FormatUint(at+1_000_000, 10)
	b.begin()
	b.do("tpm2_policynamehash -S p -n other\n!" + next + "\ntpm2_flushcontext p")
	b.begin()
	b.do("tpm2_policynamehash -S p -n names\n" + next + "\ntpm2_flushcontext p")
	if now := b.clock()["clock"]; now < at+1_000_000 {
		b.t.Errorf("the clock is at %d", now)
	}

	b.do("tpm2_createprimary -Q -C o -G ecc -c primary.ctx --template-data template")
	template := b.file("template")
	b.put("template.hash", sum256(template))
	b.trial("template", "tpm2_policytemplate -S p --template-hash template.hash", extended(none, 0x190, sum256(template)))
	b.do("tpm2_setprimarypolicy -C o -g sha256 -L policy")
	b.begin()
	b.do(`
		tpm2_policytemplate -S p --template-hash template.hash
		!tpm2_createprimary -Q -C o -G ecc384 -c no.ctx -P session:p
		tpm2_createprimary -Q -C o -G ecc -c again.ctx -P session:p
		tpm2_flushcontext p
		tpm2_readpublic -Q -c primary.ctx -o one
		tpm2_readpublic -Q -c again.ctx -o two
		cmp one two`)

	b.trial("nvwritten", "tpm2_policycommandcode -S p TPM2_CC_NV_Write\ntpm2_policynvwritten -S p c",
		extended(extended(none, 0x16c, be32(0x137)), 0x18f, []byte{0}))
	once := "tpm2_policycommandcode -S p TPM2_CC_NV_Write\ntpm2_policynvwritten -S p c\n"
	b.do("tpm2_nvdefine -Q 0x1500001 -C o -s 9 -a authread|policywrite -L policy -p indexauth")
	b.begin()
	b.do(once + "tpm2_nvwrite -Q 0x1500001 -P session:p -i message\ntpm2_flushcontext p")
	b.begin()
	b.do(once + "!tpm2_nvwrite -Q 0x1500001 -P session:p -i message\ntpm2_flushcontext p")
	b.do("tpm2_nvread -Q 0x1500001 -P indexauth -o read\ncmp read message")
}
