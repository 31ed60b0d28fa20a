package diff

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"govtpm/tpm2/wire"
)

// A difference is one between the answers to a command.
type difference struct {
	command      wire.CC
	theirs, ours wire.RC
	kind         string // of a successful response: what differs; "" when the codes do
	command1     *command
	sent         two
	values       two // of kind
	note         string
}

// A knownDifference is a line of differences.txt.
type knownDifference struct {
	name         string  // of the command, *: any
	command      wire.CC // 0: any
	theirs, ours string  // code, or kind of value
	condition    string
	reason       string
	seen         int
}

// A stateDifference is a command that is answered alike and leaves the two in different states.
type stateDifference struct {
	name, reason string
	seen         int
}

// differences are the known ones, and those that were found.
type differences struct {
	known      []*knownDifference
	states     []*stateDifference
	properties map[uint32]bool
	never      map[wire.CC]bool // commands that cannot succeed
	found      map[string]*finding
	order      []string
}

type finding struct {
	count int
	text  string
}

// readDifferences reads differences.txt: command, their code, our code, condition, reason.
func readDifferences(t *testing.T) *differences {
	t.Helper()
	f, err := os.Open("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := &differences{properties: make(map[uint32]bool), never: make(map[wire.CC]bool), found: make(map[string]*finding)}
	s := bufio.NewScanner(f)
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		head, reason, ok := strings.Cut(line, ":")
		w := strings.Fields(head)
		if !ok || strings.TrimSpace(reason) == "" {
			t.Fatalf("a difference without reason: %s", line)
		}
		if len(w) == 2 && w[0] == "property" {
			n, err := strconv.ParseUint(w[1], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			d.properties[uint32(n)] = true
			continue
		}
		if len(w) == 2 && w[0] == "never" {
			cc, ok := wire.CCByName(w[1])
			if !ok {
				t.Fatalf("no command %s", w[1])
			}
			d.never[cc] = true
			continue
		}
		if len(w) == 2 && w[0] == "state" {
			d.states = append(d.states, &stateDifference{name: w[1], reason: strings.TrimSpace(reason)})
			continue
		}
		if len(w) != 4 || conditions[w[3]] == nil {
			t.Fatalf("a difference that cannot be read: %s", line)
		}
		k := &knownDifference{name: w[0], theirs: w[1], ours: w[2], condition: w[3], reason: strings.TrimSpace(reason)}
		if w[0] != "*" {
			if k.command, ok = wire.CCByName(w[0]); !ok {
				t.Fatalf("no command %s", w[0])
			}
		}
		d.known = append(d.known, k)
	}
	return d
}

func (d *differences) property(p uint32) bool { return d.properties[p] }

// meant counts a difference of states, and reports one that no line tells the reason of.
func (d *differences) meant(w *world, name string) {
	for _, s := range d.states {
		if s.name == name {
			s.seen++
			return
		}
	}
	w.report("no reason for the different states after %s", name)
}

// match tells whether the difference is a known one.
func (d *differences) match(w *world, x *difference) bool {
	left, right := fmt.Sprintf("%03x", uint32(x.theirs)), fmt.Sprintf("%03x", uint32(x.ours))
	if x.kind != "" {
		left, right = x.kind, x.kind
	}
	for _, k := range d.known {
		if (k.command == 0 || k.command == x.command) && codeMatches(k.theirs, left) && codeMatches(k.ours, right) &&
			conditions[k.condition](w, x) {
			k.seen++
			return true
		}
	}
	return false
}

// codeMatches compares a code with a pattern, in which a dot stands for any digit.
func codeMatches(pattern, code string) bool {
	if len(pattern) != len(code) {
		return false
	}
	for i := range pattern {
		if pattern[i] != '.' && pattern[i] != code[i] {
			return false
		}
	}
	return true
}

// add takes a difference into the findings; of those that look alike only the first is kept with its text.
func (d *differences) add(x *difference, text string, w *world) {
	key := fmt.Sprintf("%v theirs %03x ours %03x %s", x.command, uint32(x.theirs), uint32(x.ours), x.kind)
	f := d.found[key]
	if f == nil {
		f = &finding{text: text}
		d.found[key] = f
		d.order = append(d.order, key)
		w.report("%s\n%s", key, text)
	}
	f.count++
}

// summary lists what was found, most frequent first.
func (d *differences) summary() string {
	keys := slices.Clone(d.order)
	slices.SortStableFunc(keys, func(a, b string) int { return d.found[b].count - d.found[a].count })
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%6d × %s\n", d.found[k].count, k)
	}
	return b.String()
}
