//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
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

// A snapshot of a running domain takes its TPM along.
func TestLibvirtSnapshot(t *testing.T) {
	guard(t, "libvirtd", "virsh", "qemu-system-x86_64", "qemu-img")
	l := startLibvirt(t, program(t), 1)
	disk := l.path("disk.qcow2")
	if out, err := l.command("qemu-img", "create", "-q", "-f", "qcow2", disk, "16M").CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v\n%s", err, out)
	}
	l.define(domain{model: "tpm-crb", disk: disk})
	v := l.start()
	v.do("keep /dev/tpm0")
	l.virsh("snapshot-create-as", domainName, "there")
	v.do("kept /dev/tpm0") // removes what was kept
	l.virsh("snapshot-revert", "--paused", domainName, "there")
	v = l.attach()
	l.virsh("resume", domainName)
	v.do("kept /dev/tpm0")
	l.off(v)
	l.virsh("snapshot-delete", domainName, "there")
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

// The daemon of the system has the TPM's programs run by a user of their own. Users and everything that it writes are
// of this test: its files are below one directory, and it sees a list of users in which there is QEMU's.
func TestLibvirtSystem(t *testing.T) {
	guard(t, "virsh", "qemu-system-x86_64", "unshare")
	c := newCaller(t, true)
	if err := exec.Command("unshare", "-m", "true").Run(); err != nil {
		t.Skipf("no namespace of its own: %v", err)
	}
	for _, name := range []string{"passwd", "group"} {
		text, err := os.ReadFile("/etc/" + name)
		if err != nil {
			t.Fatal(err)
		}
		c.write(name, string(text)+map[string]string{"passwd": "libvirt-qemu:x:64055:64055::/nonexistent:/bin/false\n", "group": "libvirt-qemu:x:64055:\n"}[name])
	}
	if err := errors.Join(os.Chmod(c.dir, 0o755), os.Mkdir(c.path("etc"), 0o755), os.Chown(c.path("ca"), nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	c.write("etc/qemu.conf", "swtpm_user = \"65534\"\nswtpm_group = \"65534\"\nstdio_handler = \"file\"\nsecurity_driver = \"none\"\nnamespaces = []\ncgroup_controllers = []\n")
	c.write("domain.xml", `<domain type='qemu'><name>`+domainName+`</name><uuid>`+domainUUID+`</uuid><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
  <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices></domain>`)
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec "$@"`, "sh",
		"virsh", "-c", "qemu:///embed?root="+c.dir, strings.ReplaceAll("define domain.xml; start NAME; destroy NAME; start NAME; destroy NAME; undefine --keep-tpm NAME", "NAME", domainName))
	cmd.Dir = c.dir
	cmd.Env = append(c.env, "LC_ALL=C", "LIBVIRT_LOG_FILTERS=1:util.command", "LIBVIRT_LOG_OUTPUTS=1:file:"+c.path("debug"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "started") != 2 || strings.Contains(string(out), "error:") {
		log, _ := os.ReadFile(c.path("log/swtpm/" + domainName + "-swtpm.log"))
		t.Fatalf("%v\n%s\n%s", err, out, tail(string(log), 20))
	}
	ran(t, c.dir, "swtpm_setup", strings.NewReplacer(c.dir, "DIR", domainName, "NAME", domainUUID, "UUID"), "--print-capabilities",
		"--tpm2 --tpm-state DIR/lib/swtpm/UUID/tpm2 --vmid NAME:UUID --logfile DIR/log/swtpm/NAME-swtpm.log --createek --create-ek-cert --create-platform-cert --lock-nvram --not-overwrite")
	for name, mode := range map[string]fs.FileMode{"tpm2": fs.ModeDir | 0o700, "tpm2/tpm2-00.permall": 0o600} {
		st, err := os.Stat(c.path("lib/swtpm/" + domainUUID + "/" + name))
		if err != nil || st.Mode() != mode || st.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
}
