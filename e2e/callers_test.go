//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// The command lines of the programs that start TPMs for virtual machines, as those programs write them.

// What libvirt looks for before it uses an option.
func TestCallersCapabilities(t *testing.T) {
	guard(t)
	c := newCaller(t, false)
	for line, want := range map[string][]string{
		"swtpm socket --print-capabilities":        {"cmdarg-pwd-fd", "cmdarg-migration", "tpmstate-opt-lock", "nvram-backend-dir", "nvram-backend-file"},
		"swtpm socket --tpm2 --print-capabilities": {"tpm-2.0", "cmdarg-profile"},
		"swtpm_setup --print-capabilities": {"cmdarg-pwdfile-fd", "cmdarg-create-config-files", "tpm12-not-need-root",
			"cmdarg-reconfigure-pcr-banks", "tpm-2.0", "cmdarg-profile", "cmdarg-profile-remove-disabled"},
	} {
		var got struct{ Features []string }
		if err := json.Unmarshal([]byte(c.run(line, nil)), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for _, w := range want {
			if !slices.Contains(got.Features, w) {
				t.Errorf("%s: no %s", line, w)
			}
		}
	}
}

const (
	libvirtSetup  = "swtpm_setup --tpm2 %s--tpm-state DIR/state --vmid name:" + domainUUID + " --logfile DIR/log/log --createek --create-ek-cert --create-platform-cert --lock-nvram --not-overwrite"
	libvirtSocket = "swtpm socket --ctrl type=unixio,path=DIR/s.sock,mode=0600 --tpmstate %s,mode=0600 --log file=DIR/log/log --terminate --tpm2"
)

// libvirt, old and new, as in desktops and in KubeVirt's pods.
func TestCallersLibvirt(t *testing.T) {
	guard(t)
	plain := libvirtSocket
	key := secrets{32: "a passphrase", 35: "a passphrase"}
	for _, tt := range []struct {
		name, setup, more, state string
		pipes                    secrets
	}{
		{"plain", "", "", "dir=DIR/state", nil},
		{"encrypted", "--pwdfile-fd 32 --cipher aes-256-cbc ", " --key pwdfd=32,mode=aes-256-cbc --migration-key pwdfd=35,mode=aes-256-cbc", "dir=DIR/state", key},
		{"shared-source", "", " --migration release-lock-outgoing", "dir=DIR/state", nil},
		{"shared-destination", "", " --migration release-lock-outgoing,incoming", "dir=DIR/state", nil},
		{"profile", "--profile-name default-v1 --profile-remove-disabled fips-host ", "", "dir=DIR/state", nil},
		{"source-dir", "", "", "backend-uri=dir://DIR/state,lock", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCaller(t, false)
			c.run("swtpm_setup --create-config-files skip-if-exist", nil)
			c.run(fmt.Sprintf(libvirtSetup, tt.setup), tt.pipes)
			c.run("swtpm_setup --tpm2 "+tt.setup[:strings.Index(tt.setup+"--profile", "--profile")]+"--tpm-state DIR/state --logfile DIR/log/log --pcr-banks sha1,sha256 --reconfigure", tt.pipes)
			for range 2 { // started twice
				p := c.serve(fmt.Sprintf(plain, tt.state)+tt.more, tt.pipes)
				c.waits("s.sock", 0o600)
				ch := c.connect("s.sock")
				c.boots(ch, true)
				banks, err := ch.Banks()
				if err != nil || len(banks) != 2 {
					t.Errorf("banks %x, %v", hashes(banks), err)
				}
				ch.close()
				p.wait(startTime)
				if _, err := os.Stat(c.path("s.sock")); err == nil {
					t.Error("the socket stays")
				}
			}
		})
	}
	t.Run("source-file", func(t *testing.T) {
		c := newCaller(t, false)
		c.run(strings.Replace(fmt.Sprintf(libvirtSetup, ""), "--tpm-state DIR/state", "--tpm-state file://DIR/state/tpm", 1), nil)
		p := c.serve(fmt.Sprintf(plain, "backend-uri=file://DIR/state/tpm,lock"), nil)
		ch := c.connect("s.sock")
		c.boots(ch, true)
		ch.close()
		p.wait(startTime)
	})
	t.Run("daemon", func(t *testing.T) { // before libvirt watched the process itself
		c := newCaller(t, false)
		c.run(fmt.Sprintf(plain, "dir=DIR/state")+" --daemon --pid file=DIR/pid", nil)
		c.waits("pid", 0o644)
		ch := c.connect("s.sock")
		c.boots(ch, false)
		ch.close()
		c.endsByPID("pid")
	})
	t.Run("stuck", func(t *testing.T) { // when the socket is still there after QEMU
		c := newCaller(t, false)
		p := c.serve(fmt.Sprintf(plain, "dir=DIR/state"), nil)
		c.waits("s.sock", 0o600)
		c.run("swtpm_ioctl --unix DIR/s.sock -s", nil)
		p.wait(startTime)
	})
}

