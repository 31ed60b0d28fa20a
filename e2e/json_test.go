package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// printed runs a program that prints and ends.
func printed(t *testing.T, program string, args ...string) (text string, failed bool) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Logf("%s %v: %v\n%s", program, args, err, errs.String())
	}
	return string(out), err != nil
}

// capabilitiesLayout is what programs that search the line for strings rely on.
var capabilitiesLayout = regexp.MustCompile(`^\{ "type": "(\w+)", "features": \[ "[^]]*" \], (?:"profiles": [{[].*[]}], )?"version": "\d+\.\d+\.\d+" \}\n$`)

// goneFeatures are features of swtpm 0.7.1 that ours does not have.
var goneFeatures = map[string]string{
	"tpm-1.2":              "there is no TPM 1.2",
	"cmdarg-parentkey-pwd": "an option that was taken away between 0.7.1 and 0.11",
}

// newFeatures are features that 0.7.1 does not have: those of later releases, and 4096 bits, for which its libtpms is too old.
var newFeatures = strings.Fields(`flags-opt-disable-auto-shutdown ctrl-opt-terminate cmdarg-chroot cmdarg-migration rsa-keysize-4096 cmdarg-profile
	cmdarg-print-profiles profile-opt-remove-disabled cmdarg-print-info tpmstate-opt-lock tpmstate-dir-backend-opt-backup
	tpmstate-dir-backend-opt-fsync cmdarg-pcap systemd-notify
	tpm2-rsa-keysize-4096 cmdarg-profile-remove-disabled cmdarg-ek1keyalgo cmdarg-ek2keyalgo cmdarg-iakkeyalgo cmdarg-idevidkeyalgo
	cmdarg-tpm-serial-num supports-iak-idevid cmdarg-public cmdarg-keyalgo`)

// TestCapabilitiesAsDebian compares the lines by which programs learn what these can do with those of Debian's swtpm 0.7.1: the same
// layout, the same features in the same order, and every difference one that there is a reason for.
func TestCapabilitiesAsDebian(t *testing.T) {
	guard(t, theirs, "swtpm_setup", "swtpm_cert")
	program := program(t)
	for _, row := range []struct {
		their string
		args  []string
		our   []string
	}{
		{theirs, []string{"socket", "--print-capabilities"}, nil},
		{theirs, []string{"socket", "--tpm2", "--print-capabilities"}, nil},
		{theirs, []string{"chardev", "--print-capabilities"}, nil},
		{theirs, []string{"chardev", "--tpm2", "--print-capabilities"}, nil},
		{"/usr/bin/swtpm_setup", []string{"--print-capabilities"}, []string{"swtpm_setup"}},
		{"/usr/bin/swtpm_setup", []string{"--tpm2", "--print-capabilities"}, []string{"swtpm_setup"}},
		{"/usr/bin/swtpm_cert", []string{"--print-capabilities"}, []string{"swtpm_cert"}},
	} {
		name := filepath.Base(row.their) + " " + strings.Join(row.args, " ")
		their, bad := printed(t, row.their, row.args...)
		our, worse := printed(t, program, append(row.our, row.args...)...)
		if bad || worse {
			t.Errorf("%s: a program failed", name)
			continue
		}
		for _, difference := range compareCapabilities(t, their, our) {
			t.Errorf("%s: %s\ntheirs %sours   %s", name, difference, their, our)
		}
	}
}

func compareCapabilities(t *testing.T, their, our string) (differences []string) {
	t.Helper()
	add := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	type capabilities struct {
		Type     string
		Features []string
	}
	var c [2]capabilities
	for i, text := range []string{their, our} {
		if !capabilitiesLayout.MatchString(text) {
			add("another layout: %q", text)
		}
		if err := json.Unmarshal([]byte(text), &c[i]); err != nil {
			add("%v", err)
		}
	}
	if c[0].Type != c[1].Type {
		add("type %s, want %s", c[1].Type, c[0].Type)
	}
	var common, found []string
	for _, f := range c[0].Features {
		if _, gone := goneFeatures[f]; !gone {
			common = append(common, f)
		}
	}
	for _, f := range c[1].Features {
		if slices.Contains(c[0].Features, f) {
			found = append(found, f)
		} else if !slices.Contains(newFeatures, f) {
			add("a feature that no release has: %s", f)
		}
	}
	if !slices.Equal(found, common) {
		add("features in common %v, want %v", found, common)
	}
	return differences
}

