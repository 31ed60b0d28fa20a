package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"govtpm/internal/programs"
	"govtpm/internal/sandbox"
)

// The programs are in the path of the scripts under all their names.
func TestMain(m *testing.M) {
	commands := scriptHelpers()
	for _, p := range programs.All() {
		commands[p.Name] = main
	}
	testscript.Main(m, commands)
}

// TestScript runs the scripts of testdata/script: what people and programs type, and what they are told. The language is that of
// https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript, with the commands of scriptCommands, the programs of
// scriptHelpers and the conditions of condition. With UPDATE_SCRIPTS=1 the files that cmp compares with are written anew.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                scriptCommands(),
		Condition:           condition,
		Setup:               setUpScript,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// condition tells what a script may ask for beside systems ([linux], [unix], …) and programs ([exec:sh]).
func condition(name string) (bool, error) {
	switch name {
	case "seccomp":
		return sandbox.Supported(), nil
	case "cuse", "vtpmx": // the kernel's devices
		_, err := os.Stat("/dev/" + name)
		return err == nil, nil
	case "root":
		return runtime.GOOS == "linux" && os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// setUpScript gives a script a home of its own; of the environment there is nothing but PATH.
func setUpScript(env *testscript.Env) error {
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("GORACE", "atexit_sleep_ms=0") // a program of the race detector sleeps for a second at its end
	env.Values[connectionsKey{}] = connections{}
	return nil
}

// TestEveryOptionHasAScript looks for every option and suboption of the programs' help in the scripts.
func TestEveryOptionHasAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	scripts := map[string]string{} // by the first word of their names
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".txtar"), "_")
		scripts[kind] += string(text)
	}
	long := regexp.MustCompile(`(?m)^\s*(?:-\w\|)?--[a-z0-9][a-z0-9-]*`)
	sub := regexp.MustCompile(`[\[,|( ]([a-z][a-z0-9-]+)(=|[\],|])`)
	for help, kind := range map[string]string{
		"socket --help": "daemon", "chardev --help": "daemon", "cuse --help": "daemon", "inspect --help": "inspect", "decode --help": "decode",
		"ioctl --help": "ioctl", "bios --help": "bios", "setup --help": "setup", "cert --help": "cert", "localca --help": "localca",
	} {
		var out, errs bytes.Buffer
		if programs.Run(strings.Fields("swtpm "+help), strings.NewReader(""), &out, &errs) != 0 {
			t.Fatalf("%s: %s", help, errs.String())
		}
		var wanted []string
		for line := range strings.Lines(out.String()) {
			option := long.FindString(line)
			if option == "" {
				continue
			}
			wanted = append(wanted, option[strings.Index(option, "--"):])
			grammar, _, _ := strings.Cut(line, " : ")
			if kind != "daemon" && kind != "inspect" {
				continue // the tools' options have no suboptions
			}
			for _, m := range sub.FindAllStringSubmatch(grammar, -1) {
				wanted = append(wanted, m[1])
			}
		}
		for _, w := range wanted {
			if !strings.Contains(scripts[kind], w) {
				t.Errorf("%s: no script has %s", help, w)
			}
		}
	}
}
