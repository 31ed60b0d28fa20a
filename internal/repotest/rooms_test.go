package repotest

import (
	"strings"
	"testing"
)

// A room is a directory with everything below it, and what its code (not its tests) may import from this module.
// The most specific room counts. "." is the root package alone.
type room struct {
	dir string
	may []string // rooms; each with everything below it, except ".", which is the root package
	why string
}

// The arrows point one way: programs and channels to the TPM as a value, that to the engines, those to the types,
// the state format and the leaf packages of cryptography.
var rooms = []room{
	{"internal/crypto", []string{"internal/crypto"}, "leaf packages: arithmetic and ciphers know nothing of TPMs"},
	{"tpm2/wire", nil, "the types of Part 2 know bytes, not behaviour"},
	{"tpm2/nvstate", []string{"tpm2/wire", "tpm2/nvstate", "internal/crypto"}, "the saved state is a format, not an engine"},
	{"tpm2", []string{"tpm2", "internal/crypto"}, "the engine opens no file and knows no socket"},
	{"tpm12", []string{"tpm12", "internal/crypto"}, "the engines do not know each other"},
	{".", []string{"tpm2", "tpm12", "store", "internal/crypto"}, "a TPM as a value: a store is handed in, sockets and files are others' business"},
	{"store", []string{"store", "internal/crypto", "internal/smallfile"}, "where state lives is independent of what it means"},
	{"control", []string{"control", ".", "tpm2/wire", "internal/listen"}, "the control channel talks to the TPM as a value"},
	{"cuse", []string{"cuse"}, "the kernel's protocol and nothing of TPMs"},
	{"simulator", []string{"simulator", ".", "tpm2", "store"}, "a TPM inside a Go program: no sockets, no control channel"},
	{"internal/sandbox", []string{"internal/sandbox"}, "the kernel's fences and nothing of TPMs"},
	{"internal/smallfile", nil, "reading what others put in place, whatever it is"},
	{"internal/listen", nil, "where clients come from, and nothing of what they want"},
	{"internal/repotest", nil, "rules only"},
	{"internal", []string{".", "tpm2", "tpm12", "control", "cuse", "store", "internal"}, "the inside of the programs"},
	{"cmd", []string{".", "tpm2", "tpm12", "control", "cuse", "store", "simulator", "internal"}, "programs may use everything but other programs"},
	{"doc", []string{"internal"}, "documentation made of what the programs say"},
	{"e2e", []string{"e2e", "control", "cuse", "tpm2/wire"}, "the suites see the programs from outside"},
}

// roomOf finds the most specific room of a directory.
func roomOf(dir string) (room, bool) {
	var best room
	found := false
	for _, r := range rooms {
		if (dir == r.dir || r.dir != "." && under(dir, r.dir)) && (!found || len(r.dir) > len(best.dir)) {
			best, found = r, true
		}
	}
	return best, found
}

// allowed says whether the room may import the package in dir.
func (r room) allowed(dir string) bool {
	for _, may := range r.may {
		if dir == may || may != "." && under(dir, may) {
			return true
		}
	}
	return false
}

func TestArrows(t *testing.T) {
	for _, p := range packages(t) {
		r, ok := roomOf(p.dir)
		if !ok {
			t.Errorf("%s: no room for this package: give it its place in the table of rooms", p.dir)
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, imported := range f.imports() {
				dir, inside := moduleDir(imported)
				if inside && !r.allowed(dir) {
					t.Errorf("%s imports %s: %s may not (%s)", f.path, imported, r.dir, r.why)
				}
			}
		}
	}
}

// moduleDir gives the directory of a package of this module.
func moduleDir(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// A dependency is a module from outside, and why it is there.
type dependency struct {
	prefix    string
	testsOnly bool
	why       string
}

var dependencies = []dependency{
	{"golang.org/x/sys", false, "system calls of the platforms"},
	{"golang.org/x/crypto", false, "cryptography kept by the Go project"},
	{"filippo.io/bigmod", false, "constant-time modular arithmetic of the standard library"},
	{"filippo.io/nistec", false, "constant-time curve points of the standard library"},
	{"filippo.io/mldsa", false, "ML-DSA"},
	{"github.com/google/go-tpm", true, "an independent reader and writer of TPM commands"},
	{"github.com/google/go-attestation", true, "an independent verifier of a TPM's endorsement key and certificate"},
	{"github.com/rogpeppe/go-internal", true, "scripts of command lines"},
}

func TestDependencies(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, imported := range f.imports() {
				first, _, _ := strings.Cut(imported, "/")
				if _, inside := moduleDir(imported); inside || !strings.Contains(first, ".") {
					continue
				}
				if !permitted(imported, f.test) {
					t.Errorf("%s imports %s: a dependency needs its line and its reason in the table", f.path, imported)
				}
			}
		}
	}
}

func permitted(imported string, test bool) bool {
	for _, d := range dependencies {
		if under(imported, d.prefix) && (test || !d.testsOnly) {
			return true
		}
	}
	return false
}
