package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// module is the name of the module, the prefix of every import inside it.
const module = "govtpm"

// A goFile is one parsed source file.
type goFile struct {
	path string // slash separated, relative to the root
	test bool
	ast  *ast.File
}

// A goPackage is one directory with Go files, of all platforms together.
type goPackage struct {
	dir   string // slash separated, relative to the root; "." is the root
	files []goFile
	fset  *token.FileSet
}

// root is the top directory of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}

// walk calls f with every file of the tree, leaving out what is not part of it.
func walk(t *testing.T, f func(name string, d fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == ".git" || name == "bin" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		f(name, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// packages parses every Go file of the tree, whatever platform it is for.
func packages(t *testing.T) []*goPackage {
	t.Helper()
	top := root(t)
	byDir := map[string]*goPackage{}
	walk(t, func(name string, d fs.DirEntry) {
		if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
			return
		}
		dir := path.Dir(name)
		p := byDir[dir]
		if p == nil {
			p = &goPackage{dir: dir, fset: token.NewFileSet()}
			byDir[dir] = p
		}
		parsed, err := parser.ParseFile(p.fset, filepath.Join(top, filepath.FromSlash(name)), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		p.files = append(p.files, goFile{path: name, test: strings.HasSuffix(name, "_test.go"), ast: parsed})
	})
	var all []*goPackage
	for _, p := range byDir {
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].dir < all[j].dir })
	return all
}

// imports lists the import paths of the file.
func (f goFile) imports() []string {
	var out []string
	for _, spec := range f.ast.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// under says whether the slash separated name is dir or lies below it.
func under(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, dir+"/")
}
