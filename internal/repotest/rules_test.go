package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// The rules themselves are tested: one that finds nothing is worth nothing.

func TestPackageStateIsSeen(t *testing.T) {
	const source = `package p

import ("errors"; "sync"; "time")

var table = [...]int{1, 2, 3}
var names = map[int]string{1: "one"}
var ErrGone = errors.New("gone")
var once = sync.OnceValue(func() int { return 1 })
var _ = time.Now

var counter int
var lock sync.Mutex
var current = &struct{ n int }{}
var cache = map[int]int{}
var started = time.Now()
var limit = 7
var copied = []byte{0}

func f(table map[int]int) {
	table[1] = 2
	names := map[int]string{}
	names[2] = "two"
	cache[1] = 1
	limit++
	copy(copied, "x")
}
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range packageState(fset, []*ast.File{file}) {
		got = append(got, v.name)
	}
	want := []string{"counter", "lock", "current", "started", "cache", "limit", "copied"}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestArrowsAreSeen(t *testing.T) {
	tests := []struct {
		from, to string
		want     bool
	}{
		{"tpm2", "tpm2/wire", true},
		{"tpm2", "internal/crypto/kdf", true},
		{"tpm2", "store", false},
		{"tpm2", ".", false},
		{"tpm2/wire", "internal/crypto", false},
		{"tpm2/nvstate", "tpm2", false},
		{".", "tpm2", true},
		{".", "internal/serve", false},
		{"internal/crypto/drbg", "internal/crypto/kdf", true},
		{"internal/crypto/drbg", "internal/serve", false},
		{"internal/serve", ".", true},
		{"cmd/swtpm", "internal/serve", true},
		{"cmd/swtpm", "e2e", false},
	}
	for _, tt := range tests {
		r, ok := roomOf(tt.from)
		if !ok || r.allowed(tt.to) != tt.want {
			t.Errorf("%s to %s: allowed %v, want %v", tt.from, tt.to, !tt.want, tt.want)
		}
	}
	if r, ok := roomOf("elsewhere"); ok {
		t.Errorf("elsewhere is in room %q", r.dir)
	}
}

func TestForbiddenWordsAreSeen(t *testing.T) {
	words := forbidden()
	for text, want := range map[string]bool{
		"see /wo" + "rk/main": true, "the Sub" + "agent": true, "a far" + "m-1": true,
		"work/main": false, "a library": false, "CE" + "Os": false,
	} {
		if words.MatchString(text) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}
