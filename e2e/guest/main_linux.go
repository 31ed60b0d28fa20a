// Command guest is the first process of the machines that the end-to-end suites boot. It mounts what it needs, loads
// the modules of the image and then does what it reads from the console, one command a line:
//
//	tpm DEVICE        checks the firmware's event log, the PCRs of all banks and some commands of the TPM
//	keep DEVICE       leaves a key, a PCR value and an NV index in the TPM
//	kept DEVICE       finds them again
//	run PROGRAM ...   runs a program of the image and waits for it; start does not wait. What a program prints is
//	                  "guest: info"; NAME=VALUE before its name goes into its environment
//	wait FILE         waits for a file; gone waits until it is no more
//	use DEVICE        does some commands of the TPM, without logs
//	suspend           suspends the machine to RAM and returns when it was woken
//	cuse DEVICE       checks a character device of a TPM, from INIT to SHUTDOWN
//	clients DEVICE    checks it with several clients, while the TPM runs
//	reboot, off
//
// Each is answered with "guest: ok COMMAND" or "guest: failed COMMAND: why". Start at commands.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if err := setUp(); err != nil {
		fmt.Printf("guest: failed setup: %v\n", err)
	}
	fmt.Println("guest: ready")
	in := bufio.NewScanner(os.Stdin)
	g := &guest{}
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) == 0 {
			continue
		}
		start := time.Now()
		if err := g.do(words); err != nil {
			fmt.Printf("guest: failed %s: %v\n", in.Text(), err)
			continue
		}
		fmt.Printf("guest: ok %s (%d ms)\n", in.Text(), time.Since(start).Milliseconds())
	}
	for { // the first process may not end
		time.Sleep(time.Hour)
	}
}

// A guest keeps what one command leaves for another.
type guest struct {
	kept *kept
}

func (g *guest) do(words []string) error {
	args := words[1:]
	switch words[0] {
	case "reboot":
		return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	case "off":
		return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	if words[0] == "suspend" {
		return os.WriteFile("/sys/power/state", []byte("mem"), 0)
	}
	if len(args) == 0 {
		return errors.New("what, and with what?")
	}
	switch words[0] {
	case "tpm":
		return checkTPM(args[0])
	case "keep":
		return g.keep(args[0])
	case "kept":
		return g.check(args[0])
	case "cuse":
		return checkCUSE(args[0])
	case "clients":
		return checkClients(args[0])
	case "run":
		return run(args)
	case "start":
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { fmt.Printf("guest: info %s ended: %v\n", args[0], cmd.Wait()) }()
		return nil
	case "wait":
		return waitFor(args[0])
	case "gone":
		return waitGone(args[0])
	case "use":
		return useTPM(args[0])
	}
	return errors.New("unknown command")
}

func run(args []string) error {
	env := os.Environ()
	for len(args) > 1 && strings.Contains(args[0], "=") {
		env, args = append(env, args[0]), args[1:]
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	cmd.WaitDelay = time.Second // a daemon that it leaves may keep its output
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		fmt.Printf("guest: info %s\n", strings.TrimSuffix(line, "\n"))
	}
	return err
}

// waitFor waits until the file is there, a device above all.
func waitFor(name string) error { return waitUntil(name, true) }

func waitGone(name string) error { return waitUntil(name, false) }

func waitUntil(name string, there bool) error {
	for range 600 {
		if _, err := os.Stat(name); (err == nil) == there {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s: waited in vain", name)
}

func setUp() error {
	for _, m := range []struct{ kind, on string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}, {"tmpfs", "/run"},
		{"securityfs", "/sys/kernel/security"},
	} {
		if err := unix.Mount(m.kind, m.on, m.kind, 0, ""); err != nil && !errors.Is(err, syscall.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.on, err)
		}
	}
	if err := os.Setenv("PATH", "/bin:/usr/bin:/sbin:/usr/sbin"); err != nil {
		return err
	}
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	for _, m := range modules { // Glob sorts
		if err := load(m); err != nil {
			return fmt.Errorf("module %s: %w", m, err)
		}
	}
	return nil
}

func load(module string) error {
	f, err := os.Open(module)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.FinitModule(int(f.Fd()), "", 0)
}