// endsByPID waits for the end of the process in a pid file, which goes with it.
func (c *caller) endsByPID(name string) {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err != nil {
		return // it has ended
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		c.t.Fatal(err)
	}
	for end := time.Now().Add(startTime); syscall.Kill(pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			c.t.Fatal("it does not end")
		}
	}
	if _, err := os.Stat(c.path(name)); err == nil {
		c.t.Error("the pid file stays")
	}
}

// QEMU by hand: the lines of its manual.
func TestCallersQEMU(t *testing.T) {
	guard(t, "qemu-system-x86_64")
	for _, options := range []string{"", " --terminate", " --daemon", " --terminate --daemon"} {
		for _, device := range []string{"tpm-tis", "tpm-crb"} {
			t.Run(device+strings.ReplaceAll(options, " ", ""), func(t *testing.T) {
				c := newCaller(t, false)
				line := "swtpm socket --tpm2 --tpmstate dir=DIR/state --ctrl type=unixio,path=DIR/s.sock" + options
				var p *process
				if strings.Contains(options, "--daemon") {
					c.run(line, nil)
				} else {
					p = c.serve(line, nil)
				}
				c.waits("s.sock", 0o770)
				v := &vm{dir: shortDir(t), lines: make(chan string, 1000)}
				v.launch(t, strings.Fields("-display none -nodefaults -no-user-config -S -qmp unix:"+v.qmpSocket()+",server=on,wait=off"+
					" -chardev socket,id=chrtpm,path="+c.path("s.sock")+" -tpmdev emulator,id=tpm0,chardev=chrtpm -device "+device+",tpmdev=tpm0"))
				if got := string(v.monitor().do("query-tpm", nil)); !strings.Contains(got, device) {
					t.Errorf("query-tpm says %s", got)
				}
				v.monitor().do("quit", nil)
				v.ended()
				if p != nil { // QEMU shuts it down, with --terminate or without
					p.wait(startTime)
				}
				c.gone("s.sock")
			})
		}
	}
}

// gone waits until a file is no more.
func (c *caller) gone(name string) {
	c.t.Helper()
	for end := time.Now().Add(startTime); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(c.path(name)); err != nil {
			return
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s stays", name)
		}
	}
}

