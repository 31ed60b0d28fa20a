package localca

import (
	"strings"
	"testing"

	"govtpm/internal/ekcert"
)

// FuzzParameters holds that no key parameter, VM name or serial file makes the program do anything but answer, and that
// every VM name becomes a subject ekcert can read.
func FuzzParameters(f *testing.F) {
	for _, s := range []string{"", "x=1,y=2,id=secp256r1", "x=,y", "a+b,c", `a\`, `\\\`, " ", "\xff", strings.Repeat("9", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if args, err := keyArgs(s); err == nil && len(args)%2 != 0 {
			t.Errorf("key %q gives %q", s, args)
		}
		o := &options{text: map[string]string{"vmid": s}}
		if attrs, err := ekcert.ParseSubject(o.subject()); len(attrs) > 1 {
			t.Errorf("name %q gives %v", s, attrs)
		} else if err != nil && !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("name %q: %v", s, err)
		}
		if n, ok := parseSerial(s); ok && n.Sign() < 0 {
			t.Errorf("serial %q is %v", s, n)
		}
	})
}
