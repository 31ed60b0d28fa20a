package tpm2

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// commandFact is a line of testdata/commands.txt.
type commandFact struct {
	code       wire.CC
	attributes wire.TPMACC
	name       string
	offered    string
}

func commandFacts(t *testing.T) []commandFact {
	t.Helper()
	f, err := os.Open("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var facts []commandFact
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		var x commandFact
		if _, err := fmt.Sscanf(s.Text(), "%x %x %s %s", &x.code, &x.attributes, &x.name, &x.offered); err != nil {
			t.Fatalf("%q: %v", s.Text(), err)
		}
		facts = append(facts, x)
	}
	return facts
}

// Every command of Part 3 has its row, with the attributes that clients know.
func TestCommandTable(t *testing.T) {
	rows := make(map[wire.CC]command)
	for _, row := range commandTable() {
		if _, twice := rows[row.code]; twice {
			t.Errorf("%v has two rows", row.code)
		}
		rows[row.code] = row
		if row.clause == "" {
			t.Errorf("%v: no clause", row.code)
		}
	}
	for _, fact := range commandFacts(t) {
		row, ok := rows[fact.code]
		if !ok {
			t.Errorf("%s (%#x) has no row", fact.name, uint32(fact.code))
			continue
		}
		if got := row.attributes(); got != fact.attributes {
			t.Errorf("%s: attributes %#08x, want %#08x", fact.name, uint32(got), uint32(fact.attributes))
		}
		if fact.offered != "-" && row.run.act == nil {
			t.Errorf("%s: no action", fact.name)
		}
		delete(rows, fact.code)
	}
	for cc := range rows {
		t.Errorf("%v is in no list of commands", cc)
	}
}

// A command that may have its first parameter encrypted starts with a sized buffer, and no other does.
func TestFirstParameterSized(t *testing.T) {
	for _, row := range commandTable() {
		if row.run.new == nil {
			continue
		}
		f := row.run.new().fields()
		sized := false
		if len(f) != 0 {
			sized = strings.Contains(fmt.Sprintf("%T", f[0].into), "wire.TPM2B") || isOptionalPublic(row.code)
		}
		if decrypt := row.flags&flagDecrypt != 0; decrypt != sized {
			t.Errorf("%v: decrypt %v, first parameter sized %v", row.code, decrypt, sized)
		}
	}
}

// isOptionalPublic names the commands whose first parameter is a sized structure behind a decoder of its own.
func isOptionalPublic(cc wire.CC) bool { return slices.Contains([]wire.CC{}, cc) }
