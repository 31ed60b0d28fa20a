package wire

import (
	"bytes"
	"fmt"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		v    fmt.Stringer
		want string
	}{
		{AlgSHA256, "sha256"}, {AlgKDF1SP80056A, "kdf1-sp800-56a"}, {AlgNull, "null"}, {Alg(0x1234), "alg(0x1234)"},
		{CurveNISTP256, "nist-p256"}, {CurveNone, "none"}, {Curve(0x1234), "curve(0x1234)"},
		{CCCreatePrimary, "TPM2_CreatePrimary"}, {CCHMAC, "TPM2_HMAC"}, {CCPolicyNVWritten, "TPM2_PolicyNvWritten"},
		{CCVendorTCGTest, "TPM2_Vendor_TCG_Test"}, {CC(0x15A), "command 0x0000015a"},
		{STSessions, "TPM_ST_SESSIONS"}, {ST(1), "tag 0x0001"},
		{PTMaxCapBuffer, "TPM_PT_MAX_CAP_BUFFER"}, {PT(0x115), "property 0x115"},
		{RHOwner, "TPM_RH_OWNER"}, {RHACT0 + 10, "TPM_RH_ACT_A"}, {Handle(0x80000001), "transient 0x80000001"},
		{Handle(0x01C00002), "NV index 0x01c00002"}, {Handle(0x55000000), "handle 0x55000000"},
		{TPMIAlgHash | OrNull, "TPMI_ALG_HASH+"}, {TPMIAlgPublic, "TPMI_ALG_PUBLIC"}, {AlgInterface(99), "TPMI_ALG"},
		{TPMIDHObject, "TPMI_DH_OBJECT"}, {TPMIRHACT | OrNull, "TPMI_RH_ACT+"}, {HandleInterface(99), "TPMI_DH"},
		{ObjectFixedTPM | ObjectRestricted | ObjectX509Sign, "fixedTPM|restricted|x509sign"}, {TPMAObject(0), ""},
		{NVPPWrite | NVReadStClear, "ppwrite|read_stclear"},
		{NVExpExternalIntegrity | TPMANVExp(NVNoDA), "no_da|external_nv_integrity"}, {TPMANVExp(NVNoDA), "no_da"},
	} {
		if got := test.v.String(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestNamesBack looks every algorithm and command up by its own name.
func TestNamesBack(t *testing.T) {
	for _, a := range Everything().Algs.List() {
		if b, ok := AlgByName(a.String()); !ok || b != a {
			t.Errorf("%v gives %v", a, b)
		}
	}
	if _, ok := AlgByName("none"); ok {
		t.Error("there is an algorithm called none")
	}
	last := CC(0)
	for _, c := range CCs() {
		if b, ok := CCByName(c.String()); !ok || b != c {
			t.Errorf("%v gives %v", c, b)
		}
		if c <= last || c < CCFirst || c > CCLast {
			t.Errorf("%v after %v", c, last)
		}
		last = c
	}
	if n := len(CCs()); n != 134 {
		t.Errorf("%d commands", n)
	}
}

func TestAttributeFields(t *testing.T) {
	a := NewTPMACC(CCNVWrite, 2, CCAttrNV)
	if a != 0x04400137 || a.CommandCode() != CCNVWrite || a.Handles() != 2 {
		t.Errorf("%#x", uint32(a))
	}
	if v := NewTPMACC(CCVendorTCGTest, 0, 0); v != 0x20000000 || v.CommandCode() != CCVendorTCGTest {
		t.Errorf("%#x", uint32(v))
	}
	nv := (NVWritten | NVAuthRead).WithNT(NTPinPass).WithNT(NTCounter)
	if nv != 0x20040010 || nv.NT() != NTCounter {
		t.Errorf("%#x", uint32(nv))
	}
	if m := TPMAModes(0x8); m.FIPS1403Indicator() != 2 {
		t.Error(m)
	}
	for locality, want := range map[uint8]TPMALocality{0: 1, 1: 2, 4: 16, 5: 0, 31: 0, 32: 32, 255: 255} {
		got, ok := NewTPMALocality(locality)
		if got != want || ok != (want != 0) || got.IsExtended() != (want >= 32) {
			t.Errorf("locality %d: %#x %v", locality, got, ok)
		}
	}
}

func TestPCRSelect(t *testing.T) {
	s := make(TPMSPCRSelect, 3)
	s.Set(19)
	s.Set(24)
	s.Set(-1)
	if !bytes.Equal(s, []byte{0, 0, 8}) || !s.Has(19) || s.Has(18) || s.Has(24) || s.Has(-1) || s.IsEmpty() {
		t.Errorf("%x", []byte(s))
	}
	s.Clear(19)
	s.Clear(99)
	if !s.IsEmpty() {
		t.Errorf("%x", []byte(s))
	}
}

func TestName(t *testing.T) {
	if n := HandleName(RHOwner); !bytes.Equal(n, []byte{0x40, 0, 0, 1}) || n.Alg() != AlgNull {
		t.Errorf("%x", []byte(n))
	}
	if a := (TPM2BName{0, 0x0B, 1, 2, 3}).Alg(); a != AlgSHA256 {
		t.Error(a)
	}
}

func TestWriter(t *testing.T) {
	w := NewWriter([]byte{0xAA})
	outer := w.Begin32()
	w.Sized(func(w *Writer) { w.TPM2B([]byte{1, 2}); w.Uint64(3) })
	w.End32(outer)
	want := unhex(t, "aa 0000000e 000c 0002 0102 0000000000000003")
	if !bytes.Equal(w.Bytes(), want) || w.Err() != RCSuccess || w.Len() != len(want) {
		t.Errorf("%x", w.Bytes())
	}
	w.TPM2B(make([]byte, 0x10000))
	if w.Err() != RCSize {
		t.Error(w.Err())
	}
}

// TestReader shows that the first failure stays and that nothing is read after it.
func TestReader(t *testing.T) {
	r := NewReader([]byte{1, 2, 3, 4, 5}, nil)
	if r.Uint16() != 0x0102 || r.Len() != 3 || r.Bytes(-1) != nil || r.Err() != RCInsufficient {
		t.Error(r.Err())
	}
	r.Fail(RCValue)
	if r.Uint8() != 0 || r.TPM2B(10) != nil || r.Remaining() != nil || r.Err() != RCInsufficient || r.End() != RCInsufficient {
		t.Error(r.Err())
	}
	if p := NewReader([]byte{1, 2}, nil).Bytes(1); cap(p) != 1 {
		t.Error("a slice handed out reaches further than was read")
	}
}

// TestListAllocation reads the largest count that passes with nothing behind it.
func TestListAllocation(t *testing.T) {
	l := Everything()
	l.MaxCapBuffer = 1 << 30
	p := []byte{0x0F, 0xFF, 0xFF, 0xF0}
	n := testing.AllocsPerRun(10, func() {
		var list TPMLHandle
		if rc := Unmarshal(p, l, &list); rc != RCInsufficient {
			t.Error(rc)
		}
	})
	if n > 5 {
		t.Errorf("%v allocations", n)
	}
}

func TestDeriveTemplate(t *testing.T) {
	g := newGen(6)
	in := public(g, AlgECC)
	in.Unique = TPMUPublicID{Derive: TPMSDerive{g.bytes(32), g.bytes(32)}}
	var w Writer
	in.MarshalDerive(&w)
	var out TPMTPublic
	r := NewReader(w.Bytes(), nil)
	if out.UnmarshalDerive(r); r.End() != RCSuccess || !bytes.Equal(out.Unique.Derive.Label, in.Unique.Derive.Label) {
		t.Error(r.End())
	}
}

func TestWipe(t *testing.T) {
	g := newGen(7)
	for _, a := range TPMIAlgPublic.Algs().List() {
		s := sensitive(g, a)
		secrets := [][]byte{s.AuthValue, s.SeedValue, s.Any()}
		s.Wipe()
		for _, p := range secrets {
			if !bytes.Equal(p, make([]byte, len(p))) {
				t.Errorf("%v: %x is left", a, p)
			}
		}
	}
}

func TestSignatureHash(t *testing.T) {
	g := newGen(8)
	for _, a := range withNull(TPMIAlgSigScheme) {
		s := signature(g, a)
		none := a == AlgNull || a == AlgMLDSA || a == AlgEDDSA || a == AlgHashEDDSA
		if h := s.Hash(); none != (h == AlgNull) {
			t.Errorf("%v: %v", a, h)
		}
	}
}
