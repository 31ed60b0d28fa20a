package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A toolStep is a call of swtpm_ioctl or swtpm_bios: what it says (a regular expression for all of it, standard output first) and its
// exit status. CAPS, MIN and DIR are the server's.
type toolStep struct {
	words  string
	status int
	says   string
}

// controlSteps are every option of both tools, in an order that takes a TPM through its life.
var controlSteps = []toolStep{
	{"ioctl -c", 0, `ptm capability is CAPS\n`},
	{"ioctl -g", 0, `ptm configuration flags: 0x0\n`},
	{"ioctl -b 3000", 0, `TPM buffersize: 3000\nminimum size  : MIN\nmaximum size  : 4096\n`},
	{"ioctl -b 1", 0, `TPM buffersize: MIN\n.*\n.*\n`},
	{"ioctl -b 4096", 0, `TPM buffersize: 4096\n.*\n.*\n`},
	{"ioctl --info 1", 0, `\{"TPMSpecification":\{"family":"2.0",.*\}\}\n`},
	{"ioctl --info 7", 0, `\{"TPMSpecification":\{.*"TPMAttributes":\{.*"TPMFeatures":\{.*\}\}\n`},
	{"ioctl -l 4", 0, ``},
	{"ioctl -l 0", 0, ``},
	{"ioctl -l 5", 1, `Locality outside valid range of \[0\.\.4\]\.\n`},
	// without power
	{"ioctl -e", 1, `TPM result from PTM_GET_TPMESTABLISHED: 0xa\n`},
	{"ioctl -r 3", 1, `TPM result from PTM_RESET_TPMESTABLISHED: 0xa\n`},
	{"ioctl -v", 1, `TPM result from PTM_STORE_VOLATILE: 0xa\n`},
	{"ioctl -C", 1, `TPM result from PTM_CANCEL_TPM_CMD: 0xa\n`},
	{"ioctl -h data", 1, `TPM result from PTM_HASH_START: 0xa\n`},
	{"ioctl --save volatile DIR/v", 1, `TPM result from PTM_GET_STATEBLOB: 0xa\n`},
	{"bios --tpm2", 128, `TPM2_Startup returned error code 0x00000101\n`},
	{"ioctl -i", 0, ``},
	{"ioctl -b 3000", 1, `TPM result from PTM_SET_BUFFERSIZE: 0xa\n`},
	// firmware
	{"bios --tpm2 -n", 0, ``},
	{"bios --tpm2 -d", 0, ``},
	{"bios --tpm2 -n -cs", 128, `TPM2_I[nm]crementalSelfTest returned error code 0x00000100\n`}, // old ones misspell it
	{"bios --tpm2 -s", 128, `TPM2_Startup returned error code 0x000001c4\n`},
	{"bios --tpm2 -c -cs -o -ea", 0, ``},
	{"bios --tpm2", 128, `TPM2_Startup returned error code 0x00000100\n`},
	{"bios --tpm2 -n -u", 0, ``},
	{"bios --tpm2 -n -u", 128, `TPM2_HierarchyChangeAuth returned error code 0x000009a2\n`},
	{"bios -o", 128, `TPM_Startup\(0x01\) returned error code 0x00000084\n`},
	{"bios -d -u", 128, `TPM_Startup\(0x03\) .* 0x00000084\nTSC_PhysicalPresence\(CMD_ENABLE\) .*\nTSC_PhysicalPresence\(NOT_PRESENT\|LOCK\) .*\n`},
	{"bios -n -o -cs", 128, `TPM_ContinueSelfTest returned error code 0x00000084\n`},
	// measurements and cancelling
	{"ioctl -e", 0, `tpmEstablished is 0\n`},
	{"ioctl -h data", 0, ``},
	{"ioctl -h -", 0, ``},
	{"ioctl -e", 0, `tpmEstablished is 1\n`},
	{"ioctl -r 2", 1, `TPM result from PTM_RESET_TPMESTABLISHED: 0x3d\n`},
	{"ioctl -r 3", 0, ``},
	{"ioctl -e", 0, `tpmEstablished is 0\n`},
	{"ioctl -C", 0, ``},
	// state: out, and in again; a TPM that goes on needs no Startup
	{"ioctl -v", 0, ``},
	{"ioctl --save permanent DIR/p", 0, ``},
	{"ioctl --save volatile DIR/v", 0, ``},
	{"ioctl --save savestate DIR/s", 0, ``},
	{"ioctl --load permanent DIR/p", 1, `TPM result from PTM_SET_STATEBLOB: 0xa\n`},
	{"ioctl --stop", 0, ``},
	{"ioctl --load permanent DIR/p", 0, ``},
	{"ioctl --load volatile DIR/v", 0, ``},
	{"ioctl --load savestate DIR/s", 0, ``},
	{"ioctl --load permanent DIR/v", 1, `TPM result from PTM_SET_STATEBLOB: 0x.*\n`},
	{"ioctl --load permanent DIR/p", 0, ``},
	{"ioctl --load volatile DIR/v", 0, ``},
	{"ioctl -i", 0, ``},
	{"bios --tpm2", 128, `TPM2_Startup returned error code 0x00000100\n`},
	{"ioctl --stop", 0, ``},
	{"ioctl -c -i", 1, `Only one command may be given\.\n`},
	{"ioctl -s", 0, ``},
}

