package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestUpToDate compares the pages with what the programs print today.
func TestUpToDate(t *testing.T) {
	var names []string
	for _, p := range pages() {
		names = append(names, p.file())
		got, err := os.ReadFile(filepath.Join("..", p.file()))
		if err != nil {
			t.Error(err)
			continue
		}
		if want := p.write(); string(got) != want {
			t.Errorf("%s is not up to date: run go run ./doc/man/gen", p.file())
		}
	}
	there, err := filepath.Glob("../*.[0-9]")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if !slices.Contains(names, filepath.Base(name)) {
			t.Errorf("%s is not written any more", name)
		}
	}
}

// TestEveryOption looks for every option of the help on the page, as an item with a text.
func TestEveryOption(t *testing.T) {
	for _, p := range pages() {
		_, sections := parse(p.help())
		items := 0
		for _, s := range sections {
			items += len(s.items)
			for i, it := range s.items {
				word, _, _ := strings.Cut(it.term, " ")
				shared := it.text == "" && i+1 < len(s.items) && strings.HasPrefix(s.items[i+1].term, word+" ")
				if it.text == "" && !shared || strings.HasPrefix(it.text, ":") {
					t.Errorf("%s: %q has no text", p.file(), it.term)
				}
			}
		}
		options := 0
		for line := range strings.Lines(p.help()) {
			if strings.HasPrefix(strings.TrimPrefix(line, "\t"), "-") {
				options++
			}
		}
		if items < options {
			t.Errorf("%s: %d options and %d items", p.file(), options, items)
		}
	}
}

// TestSafe looks for lines that roff would take for its own.
func TestSafe(t *testing.T) {
	known := []string{".TH", ".SH", ".TP", ".TQ", ".PP", ".nf", ".fi", ".ad", ".nh", `.\"`}
	for _, p := range pages() {
		for line := range strings.Lines(p.write()) {
			request, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !slices.Contains(known, request) {
				t.Errorf("%s: %q", p.file(), line)
			}
		}
	}
}

// TestOptionsAgree compares the options on a page, read as man would, with those in the help itself, read without parse.
func TestOptionsAgree(t *testing.T) {
	options := regexp.MustCompile(`(?:^|[ ,|\[])(--?[a-zA-Z?][a-zA-Z0-9-]*)`)
	set := func(lines []string) []string {
		var all []string
		for _, line := range lines {
			for _, m := range options.FindAllStringSubmatch(line, -1) {
				all = append(all, m[1])
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for _, p := range programPages() {
		var inHelp, onPage []string
		for line := range strings.Lines(p.help()) {
			line = strings.TrimPrefix(line, "\t")
			if strings.HasPrefix(line, "-") {
				term, _ := splitItem(strings.TrimSpace(line))
				inHelp = append(inHelp, term)
			}
		}
		if len(inHelp) == 0 && p.name != "swtpm" { // which lists interfaces
			t.Errorf("%s: the help has no options", p.file())
		}
		lines := strings.Split(p.write(), "\n")
		for i, line := range lines {
			term, ok := strings.CutPrefix(line, `\fB`)
			if ok && i > 0 && (lines[i-1] == ".TP" || lines[i-1] == ".TQ") && strings.HasPrefix(term, `\-`) {
				onPage = append(onPage, strings.NewReplacer(`\-`, "-", `\fR`, "", `\e`, `\`, `\&`, "").Replace(term))
			}
		}
		if a, b := set(inHelp), set(onPage); !slices.Equal(a, b) {
			t.Errorf("%s: the help has %q, the page %q", p.file(), a, b)
		}
	}
}
