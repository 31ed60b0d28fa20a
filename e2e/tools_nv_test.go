package e2e

import (
	"bytes"
	"encoding/binary"
)

// toolsNV: NV indices of every type, their locks, and their end.
func toolsNV(b *toolbox) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 125)
	b.put("long", long)
	b.do(`
		tpm2_nvdefine -Q 0x1500001 -C o -s 2000 -a ownerread|ownerwrite
		!tpm2_nvdefine -Q 0x1500001 -C o -s 8 -a ownerread|ownerwrite
		!tpm2_nvread -Q 0x1500001 -C o -o no
		tpm2_nvwrite -Q 0x1500001 -C o -i long
		tpm2_nvread -Q 0x1500001 -C o -o read
		cmp read long
		tpm2_nvwrite -Q 0x1500001 -C o --offset 990 -i message
		tpm2_nvread -Q 0x1500001 -C o --offset 988 -s 13 -o read
		!tpm2_nvwrite -Q 0x1500001 -C o --offset 1992 -i message
		!tpm2_nvread -Q 0x1500001 -C e -o no`)
	b.is("read", join(long[988:990], []byte("a message"), long[999:1001]))
	// The Name of an index is the digest of its public area (Part 1, 14).
	public := join(be32(0x1500001), be16(0x0b), be32(0x20020002), be16(0), be16(2000))
	if name := b.nvName("0x1500001"); !bytes.Equal(name, name256(public)) {
		b.t.Errorf("the name of the index is %x, want %x", name, name256(public))
	}
	b.says("tpm2_nvreadpublic", "0x1500001:", "friendly: ownerwrite|ownerread|written", "size: 2000")

	b.do(`
		tpm2_nvdefine -Q 0x1500002 -C o -a nt=extend|ownerread|ownerwrite
		tpm2_nvextend -Q 0x1500002 -C o -i message
		tpm2_nvextend -Q 0x1500002 -C o -i secret
		tpm2_nvread -Q 0x1500002 -C o -o read
		!tpm2_nvwrite -Q 0x1500002 -C o -i secret`)
	b.is("read", sum256(sum256(make([]byte, 32), []byte("a message")), b.file("secret")))

	b.do(`
		tpm2_nvdefine -Q 0x1500003 -C o -a nt=bits|ownerread|ownerwrite
		tpm2_nvsetbits -Q 0x1500003 -C o -i 0xff00
		tpm2_nvsetbits -Q 0x1500003 -C o -i 0x8000000000000001
		tpm2_nvread -Q 0x1500003 -C o -o read
		!tpm2_nvincrement -Q 0x1500003 -C o`)
	b.is("read", be64(0x800000000000ff01))
	b.nvCounter()
	b.nvPins()
	b.nvLocks()
	b.nvPolicies()
}

// nvCounter counts over a restart, and begins above every counter that there was.
func (b *toolbox) nvCounter() {
	b.t.Helper()
	b.do(`
		tpm2_nvdefine -Q 0x1500004 -C o -a nt=counter|ownerread|ownerwrite
		tpm2_nvincrement -Q 0x1500004 -C o
		tpm2_nvread -Q 0x1500004 -C o -o first
		tpm2_nvincrement -Q 0x1500004 -C o
		tpm2_nvincrement -Q 0x1500004 -C o
		tpm2_shutdown -c`)
	b.restart()
	b.do(`
		tpm2_startup -c
		tpm2_nvread -Q 0x1500004 -C o -o read
		tpm2_nvundefine -Q 0x1500004 -C o
		tpm2_nvdefine -Q 0x1500004 -C o -a nt=counter|ownerread|ownerwrite
		tpm2_nvincrement -Q 0x1500004 -C o
		tpm2_nvread -Q 0x1500004 -C o -o next`)
	first := binary.BigEndian.Uint64(b.file("first"))
	b.is("read", be64(first+2))
	b.is("next", be64(first+3))
}

