package conffile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"govtpm/internal/conffile"
)

func env(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

func TestValue(t *testing.T) {
	const text = "# comment\nstatedir = /var/x  # here\nstatedir = second\n  indented = no\nempty =\nkey=a = b\n" +
		"dir = ${HOME}/x/${UNSET}y${HOME\nnest = ${NEST}\nkeylong = z\ncrlf = v \r\ntab\t=\tt\t\nnoequals\nenv:A=b # c\nenv: C = d\nenv:=x\nenv:bad\n"
	f := conffile.Parse(text, env(map[string]string{"HOME": "/h", "NEST": "${HOME}"}))
	for key, want := range map[string]string{
		"statedir": "/var/x", "indented": "-", "empty": "", "key": "a = b", "dir": "/h/x/y${HOME", "nest": "${HOME}",
		"keylong": "z", "crlf": "v", "tab": "t", "noequals": "-", "missing": "-", "# comment": "-",
	} {
		got, ok := f.Value(key)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	want := [][2]string{{"A", "b # c"}, {"C", " d"}}
	if got := f.Prefixed("env:"); !reflect.DeepEqual(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if got, want := conffile.Find("x.conf", env(map[string]string{"XDG_CONFIG_HOME": dir})), filepath.Join(conffile.SystemDir, "x.conf"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	user := filepath.Join(dir, ".config", "x.conf")
	if err := os.MkdirAll(filepath.Dir(user), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(user, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := conffile.Find("x.conf", env(map[string]string{"HOME": dir})); got != user {
		t.Errorf("%s, want %s", got, user)
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"binary": "a\x00b", "huge": strings.Repeat("x", conffile.MaxSize+1)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := conffile.Read(path, os.LookupEnv); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := conffile.Read(dir, os.LookupEnv); err == nil {
		t.Error("a directory was read")
	}
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{"", "a = b", "a=${X}", "a=${", "a = b # c\na = d", "env:X=Y", "a\t=\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := conffile.Parse(s, env(map[string]string{"X": "x"}))
		if v, ok := c.Value("a"); ok && strings.ContainsAny(v, "#\n") {
			t.Errorf("%q gives %q", s, v)
		}
		c.Prefixed("env:")
	})
}
