package main

import (
	"strings"
)

// A section is a part of a help screen.
type section struct {
	title string
	text  []string // paragraphs in front of the items
	items []item
}

type item struct{ term, text string }

// parse reads a help screen. An item is a line that begins with its term, behind which, after " : " or two blanks, its text begins;
// the text goes on in indented lines. A title is a line of its own that ends with a colon, or stands over items.
func parse(help string) (usage []string, sections []section) {
	lines := strings.Split(strings.TrimSpace(expand(help)), "\n")
	sections = []section{{}}
	paragraph := false // the last line belongs to one
	for i, line := range lines {
		last := &sections[len(sections)-1]
		words := strings.TrimSpace(line)
		switch {
		case words == "":
			paragraph = false
		case isUsage(line):
			usage = append(usage, strings.TrimSpace(strings.TrimPrefix(words, "Usage:")))
		case i == 0 && strings.Contains(words, " version "): // the banner
		case words == "The following options are supported:", words == "The following commands are supported:":
		case isItem(line):
			term, text := splitItem(words)
			last.items = append(last.items, item{term, text})
			paragraph = false
		case line[0] == ' ' && !paragraph && len(last.items) > 0:
			it := &last.items[len(last.items)-1]
			it.text = strings.TrimSpace(it.text + " " + strings.TrimPrefix(words, ": "))
		case isTitle(lines, i):
			sections = append(sections, section{title: strings.TrimSuffix(words, ":")})
		case paragraph:
			last.text[len(last.text)-1] += " " + words
		default:
			if len(last.items) > 0 { // a paragraph behind items
				sections = append(sections, section{title: "NOTES"})
				last = &sections[len(sections)-1]
			}
			last.text = append(last.text, words)
			paragraph = true
		}
	}
	return usage, sections
}

// expand puts items that are indented by a tab at the beginning of the line, with what follows them by blanks.
func expand(help string) string {
	lines := strings.Split(help, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "\t"); ok {
			lines[i] = rest
		}
	}
	return strings.Join(lines, "\n")
}

// isUsage says whether a line shows how to call the program.
func isUsage(line string) bool {
	return strings.HasPrefix(line, "Usage:") || strings.HasPrefix(line, "       swtpm") || line == "swtpm_bios [options]"
}

// isItem says whether an item begins: an option, or a form of an argument or a key with its text behind two blanks or an equals sign.
func isItem(line string) bool {
	if line[0] == '-' {
		return true
	}
	first, rest, found := strings.Cut(line, "  ")
	return found && line[0] != ' ' && strings.TrimSpace(rest) != "" && len(strings.Fields(first)) <= 2
}

func splitItem(line string) (term, text string) {
	if term, text, ok := strings.Cut(line, " : "); ok {
		return strings.TrimSpace(term), strings.TrimSpace(text)
	}
	if term, text, ok := strings.Cut(line, "]: "); ok { // no room for a blank
		return term + "]", strings.TrimSpace(text)
	}
	if term, text, ok := strings.Cut(line, "  "); ok {
		return strings.TrimSpace(term), strings.TrimSpace(text)
	}
	if term, text, ok := strings.Cut(line, "] "); ok && !strings.HasPrefix(text, "[") && !strings.Contains(line, ",[") && strings.Contains(text, " ") {
		return term + "]", text
	}
	if i := strings.LastIndex(line, "> "); i > 0 && strings.Contains(line[i+2:], " ") && line[i+2] != '-' {
		return line[:i+1], line[i+2:]
	}
	return line, ""
}

// isTitle says whether a line is the title of the items that follow.
func isTitle(lines []string, i int) bool {
	line := lines[i]
	if line[0] == ' ' || i+1 >= len(lines) || lines[i+1] == "" || !isItem(lines[i+1]) {
		return false
	}
	return strings.HasSuffix(line, ":") || !strings.ContainsAny(line, ".:;")
}
