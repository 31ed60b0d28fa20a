package option

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

var grammar = Grammar{Program: "socket", Options: []Option{
	{"port", 'p', NeedsArg}, {"pid", 0, NeedsArg}, {"tpm2", 0, NoArg}, {"tpmstate", 0, NeedsArg},
	{"terminate", 't', NoArg}, {"daemon", 'd', NoArg}, {"print-states", 0, NoArg}, {"print-profiles", 0, NoArg},
	{"key", 0, NeedsArg}, {"", 'x', NoArg},
}}

func flat(values []Value) string {
	var s []string
	for _, v := range values {
		s = append(s, v.Name+"="+v.Arg)
	}
	return strings.Join(s, " ")
}

func TestGetopt(t *testing.T) {
	rows := []struct{ args, values, operands, err string }{
		{"--tpm2 --pid file=x", "tpm2= pid=file=x", "", ""},
		{"--pid=file=x --tpm2", "pid=file=x tpm2=", "", ""},
		{"--pi x --por 3", "pid=x port=3", "", ""},
		{"--tpms dir=d", "tpmstate=dir=d", "", ""},
		{"--p", "", "", "socket: option '--p' is ambiguous; possibilities: '--port' '--pid' '--print-states' '--print-profiles'"},
		{"--print=4", "", "", "socket: option '--print=4' is ambiguous; possibilities: '--print-states' '--print-profiles'"},
		{"--foo", "", "", "socket: unrecognized option '--foo'"},
		{"--foo=3", "", "", "socket: unrecognized option '--foo=3'"},
		{"--tpm2=1", "", "", "socket: option '--tpm2' doesn't allow an argument"},
		{"--key", "", "", "socket: option '--key' requires an argument"},
		{"--key=", "key=", "", ""},
		{"-p 3 -p4 -dtp5", "port=3 port=4 daemon= terminate= port=5", "", ""},
		{"-dx", "daemon= x=", "", ""},
		{"-p", "", "", "socket: option requires an argument -- 'p'"},
		{"-dq", "daemon=", "", "socket: invalid option -- 'q'"},
		{"a --tpm2 b - -d c", "tpm2= daemon=", "a b - c", ""},
		{"--tpm2 -- --pid -d", "tpm2=", "--pid -d", ""},
		{"-tpm2", "terminate= port=m2", "", ""},
	}
	for _, row := range rows {
		values, operands, err := grammar.Parse(strings.Fields(row.args))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if flat(values) != row.values || strings.Join(operands, " ") != row.operands || text != row.err {
			t.Errorf("%q: %q, %q, %q", row.args, flat(values), operands, text)
		}
	}
}

func TestGetoptLongOnly(t *testing.T) {
	g := Grammar{Program: "swtpm_bios", LongOnly: true, Options: []Option{
		{"tpm2", 0, NoArg}, {"tcp", 0, NeedsArg}, {"cs", 0, NoArg}, {"", 'c', NoArg}, {"", 's', NoArg},
	}}
	rows := []struct{ args, values, err string }{
		{"-tpm2 -tcp :1", "tpm2= tcp=:1", ""},
		{"--tpm2 --tcp=:1", "tpm2= tcp=:1", ""},
		{"-cs", "cs=", ""},
		{"-c -s", "c= s=", ""},
		{"-sc", "s= c=", ""},
		{"-foo", "", "swtpm_bios: unrecognized option '-foo'"},
	}
	for _, row := range rows {
		values, _, err := g.Parse(strings.Fields(row.args))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if flat(values) != row.values || text != row.err {
			t.Errorf("%q: %q, %q", row.args, flat(values), text)
		}
	}
}

var defs = []Def{{"s", String}, {"b", Bool}, {"i", Int}, {"u", Uint}, {"m", Mode}, {"uid", UID}, {"gid", GID}}

func lookup(name string, group bool) (int, error) {
	if name == "root" && !group {
		return 0, nil
	}
	return 0, errors.New("no")
}

func TestLists(t *testing.T) {
	rows := []struct {
		text string
		want map[string]any
		err  string
	}{
		{"", nil, ""},
		{"s=a,b,i=-3,u=4,m=0600,uid=7,gid=8", map[string]any{"s": "a", "b": true, "i": -3, "u": 4, "m": 0o600, "uid": 7, "gid": 8}, ""},
		{"uid=root", map[string]any{"uid": 0}, ""},
		{"b=TRUE", map[string]any{"b": true}, ""},
		{"b=1", map[string]any{"b": true}, ""},
		{"b=yes", map[string]any{"b": false}, ""},
		{"s=a,s=b", map[string]any{"s": "a"}, ""},
		{"s", map[string]any{"s": "true"}, ""},
		{"s=a=b", map[string]any{"s": "a=b"}, ""},
		{"s=[id=1] ,i=2", map[string]any{"s": "[id=1] ", "i": 2}, ""},
		{`s={"a":{"b":1},"c":2},i=1`, map[string]any{"s": `{"a":{"b":1},"c":2}`, "i": 1}, ""},
		{`i=1,s={"a,b":1}`, map[string]any{"s": `{"a,b":1}`, "i": 1}, ""},
		{"s=", nil, "Unknown option 's='"},
		{"x=1", nil, "Unknown option 'x=1'"},
		{"foo", nil, "Unknown option 'foo'"},
		{"i=abc", nil, "invalid number 'abc'"},
		{"i=2147483648", nil, "invalid number '2147483648'"},
		{"u=-1", nil, "invalid number '-1'"},
		{"u", nil, "invalid number 'true'"},
		{"m=999", nil, "invalid mode type '999'"},
		{"m=1777", nil, "mode 1777 is invalid"},
		{"uid=nobody-there", nil, "unknown user 'nobody-there'"},
		{"gid=root", nil, "unknown group 'root'"},
		{"s={a}b,i=1", nil, "Missing ',' or end after '}' in '{a}b'"},
		{"s={a", nil, "Missing ',' or end after '}' in '{a'"},
	}
	for _, row := range rows {
		l, err := ParseList(row.text, defs, lookup)
		if err != nil {
			if err.Error() != row.err {
				t.Errorf("%q: %v", row.text, err)
			}
			continue
		}
		got := map[string]any{}
		for _, d := range defs {
			if !l.Has(d.Name) {
				continue
			}
			switch d.Type {
			case String:
				got[d.Name] = l.String(d.Name, "")
			case Bool:
				got[d.Name] = l.Bool(d.Name, false)
			case Mode:
				got[d.Name] = int(l.Mode(d.Name, 0))
			default:
				got[d.Name] = l.Int(d.Name, 0)
			}
		}
		if row.err != "" || !(len(got) == 0 && len(row.want) == 0) && !reflect.DeepEqual(got, row.want) {
			t.Errorf("%q: %v, want %v %s", row.text, got, row.want, row.err)
		}
	}
}

func TestDefaults(t *testing.T) {
	l, err := ParseList("", defs, nil)
	if err != nil || l.String("s", "d") != "d" || !l.Bool("b", true) || l.Int("i", 5) != 5 || l.Mode("m", 0o640) != 0o640 {
		t.Error(l, err)
	}
}

func FuzzList(f *testing.F) {
	f.Add(`s={"a":{"b":1},"c":2},i=1,b`)
	f.Add("s={{{,},,=,")
	f.Fuzz(func(t *testing.T, text string) {
		ParseList(text, defs, lookup)
		grammar.Parse(strings.Fields(text))
	})
}
