//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// libvirt's whole life of a TPM: made at the first start, kept over stop and start, saved with the machine, removed at the
// end.
func TestLibvirt(t *testing.T) {
	guard(t, "libvirtd", "virsh", "qemu-system-x86_64")
	l := startLibvirt(t, program(t), 1)
	l.define(domain{model: "tpm-crb"})
	v := l.start()
	v.do("tpm /dev/tpm0")
	v.do("keep /dev/tpm0")
	l.virsh("save", domainName, l.path("saved"))
	l.virsh("restore", "--paused", l.path("saved"))
	v = l.attach()
	l.virsh("resume", domainName)
	v.do("kept /dev/tpm0")
	v.do("keep /dev/tpm0")
	l.off(v)
	before := l.index()

	v = l.start()
	v.do("tpm /dev/tpm0")
	l.virsh("reset", domainName)
	v.ready()
	v.do("tpm /dev/tpm0")
	l.virsh("destroy", domainName)
	if after := l.index(); !bytes.Equal(after, before) {
		t.Errorf("the NV index holds %x, was %x", after, before)
	}
	l.ran("swtpm_setup", "--print-capabilities", "--create-config-files skip-if-exist",
		"--tpm2 --tpm-state STATE --vmid NAME:UUID --logfile LOG --createek --create-ek-cert --create-platform-cert --lock-nvram --not-overwrite")
	socket := "socket --ctrl type=unixio,path=DIR/run/libvirt/qemu/run/swtpm/%d-NAME-swtpm.sock,mode=0600 --tpmstate dir=STATE,mode=0600 --log file=LOG --terminate --tpm2"
	l.ran("swtpm", fmt.Sprintf(socket, 1), fmt.Sprintf(socket, 2), fmt.Sprintf(socket, 3))
	l.removes()
}

// A secret of libvirt encrypts the state, and banks are set at each start.
func TestLibvirtEncrypted(t *testing.T) {
	guard(t, "libvirtd", "virsh", "qemu-system-x86_64")
	l := startLibvirt(t, program(t), 1)
	l.secret()
	l.define(domain{model: "tpm-tis", encrypted: true, banks: []string{"sha1", "sha256"}})
	v := l.start()
	v.send("tpm /dev/tpm0")
	v.expect("info 2 banks", commandTime)
	v.expect("ok tpm /dev/tpm0 ", commandTime)
	v.do("keep /dev/tpm0")
	l.virsh("save", domainName, l.path("saved"))
	l.virsh("restore", "--paused", l.path("saved"))
	v = l.attach()
	l.virsh("resume", domainName)
	v.do("kept /dev/tpm0")
	v.do("keep /dev/tpm0")
	l.off(v)
	key := []string{"--key", "pwdfile=" + l.write("passphrase", passphrase) + ",mode=aes-256-cbc"}
	before := l.index(key...)
	v = l.start()
	v.do("tpm /dev/tpm0")
	l.off(v)
	if after := l.index(key...); !bytes.Equal(after, before) {
		t.Errorf("the NV index holds %x, was %x", after, before)
	}
	l.ran("swtpm_setup", "--print-capabilities", "--create-config-files skip-if-exist",
		"--tpm2 --pwdfile-fd FD --cipher aes-256-cbc --tpm-state STATE --vmid NAME:UUID --logfile LOG --createek --create-ek-cert --create-platform-cert --lock-nvram --not-overwrite",
		"--tpm2 --pwdfile-fd FD --cipher aes-256-cbc --tpm-state STATE --logfile LOG --pcr-banks sha1,sha256 --reconfigure")
	l.removes()
}

// A domain moves to the daemon of another host.
func TestLibvirtMigration(t *testing.T) {
	guard(t, "libvirtd", "virsh", "qemu-system-x86_64")
	swtpm := program(t)
	from, to := startLibvirt(t, swtpm, 1), startLibvirt(t, swtpm, 2)
	from.define(domain{model: "tpm-crb"})
	v := from.start()
	v.do("keep /dev/tpm0")
	from.virsh("suspend", domainName) // so that the guest says nothing before somebody listens
	there := to.write("domain.xml", strings.ReplaceAll(from.virsh("dumpxml", "--migratable", domainName), from.path("console"), to.path("console")))
	from.virsh("migrate", "--p2p", "--tunnelled", "--persistent", "--undefinesource", "--xml", there, "--persistent-xml", there, domainName, to.uri())
	if _, err := os.Stat(from.tpmDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("state of a domain that has gone: %v", err)
	}
	v = to.attach()
	to.virsh("resume", domainName)
	v.do("kept /dev/tpm0")
	v.do("tpm /dev/tpm0")
	to.off(v)
	to.ran("swtpm", "socket --ctrl type=unixio,path=DIR/run/libvirt/qemu/run/swtpm/1-NAME-swtpm.sock,mode=0600 --tpmstate dir=STATE,mode=0600 --log file=LOG --terminate --tpm2")
	to.removes()
}