// words is what our swtpm_bios says behind a number.
var words = regexp.MustCompile(`(?m)( \(TPM_.*| \(vendor.*)$`)

// Debian's swtpm_ioctl and swtpm_bios control our emulator and ours control Debian's, with every option, on Unix and TCP sockets.
func TestControlTools(t *testing.T) {
	guard(t, theirs, "swtpm_ioctl", "swtpm_bios")
	bins := map[string]string{"ours": programs(t, program(t)), "theirs": programs(t, theirs)}
	for tools, bin := range bins {
		for server, other := range bins {
			for _, network := range []string{"unix", "tcp"} {
				t.Run(fmt.Sprintf("%s on %s, %s", tools, server, network), func(t *testing.T) {
					t.Parallel()
					controlTools(t, bin, filepath.Join(other, "swtpm"), server == "ours", network)
				})
			}
		}
	}
}

func controlTools(t *testing.T, bin, swtpm string, ours bool, network string) {
	dir := shortDir(t)
	server := map[string]string{"CAPS": "0xffff", "MIN": "2808", "DIR": dir}
	args := []string{"socket", "--tpm2", "--tpmstate", "dir=" + dir}
	if ours {
		server["CAPS"], server["MIN"] = "0x1ffff", "2896"
		args = append(args, "--flags", "disable-auto-shutdown") // as releases before 0.8
	}
	control, data := []string{"--unix", dir + "/c"}, []string{"--unix", dir + "/d"}
	if network == "unix" {
		args = append(args, "--ctrl", "type=unixio,path="+dir+"/c", "--server", "type=unixio,path="+dir+"/d")
	} else {
		port := freePorts(t)
		control, data = []string{"--tcp", fmt.Sprintf(":%d", port+1)}, []string{"--tcp", fmt.Sprintf("127.0.0.1:%d", port)}
		args = append(args, "--ctrl", fmt.Sprintf("type=tcp,port=%d", port+1), "--server", fmt.Sprintf("type=tcp,port=%d", port))
	}
	p := start(t, swtpm, args...)
	tool := func(step toolStep) (int, string) {
		f := strings.Fields(strings.ReplaceAll(step.words, "DIR", dir))
		to := data
		if f[0] == "ioctl" {
			to = control
		}
		cmd := exec.Command(filepath.Join(bin, "swtpm_"+f[0]), append(to[:len(to):len(to)], f[1:]...)...)
		var out, errs bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("measured"), &out, &errs
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), out.String() + errs.String()
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(10 * time.Millisecond) { // until it listens
		if status, _ := tool(controlSteps[0]); status == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not answer; %s", p.log)
		}
	}
	for _, step := range controlSteps {
		want := step.says
		for name, value := range server {
			want = strings.ReplaceAll(want, name, value)
		}
		status, says := tool(step)
		if strings.HasPrefix(step.words, "bios") {
			says = words.ReplaceAllString(strings.ReplaceAll(says, "; this is a TPM 2: use --tpm2", ""), "")
		}
		says = strings.TrimRight(says, "\n")
		if status != step.status || !regexp.MustCompile(`^`+strings.TrimSuffix(want, `\n`)+`$`).MatchString(says) {
			t.Errorf("%s: %d %q, want %d %q", step.words, status, says, step.status, want)
		}
	}
	p.wait(10 * time.Second)
}

// A TPM 1.2, which only Debian has, starts with our swtpm_bios as with theirs: the same is said, with the same exit status, in every step.
func TestBIOSOfTPM12(t *testing.T) {
	guard(t, theirs, "swtpm_ioctl", "swtpm_bios")
	bins := [2]string{programs(t, theirs), programs(t, program(t))}
	var told [2][]string
	for side, bin := range bins {
		dir := shortDir(t)
		p := start(t, theirs, "socket", "--tpmstate", "dir="+dir, "--ctrl", "type=unixio,path="+dir+"/c", "--server", "type=unixio,path="+dir+"/d")
		tool := func(name, options string) string {
			socket := map[string]string{"swtpm_bios": dir + "/d", "swtpm_ioctl": dir + "/c"}[name]
			cmd := exec.Command(filepath.Join(bin, name), append([]string{"--unix", socket}, strings.Fields(options)...)...)
			out, err := cmd.CombinedOutput()
			if err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			text := strings.TrimRight(words.ReplaceAllString(string(out), ""), "\n")
			return fmt.Sprintf("%s %s: %d %q", name, options, cmd.ProcessState.ExitCode(), text)
		}
		for deadline := time.Now().Add(startTime); !strings.Contains(tool("swtpm_ioctl", "-c"), ": 0 "); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				missing(t, "there is no TPM 1.2: %s", p.log)
			}
		}
		for _, options := range []string{
			"-d", "-o", "-ea", "-ea", "", "-s", "-c -cs", "-n", "-cs -u", "-n -ea", "-n -cs", "-u -o", "--tpm2", "-n -u", "-ea",
		} {
			if !strings.Contains(options, "-n") {
				told[side] = append(told[side], tool("swtpm_ioctl", "-i"))
			}
			told[side] = append(told[side], tool("swtpm_bios", options))
		}
		p.kill()
	}
	sameLines(t, told[0], told[1])
}
