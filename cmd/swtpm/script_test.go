package main

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"govtpm/internal/sandbox"
)

// The programs are in the path of the scripts under all their names.
func TestMain(m *testing.M) {
	commands := scriptHelpers()
	for name := range programs() {
		commands[name] = main
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
	env.Values[connectionsKey{}] = connections{}
	return nil
}