// TestStatesAsDebian compares --print-states with Debian's, byte for byte, for states that either wrote.
func TestStatesAsDebian(t *testing.T) {
	guard(t, theirs, "swtpm_ioctl")
	program := program(t)
	for _, maker := range []string{theirs, program} {
		empty, dir := shortDir(t), shortDir(t)
		// A TPM that stored its volatile state and then lost its power has two blobs.
		s := startSocket(t, maker, dir, "not-need-init,startup-clear")
		if text, failed := printed(t, "swtpm_ioctl", "--tcp", "127.0.0.1:"+strconv.Itoa(s.port+1), "-v"); failed {
			t.Fatalf("volatile state was not stored: %s", text)
		}
		s.kill()
		file := filepath.Join(shortDir(t), "state")
		printed(t, program, "socket", "--tpm2", "--tpmstate", "backend-uri=file://"+file, "--print-info", "0")
		for _, place := range []string{"dir=" + empty, "dir=" + dir, "backend-uri=dir://" + dir, "backend-uri=file://" + file} {
			their, bad := printed(t, theirs, "socket", "--tpm2", "--print-states", "--tpmstate", place)
			our, worse := printed(t, program, "socket", "--tpm2", "--print-states", "--tpmstate", place)
			if bad || worse || their != our {
				t.Errorf("%s of %s: %q, want %q", place, maker, our, their)
			}
		}
		if text, _ := printed(t, program, "socket", "--tpm2", "--print-states", "--tpmstate", "dir="+dir); !strings.Contains(text, "volatilestate") {
			t.Errorf("no volatile state: %s", text)
		}
	}
	// 0.7.1 fails where there is no directory; later releases find no state in it.
	our, failed := printed(t, program, "socket", "--tpm2", "--print-states", "--tpmstate", "dir="+filepath.Join(os.TempDir(), "no such directory"))
	if failed || our != `{ "type": "swtpm", "states": [] }` {
		t.Errorf("without a directory: %q", our)
	}
}

// newInfo are the values of CMD_GET_INFO that libtpms 0.11 and 0.9.2 have differently.
var newInfo = map[string]string{
	"TPMSpecification.revision":    "164 and 183: of the standard",
	"TPMAttributes.version":        "of the firmware",
	"TPMFeatures.RSAKeySizes":      "4096 bits are new",
	"TPMFeatures.CamelliaKeySizes": "192 bits are new",
	"RuntimeAlgorithms":            "new",
	"RuntimeCommands":              "new",
	"RuntimeAttributes":            "new",
	"ActiveProfile":                "new",
	"AvailableProfiles":            "new",
}

// TestInfoAsDebian compares what CMD_GET_INFO tells, member by member.
func TestInfoAsDebian(t *testing.T) {
	guard(t, theirs)
	program := program(t)
	our, their := startSocket(t, program, shortDir(t), "not-need-init"), startSocket(t, theirs, shortDir(t), "not-need-init")
	for _, flags := range []string{"0", "1", "2", "4", "7", "0xff"} {
		var text [2]string
		var leaves [2]map[string]string
		for i, s := range []*socketTPM{their, our} {
			var failed bool
			// swtpm_ioctl of 0.7.1 breaks the line wherever a piece of a long answer ends.
			if text[i], failed = printed(t, program, "swtpm_ioctl", "--tcp", "127.0.0.1:"+strconv.Itoa(s.port+1), "--info", flags); failed {
				t.Fatalf("--info %s failed", flags)
			}
			var value map[string]any
			if err := json.Unmarshal([]byte(text[i]), &value); err != nil {
				t.Fatalf("--info %s: %v: %s", flags, err, text[i])
			}
			leaves[i] = map[string]string{}
			flatten("", value, leaves[i])
		}
		names := slices.Sorted(maps.Keys(leaves[1]))
		for name := range leaves[0] {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, name := range names {
			first, _, _ := strings.Cut(name, ".")
			if leaves[0][name] != leaves[1][name] && newInfo[name] == "" && newInfo[first] == "" {
				t.Errorf("--info %s: %s is %q, want %q", flags, name, leaves[1][name], leaves[0][name])
			}
		}
	}
}

// flatten gives the values of an object by their paths.
func flatten(path string, value any, into map[string]string) {
	if object, ok := value.(map[string]any); ok {
		for name, v := range object {
			flatten(strings.TrimPrefix(path+"."+name, "."), v, into)
		}
		return
	}
	into[path] = fmt.Sprint(value)
}
