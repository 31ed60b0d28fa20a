package repotest

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// mutable are the package-level variables that may look like state, each with its reason: "dir.name".
var mutable = map[string]string{
	"store/internal/vfs.posixLocks": "the kernel keeps POSIX record locks per process, so the process has to keep its stores apart itself",
}

// A TPM is a value: a thousand of them live in one process. So a package-level variable is a table or a sentinel,
// made where it is declared and never written again.
func TestNoPackageState(t *testing.T) {
	for _, p := range packages(t) {
		var files []*ast.File
		for _, f := range p.files {
			if !f.test {
				files = append(files, f.ast)
			}
		}
		if len(files) == 0 {
			continue
		}
		for _, v := range packageState(p.fset, files) {
			if name := p.dir + "." + v.name; mutable[name] == "" {
				t.Errorf("%s: %s: %s; keep it in a value, or give its reason in the table", p.fset.Position(v.pos), v.name, v.fault)
			}
		}
	}
}

// A finding is a variable that is not a table or a sentinel.
type finding struct {
	name  string
	pos   token.Pos
	fault string
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

// packageState finds the package-level variables that are declared without a fixed value or written later. The files
// of all platforms are checked together, so the type checker's complaints are not asked for; what it resolves is
// enough to tell a package-level name from a local one.
func packageState(fset *token.FileSet, files []*ast.File) []finding {
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}}
	pkg, _ := conf.Check("p", fset, files, info)

	var out []finding
	global := func(e ast.Expr) *ast.Ident {
		id := base(e)
		if id == nil {
			return nil
		}
		if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == pkg.Scope() {
			return id
		}
		return nil
	}
	for _, f := range files {
		out = append(out, undetermined(f)...)
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range written(n) {
				if id := global(e); id != nil {
					out = append(out, finding{id.Name, e.Pos(), "written after its declaration"})
				}
			}
			return true
		})
	}
	return out
}

// undetermined lists the variables of a file whose declaration does not fix their value.
func undetermined(f *ast.File) []finding {
	var out []finding
	for _, d := range f.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			for i, name := range spec.Names {
				switch {
				case name.Name == "_", embedded(decl, spec):
				case len(spec.Values) == 0:
					out = append(out, finding{name.Name, name.Pos(), "declared without a value"})
				case len(spec.Values) == len(spec.Names) && !fixed(spec.Values[i]):
					out = append(out, finding{name.Name, name.Pos(), "neither a table nor a sentinel"})
				}
			}
		}
	}
	return out
}

// embedded says whether the variable is filled by the compiler from a file.
func embedded(decl *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{decl.Doc, spec.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if strings.HasPrefix(c.Text, "//go:embed ") {
				return true
			}
		}
	}
	return false
}

// makers are functions whose result is not changed afterwards.
var makers = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, "regexp.MustCompile": true, "strings.NewReplacer": true,
	"sync.OnceValue": true, "sync.OnceValues": true, "binary.BigEndian": true,
}

// fixed says whether an initial value is a table, a sentinel or a constant, and not a place for state.
func fixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit, *ast.BasicLit, *ast.Ident, *ast.SelectorExpr, *ast.FuncLit, *ast.IndexExpr:
		return true
	case *ast.ParenExpr:
		return fixed(e.X)
	case *ast.BinaryExpr:
		return fixed(e.X) && fixed(e.Y)
	case *ast.UnaryExpr:
		return e.Op != token.AND && fixed(e.X)
	case *ast.CallExpr:
		switch f := e.Fun.(type) {
		case *ast.SelectorExpr:
			x, ok := f.X.(*ast.Ident)
			return ok && makers[x.Name+"."+f.Sel.Name]
		case *ast.ArrayType: // conversion: []byte("…")
			return true
		case *ast.Ident: // a table made by a function of the package
			return f.Name != "new" && f.Name != "make"
		}
	}
	return false
}

// base gives the name under indexes, fields and dereferences.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// written lists the expressions that a node changes.
func written(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 {
			switch f.Name {
			case "delete", "clear", "copy":
				return n.Args[:1]
			}
		}
	}
	return nil
}
