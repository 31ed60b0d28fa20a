package e2e

import (
	"bytes"
)

// toolsHierarchy: who may do what, and what makes the keys of before unreachable.
func toolsHierarchy(b *toolbox) {
	for _, h := range []string{"o", "e", "p"} {
		b.do(`
			tpm2_changeauth -Q -c ` + h + ` first
			!tpm2_changeauth -Q -c ` + h + ` second
			tpm2_changeauth -Q -c ` + h + ` -p first second
			!tpm2_changeauth -Q -c ` + h + ` -p first third
			tpm2_changeauth -Q -c ` + h + ` -p second`)
		b.do(`
			tpm2_changeauth -Q -c ` + h + ` auth
			!tpm2_createprimary -Q -C ` + h + ` -G ecc -c no.ctx
			tpm2_createprimary -Q -C ` + h + ` -P auth -G ecc -c primary.ctx
			tpm2_changeauth -Q -c ` + h + ` -p auth`)
	}
	b.do(`
		tpm2_changeauth -Q -c l first
		tpm2_changeauth -Q -c l -p first second
		tpm2_changeauth -Q -c l -p second`)
	b.switches()
	b.seeds()
	b.clearing()
	b.lockout()
}

// switches turns hierarchies off and on; the owner turns off alone, the platform turns on.
func (b *toolbox) switches() {
	b.t.Helper()
	for _, s := range []struct{ hierarchy, enable string }{{"o", "shEnable"}, {"e", "ehEnable"}} {
		b.do(`
			tpm2_hierarchycontrol -C ` + s.hierarchy + ` ` + s.enable + ` clear
			!tpm2_createprimary -Q -C ` + s.hierarchy + ` -G ecc -c no.ctx
			!tpm2_hierarchycontrol -C ` + s.hierarchy + ` ` + s.enable + ` set
			tpm2_hierarchycontrol -C p ` + s.enable + ` set
			tpm2_createprimary -Q -C ` + s.hierarchy + ` -G ecc -c primary.ctx`)
	}
	b.do(`
		tpm2_nvdefine -Q 0x1400001 -C p -s 9 -a ppread|ppwrite|platformcreate|authread
		tpm2_nvwrite -Q 0x1400001 -C p -i message
		tpm2_hierarchycontrol -C p phEnableNV clear
		!tpm2_nvread -Q 0x1400001 -o no
		tpm2_hierarchycontrol -C p phEnableNV set
		tpm2_nvread -Q 0x1400001 -o read
		cmp read message
		tpm2_hierarchycontrol -C p phEnable clear
		!tpm2_createprimary -Q -C p -G ecc -c no.ctx`)
	b.says("tpm2_getcap properties-variable", "phEnable:                  0", "shEnable:                  1")
	b.do("tpm2_shutdown -c")
	b.restart()
	b.do("tpm2_startup -c\ntpm2_createprimary -Q -C p -G ecc -c primary.ctx")
}

// primaries writes the public areas of the primary keys of three hierarchies.
func (b *toolbox) primaries() (owner, endorsement, platform []byte) {
	b.t.Helper()
	var public [3][]byte
	for i, h := range []string{"o", "e", "p"} {
		b.do("tpm2_createprimary -Q -C " + h + " -G ecc -c primary.ctx\ntpm2_readpublic -Q -c primary.ctx -o public")
		public[i] = b.file("public")
	}
	return public[0], public[1], public[2]
}

