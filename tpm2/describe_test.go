package tpm2

import (
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// The description is complete: every row has a name, every handle and parameter a name and a type, and codes are there once.
func TestCommandsDescribed(t *testing.T) {
	seen := make(map[wire.CC]bool)
	for _, c := range Commands() {
		if seen[c.Code] {
			t.Errorf("%v is there twice", c.Code)
		}
		seen[c.Code] = true
		if c.Clause == "" || c.Attributes.CommandCode() != c.Code {
			t.Errorf("%v: clause %q, attributes %v", c.Code, c.Clause, c.Attributes)
		}
		for _, p := range c.Parameters() {
			if p.Name == "" || p.Type == "" || strings.Contains(p.Type, "decoder") || p.Value == nil {
				t.Errorf("%v: parameter %+v", c.Code, p)
			}
		}
	}
	for _, cc := range wire.CCs() {
		if !seen[cc] {
			t.Errorf("%v is missing", cc)
		}
	}
}

// A described command reads its parameters.
func TestCommandParameters(t *testing.T) {
	for _, c := range Commands() {
		if c.Code != wire.CCHash {
			continue
		}
		r := wire.NewReader([]byte{0, 2, 'h', 'i', 0x00, 0x0B, 0x40, 0x00, 0x00, 0x07}, nil)
		var types []string
		params := c.Parameters()
		for i := range params {
			params[i].Unmarshal(r)
			types = append(types, params[i].Type)
		}
		if rc := r.End(); rc != wire.RCSuccess {
			t.Fatal(rc)
		}
		if got, want := strings.Join(types, " "), "TPM2BMaxBuffer TPMI_ALG_HASH TPMI_RH_HIERARCHY"; got != want {
			t.Errorf("types %s, want %s", got, want)
		}
		if alg := *params[1].Value.(*wire.Alg); alg != wire.AlgSHA256 {
			t.Errorf("hashAlg %v", alg)
		}
		return
	}
	t.Error("no TPM2_Hash")
}
