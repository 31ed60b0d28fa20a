package symmetric

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
)

// ctrDRBG is the generator of SP 800-90A, 10.2.1, with AES-256 and no
// derivation function in Generate, in a known state; enough for short requests.
type ctrDRBG struct{ key, v []byte }

func (g *ctrDRBG) Read(p []byte) (int, error) {
	b, err := aes.NewCipher(g.key)
	if err != nil {
		return 0, err
	}
	var out []byte
	for i := uint64(1); i <= 5; i++ {
		blk := bytes.Clone(g.v)
		lo := binary.BigEndian.Uint64(blk[8:]) + i
		binary.BigEndian.PutUint64(blk[8:], lo)
		b.Encrypt(blk, blk)
		out = append(out, blk...)
	}
	g.key, g.v = out[32:64], out[64:80]
	return copy(p, out[:32]), nil
}

func TestTDESPrimaryKeys(t *testing.T) {
	var file struct {
		Vectors []struct{ Name, DRBGKey, DRBGV, Key string }
	}
	data, err := os.ReadFile("testdata/primary.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		key, err := GenerateTDESKey(&ctrDRBG{unhex(t, v.DRBGKey), unhex(t, v.DRBGV)}, len(v.Key)/2)
		if err != nil || hex.EncodeToString(key) != v.Key {
			t.Errorf("%s: %x %v, want %s", v.Name, key, err, v.Key)
		}
	}
	if len(file.Vectors) != 2 {
		t.Errorf("%d vectors", len(file.Vectors))
	}
}

// Verdicts of libtpms 0.9.2 on keys given by the caller.
func TestValidateTDESKey(t *testing.T) {
	const k1, k2 = "0123456789abcdef", "fedcba9876543210"
	for _, v := range []struct {
		key  string
		want error
	}{
		{k1 + k2, nil}, {k1 + k2 + k1, nil}, {k1 + k2 + "1f1e1d1c1b1a1918", nil},
		{k1 + k1, ErrWeakKey}, {k1 + k2 + k2, ErrWeakKey}, {k1 + k1 + k2, ErrWeakKey},
		{k1 + "0022446688aaccee", ErrWeakKey}, {"0022446688aaccee" + k2, nil},
		{"0000000000000000" + k1, ErrWeakKey}, {k1 + "0000000000000001", ErrWeakKey},
		{"0101010101010101" + k2, ErrWeakKey}, {k1 + "0001010101010101", ErrWeakKey},
		{"1f1f1f1f0e0e0e0e" + k2, ErrWeakKey}, {"1e1f1f1f0e0e0e0e" + k2, ErrWeakKey},
		{"1ffefe1f0efefe0e" + k2, ErrWeakKey}, {"1ffee0010efef001" + k2, ErrWeakKey},
		{"011f011f010e010e" + k2, ErrWeakKey}, {"001e001e000f000f" + k2, ErrWeakKey},
		{"01fe01fe01fe01fe" + k2, ErrWeakKey}, {k1 + k2 + "01fe01fe01fe01fe", ErrWeakKey},
		{"0111111111111111" + k2, nil}, {"011f1f1f010e0e0e" + k2, nil},
		{"", ErrKeySize}, {k1, ErrKeySize}, {k1 + k2 + k1 + k2, ErrKeySize},
	} {
		if err := ValidateTDESKey(unhex(t, v.key)); !errors.Is(err, v.want) {
			t.Errorf("%s: %v, want %v", v.key, err, v.want)
		}
	}
}

// The rule finds 64 keys among those made of the bytes that occur in them, and
// the weak and semi-weak keys of SP 800-67, 3.4.2, are among these.
func TestWeakKeyCount(t *testing.T) {
	front, back := []byte{0x01, 0x1f, 0xe0, 0xfe}, []byte{0x01, 0x0e, 0xf1, 0xfe}
	found := map[string]bool{}
	k := make([]byte, 8)
	for i := range 1 << 16 {
		for j := range 4 {
			k[j], k[4+j] = front[i>>(2*j)&3], back[i>>(8+2*j)&3]
		}
		if weakDES(k) == 1 {
			found[hex.EncodeToString(k)] = true
		}
	}
	if len(found) != 64 {
		t.Errorf("%d weak keys, want 64", len(found))
	}
	for _, s := range []string{
		"0101010101010101", "fefefefefefefefe", "e0e0e0e0f1f1f1f1", "1f1f1f1f0e0e0e0e",
		"011f011f010e010e", "1f011f010e010e01", "01e001e001f101f1", "e001e001f101f101",
		"01fe01fe01fe01fe", "fe01fe01fe01fe01", "1fe01fe00ef10ef1", "e01fe01ff10ef10e",
		"1ffe1ffe0efe0efe", "fe1ffe1ffe0efe0e", "e0fee0fef1fef1fe", "fee0fee0fef1fef1",
	} {
		if !found[s] {
			t.Errorf("%s not found", s)
		}
	}
}

func TestSetOddParity(t *testing.T) {
	got := []byte{0x00, 0x01, 0x02, 0x03, 0xfe, 0xff, 0x80, 0x81, 0x70}
	SetOddParity(got)
	if want := []byte{0x01, 0x01, 0x02, 0x02, 0xfe, 0xfe, 0x80, 0x80, 0x70}; !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// A weak candidate is followed by another; a source that only gives weak keys,
// or ends, is an error.
func TestGenerateTDESKeyRetries(t *testing.T) {
	good := unhex(t, "0123456789abcdeffedcba9876543210")
	key, err := GenerateTDESKey(bytes.NewReader(append(make([]byte, 16), good...)), 16)
	if err != nil || !bytes.Equal(key, good) {
		t.Errorf("got %x, %v", key, err)
	}
	if _, err := GenerateTDESKey(bytes.NewReader(make([]byte, 1000)), 16); !errors.Is(err, ErrWeakKey) {
		t.Errorf("only weak keys: %v", err)
	}
	if _, err := GenerateTDESKey(bytes.NewReader(good[:9]), 24); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short source: %v", err)
	}
	if _, err := GenerateTDESKey(bytes.NewReader(good), 8); !errors.Is(err, ErrKeySize) {
		t.Errorf("single DES: %v", err)
	}
}
