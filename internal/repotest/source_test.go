package repotest

import (
	"bytes"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxLines is the length above which a file holds more than one concept.
const maxLines = 800

// longFiles may be longer, for a reason.
var longFiles = map[string]string{}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		if !hasComment(p) {
			t.Errorf("%s: no package comment: what is it, what does it promise, where to start?", p.dir)
		}
	}
}

func hasComment(p *goPackage) bool {
	for _, f := range p.files {
		if f.ast.Doc != nil && strings.TrimSpace(f.ast.Doc.Text()) != "" {
			return true
		}
	}
	return false
}

func TestFileLength(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			lines := p.fset.File(f.ast.Pos()).LineCount()
			if !f.test && lines > maxLines && longFiles[f.path] == "" {
				t.Errorf("%s: %d lines: split it by concept, or give its reason in the table of long files", f.path, lines)
			}
		}
	}
}

// forbidden are traces of the places where the project was written; it speaks of itself alone. The words are put
// together here so that this file does not hold them.
func forbidden() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		"/wo" + "rk/",
		"/t" + "mp/(wt|brief|land)",
		"far" + "m-",
		"(?i:sub" + "agent)",
		`\.lib` + "rary",
		`\bC` + `EO\b`,
	}, "|"))
}

func TestForbiddenWords(t *testing.T) {
	top, words := root(t), forbidden()
	walk(t, func(name string, d fs.DirEntry) {
		if d.Type().IsRegular() {
			checkWords(t, top, name, words)
		}
	})
}

func checkWords(t *testing.T, top, name string, words *regexp.Regexp) {
	data, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return // not text
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if word := words.Find(line); word != nil {
			t.Errorf("%s:%d: %q does not belong to the project", name, i+1, word)
		}
	}
}

// The engines take randomness, time and storage as inputs, so that a seeded TPM gives the same answers twice.
var outside = map[string]string{
	"crypto/rand":  "randomness is an input of the engine",
	"math/rand":    "randomness is an input of the engine",
	"math/rand/v2": "randomness is an input of the engine",
	"os":           "the engine opens no file",
	"io/ioutil":    "the engine opens no file",
	"net":          "the engine knows no socket",
	"syscall":      "the engine knows no system",
}

func TestEngineInputs(t *testing.T) {
	for _, p := range packages(t) {
		if !under(p.dir, "tpm2") && !under(p.dir, "tpm12") {
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, imported := range f.imports() {
				if why := outside[imported]; why != "" {
					t.Errorf("%s imports %s: %s", f.path, imported, why)
				}
			}
			checkClock(t, p, f)
		}
	}
}

// checkClock looks for the functions of package time that read the clock or wait for it.
func checkClock(t *testing.T, p *goPackage, f goFile) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
			switch sel.Sel.Name {
			case "Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker":
				t.Errorf("%s: time.%s: time is an input of the engine", p.fset.Position(sel.Pos()), sel.Sel.Name)
			}
		}
		return true
	})
}

func TestNoInit(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && !f.test && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: func init: what happens before main cannot be chosen or tested", p.fset.Position(fn.Pos()))
				}
			}
		}
	}
}
