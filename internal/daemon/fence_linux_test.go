package daemon

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/control"
	"govtpm/internal/sandbox"
)

// fenceTold begins what the log says of the file system. A kernel without Landlock, and a program with C code, say that it
// is not fenced in.
const fenceTold = "The file system is "

// The process is fenced in unless it is asked not to be, and what it promises to remove it can remove.
func TestProcessIsConfined(t *testing.T) {
	if !sandbox.Supported() {
		t.Skip("no filter for this processor")
	}
	for _, row := range []struct {
		args []string
		mode string
		log  string
	}{
		{nil, "2", fenceTold},
		{[]string{"--seccomp", "action=kill"}, "2", fenceTold},
		{[]string{"--seccomp", "action=log"}, "2", fenceTold},
		{[]string{"--seccomp", "action=none"}, "0", ""},
	} {
		p := start(t, nil, append(row.args, "--ctrl", ctrlArg, "--pid", "file=DIR/pid", "--log", "file=DIR/log,level=5")...)
		c := control.NewClient(p.dial("ctrl"))
		call(t, c, control.Init{})
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
		if err != nil || !bytes.Contains(status, []byte("\nSeccomp:\t"+row.mode+"\n")) {
			t.Errorf("%v: %s, %v", row.args, status, err)
		}
		core, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", p.cmd.Process.Pid))
		if err != nil || !strings.Contains(strings.Join(strings.Fields(string(core)), " "), "Max core file size 0 0") {
			t.Errorf("%v: %s, %v", row.args, core, err)
		}
		call(t, c, control.Shutdown{})
		p.ends(0)
		for _, name := range []string{"pid", "ctrl"} {
			if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
				t.Errorf("%v: %s was left behind", row.args, name)
			}
		}
		log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		if !strings.Contains(string(log), row.log) || row.log == "" && strings.Contains(string(log), fenceTold) {
			t.Errorf("%v: log %q", row.args, log)
		}
	}
}

func TestFilterIsAnnounced(t *testing.T) {
	var out bytes.Buffer
	p := &Program{Engine: fakeEngine(), Stdout: &out, Confine: true}
	p.printCapabilities(&out, socketForm(), true)
	if got := strings.Contains(out.String(), `"ctrl-opt-terminate", "cmdarg-seccomp", "cmdarg-key-fd"`); got != sandbox.Supported() {
		t.Errorf("%s", out.String())
	}
}