// nvPins counts the failures of one PIN and the uses of another.
func (b *toolbox) nvPins() {
	b.t.Helper()
	b.put("pin", join(be32(0), be32(2)))
	b.do(`
		tpm2_nvdefine -Q 0x1500005 -C o -a nt=pinfail|ownerread|ownerwrite|authread|no_da -p pin
		tpm2_nvwrite -Q 0x1500005 -C o -i pin
		!tpm2_nvread -Q 0x1500005 -P wrong -o no
		tpm2_nvread -Q 0x1500005 -C o -o count.1
		tpm2_nvread -Q 0x1500005 -P pin -o count.2
		!tpm2_nvread -Q 0x1500005 -P wrong -o no
		!tpm2_nvread -Q 0x1500005 -P wrong -o no
		!tpm2_nvread -Q 0x1500005 -P pin -o no
		tpm2_nvread -Q 0x1500005 -C o -o count.3
		tpm2_nvwrite -Q 0x1500005 -C o -i pin
		tpm2_nvread -Q 0x1500005 -P pin -o count.4

		tpm2_nvdefine -Q 0x1500006 -C o -a nt=pinpass|ownerread|ownerwrite|authread|no_da -p pin
		tpm2_nvwrite -Q 0x1500006 -C o -i pin
		tpm2_startauthsession -Q -S p --policy-session
		!tpm2_policysecret -Q -S p -c 0x1500006 wrong
		tpm2_policysecret -Q -S p -c 0x1500006 pin
		tpm2_nvread -Q 0x1500006 -C o -o count.5
		tpm2_policysecret -Q -S p -c 0x1500006 pin
		!tpm2_policysecret -Q -S p -c 0x1500006 pin
		tpm2_flushcontext p`)
	for name, want := range map[string]int64{"count.1": 1, "count.2": 0, "count.3": 2, "count.4": 0, "count.5": 1} {
		b.is(name, join(be32(want), be32(2)))
	}
}

// nvLocks locks reading and writing, some until the next start and some for good.
func (b *toolbox) nvLocks() {
	b.t.Helper()
	b.do(`
		tpm2_nvdefine -Q 0x1500007 -C o -s 9 -a ownerread|ownerwrite|read_stclear|write_stclear
		tpm2_nvdefine -Q 0x1500008 -C o -s 9 -a ownerread|ownerwrite|writedefine
		tpm2_nvdefine -Q 0x1500009 -C o -s 9 -a ownerread|ownerwrite|globallock
		tpm2_nvwrite -Q 0x1500007 -C o -i message
		tpm2_nvwrite -Q 0x1500008 -C o -i message
		tpm2_nvwrite -Q 0x1500009 -C o -i message
		tpm2_nvreadlock -Q 0x1500007 -C o
		!tpm2_nvread -Q 0x1500007 -C o -o no
		tpm2_nvwritelock -Q 0x1500007 -C o
		!tpm2_nvwrite -Q 0x1500007 -C o -i message
		tpm2_nvwritelock -Q 0x1500008 -C o
		!tpm2_nvwrite -Q 0x1500008 -C o -i message
		tpm2_nvwrite -Q 0x1500009 -C o -i message
		tpm2_nvwritelock -Q -C o --global
		!tpm2_nvwrite -Q 0x1500009 -C o -i message
		!tpm2_nvreadlock -Q 0x1500008 -C o
		tpm2_shutdown -c`)
	b.restart()
	b.do(`
		tpm2_startup -c
		tpm2_nvread -Q 0x1500007 -C o -o read
		cmp read message
		tpm2_nvwrite -Q 0x1500007 -C o -i message
		!tpm2_nvwrite -Q 0x1500008 -C o -i message
		tpm2_nvwrite -Q 0x1500009 -C o -i message`)
}

// nvPolicies changes an index's authorization by its policy, and removes one that only its policy removes.
func (b *toolbox) nvPolicies() {
	b.t.Helper()
	none := make([]byte, 32)
	b.trial("change of authorization", "tpm2_policycommandcode -S p TPM2_CC_NV_ChangeAuth", extended(none, 0x16c, be32(0x13b)))
	b.do("tpm2_nvdefine -Q 0x150000a -C o -s 9 -a authread|authwrite -L policy -p old")
	b.begin()
	b.do(`
		tpm2_policycommandcode -S p TPM2_CC_NV_ChangeAuth
		tpm2_changeauth -Q -p session:p -c 0x150000a new
		tpm2_flushcontext p
		!tpm2_nvwrite -Q 0x150000a -P old -i message
		tpm2_nvwrite -Q 0x150000a -P new -i message`)
	steps := "tpm2_policyauthvalue -S p\ntpm2_policycommandcode -S p TPM2_CC_NV_UndefineSpaceSpecial"
	b.trial("removal", steps, extended(extended(none, 0x16b), 0x16c, be32(0x11f)))
	b.do(`
		tpm2_nvdefine -Q 0x140000b -C p -s 32 -a ppread|ppwrite|authread|authwrite|platformcreate|policydelete|write_stclear|read_stclear -L policy
		!tpm2_nvundefine -Q 0x140000b -C p`)
	b.begin()
	b.do("!tpm2_nvundefine -Q -S p 0x140000b\ntpm2_flushcontext p")
	b.begin()
	b.do(steps + "\ntpm2_nvundefine -Q -S p 0x140000b\n!tpm2_nvreadpublic 0x140000b")
}
