package drbg

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/bits"
	"os"
	"strings"
	"testing"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

func load(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// TestPrimaryObjects checks the derivation function and the instantiated
// state against what libtpms computed for primary objects, and for symmetric
// and keyed-hash objects the generated values too.
func TestPrimaryObjects(t *testing.T) {
	var file struct {
		SHProof, EHProof hexBytes
		Vectors          []struct {
			Name, Hierarchy, Type                          string
			PrimarySeed, TemplateName, InSensitiveData     hexBytes
			DFOutput, DRBGKey, DRBGV, Sensitive, SeedValue hexBytes
		}
	}
	load(t, "primary.json", &file)
	generated := 0
	for _, v := range file.Vectors {
		parts := [][]byte{v.PrimarySeed, []byte("Primary Object Creation\x00"), v.TemplateName, v.InSensitiveData}
		if got := derive(parts...); !bytes.Equal(got[:], v.DFOutput) {
			t.Errorf("%s: derivation function gives %x", v.Name, got)
		}
		if got := derive(bytes.Join(parts, nil)); !bytes.Equal(got[:], v.DFOutput) {
			t.Errorf("%s: result depends on how material is split", v.Name)
		}
		d := New(parts...)
		s := d.State()
		if !bytes.Equal(s.Seed[:32], v.DRBGKey) || !bytes.Equal(s.Seed[32:], v.DRBGV) {
			t.Errorf("%s: state %x", v.Name, s.Seed)
		}
		if v.Type != "0025" && v.Type != "0008" || len(v.InSensitiveData) > 0 {
			continue // the key is not plain generator output
		}
		generated++
		sensitive, seedValue := make([]byte, len(v.Sensitive)), make([]byte, len(v.SeedValue))
		d.Generate(sensitive)
		if v.Hierarchy == "endorsement" {
			d.Additional(file.SHProof)
			d.Additional(file.EHProof)
		}
		d.Generate(seedValue)
		if strings.HasPrefix(v.Name, "tdes") {
			for i, b := range sensitive {
				sensitive[i] = b&^1 | byte(1^bits.OnesCount8(b>>1)&1)
			}
		}
		if !bytes.Equal(sensitive, v.Sensitive) || !bytes.Equal(seedValue, v.SeedValue) {
			t.Errorf("%s: sensitive %x want %x, seed %x want %x", v.Name, sensitive, v.Sensitive, seedValue, v.SeedValue)
		}
	}
	if len(file.Vectors) != 45 || generated < 10 {
		t.Errorf("%d vectors, %d compared in full", len(file.Vectors), generated)
	}
}

func TestStream(t *testing.T) {
	var file struct {
		Key     hexBytes
		Vectors []struct {
			Name                                 string
			Label, Context, Sensitive, SeedValue hexBytes
		}
	}
	load(t, "derived.json", &file)
	for _, v := range file.Vectors {
		if v.Name == "p256-sign" || v.Name == "p384-decrypt" {
			// The scalar is reduced from 8 bytes more than its length.
			s := NewStream(sha256.New, file.Key, v.Label, v.Context)
			skip, got := make([]byte, len(v.Sensitive)+8), make([]byte, len(v.SeedValue))
			s.Generate(skip)
			s.Generate(got)
			if !bytes.Equal(got, v.SeedValue) {
				t.Errorf("%s: %x", v.Name, got)
			}
			continue
		}
		want := append(bytes.Clone(v.Sensitive), v.SeedValue...)
		for _, step := range []int{1, 7, 32, len(want)} {
			s := NewStream(sha256.New, file.Key, v.Label, v.Context)
			got := make([]byte, len(want))
			for i := 0; i < len(got); i += step {
				if err := s.Generate(got[i:min(i+step, len(got))]); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s in steps of %d: %x want %x", v.Name, step, got, want)
			}
		}
	}
}

func TestStreamEnds(t *testing.T) {
	s := NewStream(sha256.New, []byte("k"), nil, nil)
	if err := s.Generate(make([]byte, 1025)); !errors.Is(err, ErrExhausted) {
		t.Errorf("1025 bytes: %v", err)
	}
	if n, err := s.Read(make([]byte, 1024)); n != 1024 || err != nil {
		t.Errorf("1024 bytes: %d %v", n, err)
	}
	if err := s.Generate(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if n, err := s.Read(make([]byte, 1)); n != 0 || !errors.Is(err, ErrExhausted) {
		t.Errorf("one more: %d %v", n, err)
	}
}

// Splitting a request changes what follows; blocks within one request run on.
func TestRequestBoundaries(t *testing.T) {
	seed := []byte("seed")
	a, b := New(seed), New(seed)
	long, short := make([]byte, 32), make([]byte, 16)
	a.Generate(long)
	b.Generate(short)
	if !bytes.Equal(long[:16], short) {
		t.Error("first block differs")
	}
	b.Generate(short)
	if bytes.Equal(long[16:], short) {
		t.Error("no update between requests")
	}
	if c := a.State().ReseedCounter; c != 2 {
		t.Errorf("counter %d after one request", c)
	}
	if c := b.State().ReseedCounter; c != 3 {
		t.Errorf("counter %d after two requests", c)
	}
}

func TestCounterCarries(t *testing.T) {
	var s State
	for i := 32; i < SeedSize; i++ {
		s.Seed[i] = 0xff
	}
	s.Seed[32] = 0
	d := Restore(s, nil)
	var b [16]byte
	d.next(b[:])
	if want := [16]byte{1}; d.v != want {
		t.Errorf("%x", d.v)
	}
}

// A restored generator with entropy takes it in before its first output, once.
func TestRestoreWithEntropy(t *testing.T) {
	s := New([]byte("seed")).State()
	r, want := Restore(s, bytes.NewReader(bytes.Repeat([]byte{7}, 1000))), Restore(s, nil)
	if r.State() != s {
		t.Error("the state changed before there was output")
	}
	want.entropy = bytes.NewReader(bytes.Repeat([]byte{7}, 1000))
	if err := want.Reseed(nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var a, b [32]byte
		if err := errors.Join(r.Generate(a[:]), want.Generate(b[:])); err != nil || a != b {
			t.Fatalf("%x, want %x (%v)", a, b, err)
		}
	}
	if err := Restore(s, bytes.NewReader(nil)).Generate(make([]byte, 1)); err == nil {
		t.Error("output without entropy")
	}
}

func TestStateAndClone(t *testing.T) {
	d := New([]byte("seed"))
	d.SetContinuousTest(true)
	d.Generate(make([]byte, 20))
	s := d.State()
	c, r := d.Clone(), Restore(s, nil)
	var want, got1, got2 [40]byte
	d.Generate(want[:])
	c.Generate(got1[:])
	r.SetContinuousTest(true)
	r.Generate(got2[:])
	if got1 != want || got2 != want {
		t.Errorf("clone %x, restored %x, want %x", got1, got2, want)
	}
	if d.State() != c.State() || d.State() != r.State() {
		t.Error("states differ")
	}
	if d.State().LastValue == [4]uint32{} {
		t.Error("last value not kept")
	}
	d.Wipe()
	if d.key != [32]byte{} || d.v != [16]byte{} {
		t.Error("not wiped")
	}
}

func TestContinuousTest(t *testing.T) {
	d := New([]byte("seed"))
	var b [16]byte
	d.Clone().Generate(b[:])
	d.SetContinuousTest(true)
	d.last = b
	buf := []byte{1, 2, 3}
	if err := d.Generate(buf); !errors.Is(err, ErrStuck) || !bytes.Equal(buf, make([]byte, 3)) {
		t.Errorf("%v %x", err, buf)
	}
}

func TestInstantiateAndReseed(t *testing.T) {
	entropy := make([]byte, 3*SeedSize)
	for i := range entropy {
		entropy[i] = byte(i)
	}
	d, err := Instantiate(bytes.NewReader(entropy), nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Instantiate(bytes.NewReader(entropy), []byte("serial number"))
	if err != nil {
		t.Fatal(err)
	}
	var a, b [32]byte
	d.Generate(a[:])
	p.Generate(b[:])
	if a == b {
		t.Error("personalization without effect")
	}
	if err := d.Reseed([]byte("stir")); err != nil {
		t.Fatal(err)
	}
	if c := d.State().ReseedCounter; c != 1 {
		t.Errorf("counter %d after reseed", c)
	}
	d.reseedCounter = reseedInterval
	if err := d.Generate(a[:]); err != nil || d.reseedCounter != 2 {
		t.Errorf("no automatic reseed: %v, counter %d", err, d.reseedCounter)
	}
	before := d.State()
	if err := d.Reseed(nil); !errors.Is(err, io.EOF) || d.State() != before {
		t.Errorf("dry entropy source: %v", err)
	}
	if _, err := Instantiate(bytes.NewReader(entropy[:SeedSize-1]), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short entropy: %v", err)
	}
}

// CTR_DRBG with AES-256 and no derivation function, from the definition: a
// zero state whose seed is entropy alone starts at
// Update(entropy, key 0, counter 0).
func TestUpdateKnownAnswer(t *testing.T) {
	d, err := Instantiate(bytes.NewReader(make([]byte, SeedSize)), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := d.State()
	// AES-256 with the zero key over counters 1, 2, 3.
	const want = "530f8afbc74536b9a963b4f1c4cb738bcea7403d4d606b6e074ec5d3baf39d18726003ca37a62a74d1a2f58e7506358e"
	if got := hex.EncodeToString(s.Seed[:]); got != want {
		t.Errorf("%s", got)
	}
}

func BenchmarkGenerate128(b *testing.B) {
	d := New([]byte("seed"))
	buf := make([]byte, 128)
	b.ReportAllocs()
	for b.Loop() {
		d.Generate(buf)
	}
}

// CAVP, drbgvectors_no_reseed, CTR_DRBG.rsp: AES-256 without derivation function, no prediction resistance, no personalization, no
// additional input, count 0. Of two outputs the second is given.
func TestCAVP(t *testing.T) {
	entropy, _ := hex.DecodeString("df5d73faa468649edda33b5cca79b0b05600419ccb7a879ddfec9db32ee494e5531b51de16a30f769262474c73bec010")
	want := "d1c07cd95af8a7f11012c84ce48bb8cb87189e99d40fccb1771c619bdf82ab2280b1dc2f2581f39164f7ac0c510494b3a43c41b7db17514c87b107ae793e01c5"
	d, err := Instantiate(bytes.NewReader(entropy), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 64)
	for range 2 {
		if err := d.Generate(got); err != nil {
			t.Fatal(err)
		}
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
}

// CAVP, drbgvectors_pr_false, CTR_DRBG.rsp: the same with a reseed after instantiation, COUNT = 0. The derivation function has no vectors: it
// is not that of SP 800-90A (see derive), and is held to libtpms.
func TestCAVPReseed(t *testing.T) {
	entropy, _ := hex.DecodeString("e4bc23c5089a19d86f4119cb3fa08c0a4991e0a1def17e101e4c14d9c323460a7c2fb58e0b086c6c57b55f56cae25bad" +
		"fd85a836bba85019881e8c6bad23c9061adc75477659acaea8e4a01dfe07a1832dad1c136f59d70f8653a5dc118663d6")
	want := "b2cb8905c05e5950ca31895096be29ea3d5a3b82b269495554eb80fe07de43e193b9e7c3ece73b80e062b1c1f68202fbb1c52a040ea2478864295282234aaada"
	d, err := Instantiate(bytes.NewReader(entropy), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Reseed(nil); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 64)
	for range 2 {
		if err := d.Generate(got); err != nil {
			t.Fatal(err)
		}
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
}
