package ekcert_test

import (
	"strings"
	"testing"

	"govtpm/internal/ekcert"
)

func TestParseSubject(t *testing.T) {
	tests := []struct {
		in   string
		want string // type=value joined with "|"; "" with ok for the empty name
		err  string
	}{
		{in: "", want: ""},
		{in: "CN=unknown", want: "2.5.4.3=unknown"},
		{in: "C=US,ST=NY,L=New York", want: "2.5.4.6=US|2.5.4.8=NY|2.5.4.7=New York"},
		{in: "commonName=a, o = b ", want: "2.5.4.3=a|2.5.4.10=b"},
		{in: "2.5.4.10=org", want: "2.5.4.10=org"},
		{in: `CN=a\,b\+c\\d`, want: `2.5.4.3=a,b+c\d`},
		{in: `CN=a\ `, want: "2.5.4.3=a "},
		{in: `CN=a\\ `, want: `2.5.4.3=a\`},
		{in: "CN=a=b", want: "2.5.4.3=a=b"},
		{in: "CN=\u00e9", want: "2.5.4.3=\u00e9"},
		{in: "CN=vm:4b0a", want: "2.5.4.3=vm:4b0a"},
		{in: "CN=a+OU=b", err: "'+'"},
		{in: "CN=a,,O=b", err: "not of the form"},
		{in: "CN=a,", err: "not of the form"},
		{in: "CN", err: "not of the form"},
		{in: "=a", err: "not of the form"},
		{in: "CN=", err: "no value"},
		{in: "foo=bar", err: "unknown attribute type 'foo'"},
		{in: "3.1=x", err: "unknown attribute type"},
		{in: "1.=x", err: "unknown attribute type"},
		{in: `CN=a\`, err: "last backslash"},
		{in: "CN=\xff", err: "UTF-8"},
		{in: "serialNumber=a_b", err: "PrintableString"},
		{in: "DC=\u00e9", err: "IA5String"},
	}
	for _, tt := range tests {
		attrs, err := ekcert.ParseSubject(tt.in)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %q in it", tt.in, err, tt.err)
			}
			continue
		}
		var parts []string
		for _, a := range attrs {
			parts = append(parts, a.Type.String()+"="+a.Value)
		}
		if got := strings.Join(parts, "|"); err != nil || got != tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{"", "CN=a", `C=US,ST=NY,CN=a\,b`, "1.2.3=x", `CN=\`, "CN=a+b", ",", "="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		attrs, err := ekcert.ParseSubject(s)
		for _, a := range attrs {
			if err == nil && (len(a.Type) < 2 || a.Value == "") {
				t.Errorf("%q gives %v", s, a)
			}
		}
	})
}
