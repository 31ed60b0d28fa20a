package sm3

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"strings"
	"testing"
)

func TestKnownAnswers(t *testing.T) {
	for _, v := range []struct{ source, in, want string }{
		{"GB/T 32905-2016, A.1", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{"GB/T 32905-2016, A.2", strings.Repeat("abcd", 16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
		{"openssl dgst -sm3, 0 bytes", strings.Repeat("a", 0), "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
		{"openssl dgst -sm3, 1 bytes", strings.Repeat("a", 1), "623476ac18f65a2909e43c7fec61b49c7e764a91a18ccb82f1917a29c86c5e88"},
		{"openssl dgst -sm3, 55 bytes", strings.Repeat("a", 55), "288337eef51eec62e7544d7270424c8dbe656254c99852870a73b2453a6a7fb1"},
		{"openssl dgst -sm3, 56 bytes", strings.Repeat("a", 56), "ba00ebedaab54065a5fd4f9f56326016203166bcee3eed44ea868d59d67aa3c8"},
		{"openssl dgst -sm3, 57 bytes", strings.Repeat("a", 57), "698e3fcc7a0b1515656a61db7e88805672285e83a4c24742dbade0c4010f32c0"},
		{"openssl dgst -sm3, 63 bytes", strings.Repeat("a", 63), "587308543551881ebd70d27ad358ff5dcdf24ac54822e2f7b7c3edce0985d21b"},
		{"openssl dgst -sm3, 64 bytes", strings.Repeat("a", 64), "616ec433c359e7c2b19f360e2b8f2a1b6e9ed76b8dc1a7d207b31a5341c611e9"},
		{"openssl dgst -sm3, 65 bytes", strings.Repeat("a", 65), "3d1d94afa238ec3e2bbc20ad504702b24c16f2889c94973f2f8da3526c44e4bc"},
		{"openssl dgst -sm3, 119 bytes", strings.Repeat("a", 119), "53282a90724e9eb79b18d06b5b8f7f02d046e18b29247dcdb064a136d5c4459a"},
		{"openssl dgst -sm3, 120 bytes", strings.Repeat("a", 120), "4c9f0fe9f36ffe0191af73560c4afb1b671be02ba2d0e0c161b1e03488c2a45c"},
		{"openssl dgst -sm3, 128 bytes", strings.Repeat("a", 128), "5fd947effbe82a5925faaee9123d43cea200cc257b28ed797505694b4bb020f6"},
		{"openssl dgst -sm3, 1000 bytes", strings.Repeat("a", 1000), "f4bedca973227d45c5b822551d2e762d4cfb0e9af70b241452545727b5fb046f"},
	} {
		d := Sum([]byte(v.in))
		if got := hex.EncodeToString(d[:]); got != v.want {
			t.Errorf("%s: got %s, want %s", v.source, got, v.want)
		}
		h := New()
		for _, b := range []byte(v.in) {
			h.Write([]byte{b})
		}
		if got := h.Sum([]byte{1}); got[0] != 1 || hex.EncodeToString(got[1:]) != v.want {
			t.Errorf("%s: byte by byte: %x", v.source, got)
		}
		h.Reset()
		h.Write([]byte(v.in))
		if got := hex.EncodeToString(h.Sum(nil)); got != v.want {
			t.Errorf("%s: after Reset: %s", v.source, got)
		}
	}
	if h := New(); h.Size() != 32 || h.BlockSize() != 64 {
		t.Error("sizes")
	}
}

// Splitting the input anywhere, with a state written down in between, makes no
// difference.
func TestMarshal(t *testing.T) {
	msg := []byte(strings.Repeat("0123456789abcdef!", 12))
	want := Sum(msg)
	for i := range msg {
		h := New()
		h.Write(msg[:i])
		state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		g := New()
		g.Write([]byte("to be forgotten"))
		if err := g.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
		g.Write(msg[i:])
		if !bytes.Equal(g.Sum(nil), want[:]) {
			t.Errorf("split at %d: wrong hash", i)
		}
		if again, _ := h.(encoding.BinaryAppender).AppendBinary(nil); !bytes.Equal(again, state) {
			t.Errorf("split at %d: the two ways to write differ", i)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	good, err := New().(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	u := New().(encoding.BinaryUnmarshaler)
	for i := range good {
		if u.UnmarshalBinary(good[:i]) == nil {
			t.Errorf("took %d of %d bytes", i, len(good))
		}
	}
	if u.UnmarshalBinary(append(bytes.Clone(good), 0)) == nil {
		t.Error("took a byte too many")
	}
	for i := range magic {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if u.UnmarshalBinary(bad) == nil {
			t.Errorf("took another magic in byte %d", i)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	buf := make([]byte, 1024)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		Sum(buf)
	}
}
