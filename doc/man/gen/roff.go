package main

import (
	"fmt"
	"strings"
)

// escape makes text safe for roff: no control lines, no escapes, dashes that can be searched for.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// write renders a page.
func (p *page) write() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	usage, sections := parse(p.help())
	line(`.\" Written by doc/man/gen; change the help of the program, or doc/man/gen/pages.go.`)
	line(`.TH %s %d "" "govtpm" "%s"`, strings.ToUpper(p.name), p.section, map[int]string{5: "File Formats", 8: "System Administration"}[p.section])
	line(".ad l") // options are long
	line(".nh")
	line(".SH NAME")
	line(`%s \- %s`, p.name, escape(p.what))
	if len(usage) > 0 {
		line(".SH SYNOPSIS")
		line(".nf")
		for _, u := range usage {
			line("%s", escape(u))
		}
		line(".fi")
	}
	line(".SH DESCRIPTION")
	first := true
	paragraph := func(text string) {
		if !first {
			line(".PP")
		}
		first = false
		line("%s", escape(text))
	}
	for _, text := range p.about {
		paragraph(text)
	}
	for _, s := range sections {
		if s.title != "" {
			line(".SH %s", escape(strings.ToUpper(s.title)))
			first = true
		}
		for _, text := range s.text {
			paragraph(text)
		}
		if s.title == "" && len(s.items) > 0 {
			line(".SH OPTIONS")
		}
		writeItems(line, s.items)
	}
	for _, s := range p.more {
		line(".SH %s", s.title)
		for i, text := range s.text {
			if i > 0 {
				line(".PP")
			}
			line("%s", escape(text))
		}
		writeItems(line, s.items)
		if len(s.code) > 0 {
			line(".PP")
			line(".nf")
			for _, c := range s.code {
				line("%s", escape(c))
			}
			line(".fi")
		}
	}
	if len(p.see) > 0 {
		line(".SH SEE ALSO")
		var refs []string
		for _, s := range p.see {
			name, number, _ := strings.Cut(s, "(")
			refs = append(refs, fmt.Sprintf(`\fB%s\fR(%s`, escape(name), number))
		}
		line("%s", strings.Join(refs, ",\n"))
	}
	return b.String()
}

// writeItems renders terms and what they mean. Terms without a text share the next one's.
func writeItems(line func(string, ...any), items []item) {
	request := ".TP"
	for _, it := range items {
		line("%s", request)
		term := strings.ReplaceAll(escape(it.term), "[,", `\:[,`) // where a line may end
		line(`\fB%s\fR`, term)
		if request = ".TQ"; it.text != "" {
			line("%s", escape(it.text))
			request = ".TP"
		}
	}
}
