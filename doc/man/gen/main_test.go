package main

import (
	"os"
	"path/filepath"
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