// seeds changes each seed and sees which keys change with it.
func (b *toolbox) seeds() {
	b.t.Helper()
	same := func(what string, a, b2 []byte, want bool) {
		b.t.Helper()
		if bytes.Equal(a, b2) != want {
			b.t.Errorf("%s: the same key is %v, want %v", what, !want, want)
		}
	}
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000001
		tpm2_createprimary -Q -C p -G ecc -c platform.ctx
		tpm2_evictcontrol -Q -C p -c platform.ctx 0x81800001`)
	o0, e0, p0 := b.primaries()
	b.do("!tpm2_changeeps -Q -p wrong\ntpm2_changeeps -Q")
	o1, e1, p1 := b.primaries()
	same("the owner's after TPM2_ChangeEPS", o0, o1, true)
	same("the endorsement's after TPM2_ChangeEPS", e0, e1, false)
	same("the platform's after TPM2_ChangeEPS", p0, p1, true)
	b.do("!tpm2_changepps -Q -p wrong\ntpm2_changepps -Q")
	o2, e2, p2 := b.primaries()
	same("the owner's after TPM2_ChangePPS", o0, o2, true)
	same("the endorsement's after TPM2_ChangePPS", e1, e2, true)
	same("the platform's after TPM2_ChangePPS", p0, p2, false)
	if kept := b.run("tpm2_getcap handles-persistent"); kept != "- 0x81000001\n" {
		b.t.Errorf("after TPM2_ChangePPS there is still %q", kept)
	}
	b.do("tpm2_clear -c p")
	o3, e3, p3 := b.primaries()
	same("the owner's after TPM2_Clear", o0, o3, false)
	same("the endorsement's after TPM2_Clear", e1, e3, true)
	same("the platform's after TPM2_Clear", p2, p3, true)
	if kept := b.run("tpm2_getcap handles-persistent"); kept != "" {
		b.t.Errorf("after TPM2_Clear there is still %q", kept)
	}
}

// clearing forbids and allows TPM2_Clear, by whom it may be.
func (b *toolbox) clearing() {
	b.t.Helper()
	b.do(`
		tpm2_changeauth -Q -c o owner
		tpm2_changeauth -Q -c l lockout
		tpm2_nvdefine -Q 0x1500001 -C o -P owner -s 9 -a ownerread|ownerwrite
		tpm2_clearcontrol -C l -P lockout s
		!tpm2_clearcontrol -C l -P lockout c
		!tpm2_clear -c l lockout
		!tpm2_clear -c p
		tpm2_clearcontrol -C p c
		tpm2_clear -c l lockout
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		!tpm2_nvreadpublic 0x1500001
		tpm2_clear -c l`)
}

// lockout fails too often, and lets the owner of the lockout forgive it.
func (b *toolbox) lockout() {
	b.t.Helper()
	b.do(`
		tpm2_dictionarylockout -s -n 3 -t 1000 -l 1000
		tpm2_changeauth -Q -c l lockout
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_create -Q -C primary.ctx -i secret -p keyauth -u seal.pub -r seal.priv -a fixedtpm|fixedparent|userwithauth
		tpm2_load -Q -C primary.ctx -u seal.pub -r seal.priv -c seal.ctx
		tpm2_create -Q -C primary.ctx -i secret -p keyauth -u free.pub -r free.priv -a fixedtpm|fixedparent|userwithauth|noda
		tpm2_load -Q -C primary.ctx -u free.pub -r free.priv -c free.ctx
		!tpm2_unseal -c free.ctx -p wrong -o no
		!tpm2_unseal -c seal.ctx -p wrong -o no
		!tpm2_unseal -c seal.ctx -p wrong -o no
		tpm2_unseal -c seal.ctx -p keyauth -o opened
		!tpm2_unseal -c seal.ctx -p wrong -o no`)
	b.says("tpm2_getcap properties-variable", "inLockout:                 1", "TPM2_PT_LOCKOUT_COUNTER: 0x3", "TPM2_PT_MAX_AUTH_FAIL: 0x3",
		"TPM2_PT_LOCKOUT_INTERVAL: 0x3E8", "TPM2_PT_LOCKOUT_RECOVERY: 0x3E8")
	if out, err := b.try("tpm2_unseal -c seal.ctx -p keyauth -o no"); err == nil || !bytes.Contains([]byte(out), []byte("0x921")) {
		b.t.Errorf("in lockout: %v, %s", err, out)
	}
	b.do(`
		tpm2_flushcontext -t
		tpm2_flushcontext -l
		tpm2_unseal -c free.ctx -p keyauth -o opened
		cmp opened secret
		tpm2_dictionarylockout -c -p lockout
		tpm2_unseal -c seal.ctx -p keyauth -o opened
		!tpm2_dictionarylockout -c -p wrong
		!tpm2_dictionarylockout -c -p lockout`)
}
