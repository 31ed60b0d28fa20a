package longopt_test

import (
	"fmt"
	"strings"
	"testing"

	"govtpm/internal/longopt"
)

func TestParse(t *testing.T) {
	opts := []longopt.Option{
		{Name: "tpm2"}, {Name: "tpm-model", Arg: longopt.Required}, {Name: "tpm-version", Arg: longopt.Required},
		{Name: "create", Arg: longopt.Optional}, {Name: "help", Short: 'h'}, {Short: 'c'}, {Name: "cs"}, {Short: 'r', Arg: longopt.Required},
	}
	long := &longopt.Grammar{Program: "prog", Options: opts}
	only := &longopt.Grammar{Program: "prog", Options: opts, LongOnly: true}
	tests := []struct {
		g    *longopt.Grammar
		args string
		want string
	}{
		{long, "--tpm2 --tpm-model m x --tpm-version=v y", "tpm2 tpm-model=m tpm-version=v | x y"},
		{long, "--tpm-m=a=b", "tpm-model=a=b |"},
		{long, "--create --create=x", "create create=x |"},
		{long, "--tpm2 -- --tpm2 -h", "tpm2 | --tpm2 -h"},
		{long, "-hc - -r5 -r 6", "help c r=5 r=6 | -"},
		{long, "--help --foo", "help | prog: unrecognized option '--foo'"},
		{long, "--tpm", "| prog: option '--tpm' is ambiguous; possibilities: '--tpm2' '--tpm-model' '--tpm-version'"},
		{long, "--tpm2=x", "| prog: option '--tpm2' doesn't allow an argument"},
		{long, "--tpm-model", "| prog: option '--tpm-model' requires an argument"},
		{long, "-x", "| prog: invalid option -- 'x'"},
		{long, "-r", "| prog: option requires an argument -- 'r'"},
		{long, "-tpm2", "| prog: invalid option -- 't'"},
		{only, "-tpm2 -cs -c -h -he", "tpm2 cs c help help |"},
		{only, "-tpm-model m", "tpm-model=m |"},
		{only, "-foo", "| prog: unrecognized option '-foo'"},
	}
	for _, tt := range tests {
		given, operands, err := tt.g.Parse(strings.Fields(tt.args))
		var got strings.Builder
		for _, o := range given {
			got.WriteString(o.Name)
			if o.Has {
				fmt.Fprintf(&got, "=%s", o.Value)
			}
			got.WriteByte(' ')
		}
		got.WriteByte('|')
		for _, o := range operands {
			got.WriteString(" " + o)
		}
		if err != nil {
			got.WriteString(" " + err.Error())
		}
		if got.String() != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.args, got.String(), tt.want)
		}
	}
}
