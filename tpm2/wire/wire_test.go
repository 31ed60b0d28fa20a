package wire

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// decode reads v from p, with NULL permitted where the type has that, and wants all of p to be used.
func decode(p []byte, limits *Limits, v codec) RC {
	r := NewReader(p, limits)
	if n, ok := v.(orNull); ok {
		n.UnmarshalOrNull(r)
	} else {
		v.Unmarshal(r)
	}
	return r.End()
}

// TestTableIsComplete holds the table of types to the source: every type with an Unmarshal method is in it.
func TestTableIsComplete(t *testing.T) {
	var have []string
	for _, row := range types() {
		have = append(have, row.name)
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "Unmarshal" || strings.HasSuffix(name, "_test.go") {
				continue
			}
			name := f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			if !slices.Contains(have, name) {
				t.Errorf("%s is not in the table of types", name)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, row := range types() {
		for seed := range uint64(20) {
			for i, in := range row.samples(newGen(seed)) {
				p := Marshal(in)
				out := row.new()
				if rc := decode(p, nil, out); rc != RCSuccess {
					t.Fatalf("%s, seed %d, sample %d: %v\n%x", row.name, seed, i, rc, p)
				}
				if !reflect.DeepEqual(in, out) {
					t.Fatalf("%s, seed %d, sample %d:\n in %+v\nout %+v", row.name, seed, i, in, out)
				}
				if again := Marshal(out); !bytes.Equal(p, again) {
					t.Fatalf("%s, seed %d, sample %d:\n%x\n%x", row.name, seed, i, p, again)
				}
			}
		}
	}
}

// TestTruncated cuts every sample at every length; what is missing is always reported as such.
func TestTruncated(t *testing.T) {
	for _, row := range types() {
		for i, in := range row.samples(newGen(1)) {
			p := Marshal(in)
			for n := range p {
				want := RCInsufficient
				if row.name == "CommandHeader" && n >= 6 {
					want = RCCommandSize
				}
				if rc := decode(p[:n:n], nil, row.new()); rc != want {
					t.Fatalf("%s, sample %d, %d of %d bytes: %v", row.name, i, n, len(p), rc)
				}
			}
			if row.name == "CommandHeader" {
				continue
			}
			if rc := decode(append(slices.Clone(p), 0), nil, row.new()); rc != RCSize {
				t.Fatalf("%s, sample %d, a byte too many: %v", row.name, i, rc)
			}
		}
	}
}

// TestFlippedBits flips every bit of every sample. What is still accepted has to be written as it was read.
func TestFlippedBits(t *testing.T) {
	for _, row := range types() {
		for i, in := range row.samples(newGen(2)) {
			p := Marshal(in)
			for bit := range min(8*len(p), 4096) {
				p[bit/8] ^= 1 << (bit % 8)
				out := row.new()
				if rc := decode(p, nil, out); rc == RCSuccess && !bytes.Equal(Marshal(out), p) {
					t.Fatalf("%s, sample %d, bit %d: read %x, wrote %x", row.name, i, bit, p, Marshal(out))
				}
				p[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
}

// TestNoSharing overwrites the input after decoding: no value may change.
func TestNoSharing(t *testing.T) {
	for _, row := range types() {
		for i, in := range row.samples(newGen(3)) {
			p := Marshal(in)
			out := row.new()
			decode(p, nil, out)
			for j := range p {
				p[j] ^= 0xFF
			}
			if !reflect.DeepEqual(in, out) {
				t.Fatalf("%s, sample %d: shares memory with its input", row.name, i)
			}
		}
	}
}

func TestBufferMaxima(t *testing.T) {
	for _, row := range bufferRows() {
		samples := row.samples(newGen(4))
		p := Marshal(samples[len(samples)-1])
		n := len(p) - 2 + 1
		p = append(p, 0)
		p[0], p[1] = byte(n>>8), byte(n)
		if rc := decode(p, nil, row.new()); rc != RCSize {
			t.Errorf("%s, %d octets: %v", row.name, n, rc)
		}
		if rc := decode([]byte{0x80, 0x00}, nil, row.new()); rc != RCSize {
			t.Errorf("%s, size 0x8000: %v", row.name, rc)
		}
	}
}

// FuzzUnmarshal reads any type from any input: it ends without panic, and what it accepts is written as it was read.
func FuzzUnmarshal(f *testing.F) {
	rows := types()
	for i, row := range rows {
		for _, v := range row.samples(newGen(5)) {
			f.Add(uint8(i), Marshal(v))
		}
		f.Add(uint8(i), []byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	f.Fuzz(func(t *testing.T, which uint8, p []byte) {
		row := rows[int(which)%len(rows)]
		out := row.new()
		if rc := decode(p, nil, out); rc == RCSuccess && !bytes.Equal(Marshal(out), p) {
			t.Fatalf("%s: read %x, wrote %x", row.name, p, Marshal(out))
		}
	})
}