// Proxmox VE, as root, on a file and on a block device.
func TestCallersProxmox(t *testing.T) {
	guard(t)
	for _, kind := range []string{"file", "block-device"} {
		t.Run(kind, func(t *testing.T) {
			c := newCaller(t, true)
			volume := c.path("volume")
			if err := os.WriteFile(volume, make([]byte, 4<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			if kind == "block-device" {
				volume = loopDevice(t, volume)
			}
			said := c.run("swtpm_setup --tpmstate file://"+volume+" --createek --create-ek-cert --create-platform-cert --lock-nvram"+
				" --config DIR/config/swtpm_setup.conf --runas 0 --not-overwrite --tpm2 --ecc", nil)
			if !strings.Contains(said, "Successfully authored TPM state.") {
				t.Errorf("setup says %s", said)
			}
			for range 2 {
				c.run("swtpm socket --tpmstate backend-uri=file://"+volume+",mode=0600 --ctrl type=unixio,path=DIR/100.swtpm,mode=0600"+
					" --pid file=DIR/100.swtpm.pid --terminate --daemon --log file=DIR/log/100-swtpm.log,level=1,prefix=[id=1700000000]␣ --tpm2", nil)
				c.waits("100.swtpm.pid", 0o644)
				c.waits("100.swtpm", 0o600)
				ch := c.connect("100.swtpm")
				c.boots(ch, true)
				ch.close()
				c.endsByPID("100.swtpm.pid")
			}
			log, err := os.ReadFile(c.path("log/100-swtpm.log"))
			if err != nil || !strings.HasPrefix(string(log), "[id=1700000000] ") {
				t.Errorf("log %q, %v", log, err)
			}
		})
	}
}

// Incus and LXD: in the socket's directory, ended by a signal. Their containers' chardev is TestQEMUProxy.
func TestCallersIncus(t *testing.T) {
	guard(t)
	for _, migration := range []string{"", " --migration release-lock-outgoing", " --migration release-lock-outgoing,incoming"} {
		for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			c := newCaller(t, false)
			c.run("swtpm_setup --tpm2 --tpmstate DIR/state --create-ek-cert --create-platform-cert --lock-nvram --config DIR/config/swtpm_setup.conf", nil)
			p := c.serve("swtpm socket --tpm2 --tpmstate dir=DIR/state --ctrl type=unixio,path=swtpm-tpm.sock"+migration, nil)
			c.waits("log/swtpm-tpm.sock", 0o770)
			ch := c.connect("log/swtpm-tpm.sock")
			c.boots(ch, true)
			_ = p.cmd.Process.Signal(sig)
			p.wait(startTime)
			c.gone("log/swtpm-tpm.sock")
		}
	}
}

// Others that are seen in the wild.
func TestCallersOthers(t *testing.T) {
	guard(t)
	t.Run("desktop", func(t *testing.T) {
		c := newCaller(t, false)
		p := c.serve("swtpm socket --tpm2 --tpmstate backend-uri=file://DIR/state/tpmdata --ctrl type=unixio,path=DIR/s.sock,terminate", nil)
		ch := c.connect("s.sock")
		c.boots(ch, false)
		ch.close()
		p.wait(startTime)
	})
	t.Run("stack", func(t *testing.T) {
		c := newCaller(t, false)
		port := freePorts(t)
		p := c.serve(fmt.Sprintf("swtpm socket --tpm2 --tpmstate dir=DIR/state --server type=tcp,port=%d --ctrl type=tcp,port=%d --flags not-need-init,startup-clear", port, port+1), nil)
		c.random("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		p.end()
	})
	t.Run("installer", func(t *testing.T) {
		c := newCaller(t, false)
		c.run("swtpm socket --tpm2 -t -d --tpmstate dir=DIR/state --ctrl type=unixio,path=DIR/s.sock --pid file=DIR/pid", nil)
		c.waits("pid", 0o644)
		ch := c.connect("s.sock")
		c.boots(ch, false)
		ch.close()
		c.endsByPID("pid")
	})
	t.Run("port", func(t *testing.T) {
		c := newCaller(t, false)
		port := freePorts(t)
		p := c.serve(fmt.Sprintf("swtpm socket --tpm2 --tpmstate dir=DIR/state -p %d --flags not-need-init,startup-clear", port), nil)
		for range 3 { // each command has a connection of its own
			c.random("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		}
		p.end()
	})
	t.Run("notify", func(t *testing.T) {
		c := newCaller(t, false)
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: c.path("notify"), Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := os.Chmod(c.path("notify"), 0o777); err != nil {
			t.Fatal(err)
		}
		c.env = append(c.env, "NOTIFY_SOCKET="+c.path("notify"))
		p := c.serve("swtpm socket --tpm2 --tpmstate dir=DIR/state --ctrl type=unixio,path=DIR/s.sock --flags startup-clear", nil)
		_ = l.SetReadDeadline(time.Now().Add(startTime))
		b := make([]byte, 100)
		if n, _, err := l.ReadFrom(b); err != nil || string(b[:n]) != "READY=1" {
			t.Errorf("told %q, %v", b[:n], err)
		}
		if names, _ := filepath.Glob(c.path("s.sock")); len(names) != 1 {
			t.Error("no socket when it said that it is ready")
		}
		p.end()
	})
}

// random asks for random bytes at an address, as soon as somebody is there.
func (c *caller) random(network, address string) {
	c.t.Helper()
	conn, err := rawtpm.Dial(network, address, startTime)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	if b, err := conn.Random(16); err != nil || len(b) != 16 {
		c.t.Errorf("%x, %v", b, err)
	}
}
