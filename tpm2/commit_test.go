package tpm2

import (
	"crypto/elliptic"
	"math/big"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// commitCommand is TPM2_Commit.
func commitCommand(h wire.Handle, p1 *wire.TPM2BECCPoint, s2, y2 []byte) *testCommand {
	return newCommand(wire.CCCommit, h).password(keyAuth).put(p1).b2(s2).b2(y2)
}

// basePoint finds s2 and y2 of a point on P-256 for TPM2_Commit.
func basePoint(t *testing.T) (s2, y2 []byte, p2 wire.TPMSECCPoint) {
	t.Helper()
	c := curve.P256()
	for i := byte(0); ; i++ {
		s2 = []byte{i}
		x := hashOf(wire.AlgSHA256, s2)
		if y := p256Y(x); y != nil {
			q, err := c.PointModP(x, y)
			if err != nil {
				t.Fatal(err)
			}
			return s2, y, wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
		}
	}
}

// p256Y is a y-coordinate on P-256 for x, nil if there is none.
func p256Y(x []byte) []byte {
	n := elliptic.P256().Params()
	v := new(big.Int).SetBytes(x)
	y := new(big.Int).Exp(v, big.NewInt(3), n.P)
	y.Sub(y, v.Mul(v, big.NewInt(3))).Add(y, n.B).Mod(y, n.P)
	if y = y.ModSqrt(y, n.P); y == nil {
		return nil
	}
	return y.FillBytes(make([]byte, 32))
}

// An ECDAA signature verifies against what TPM2_Commit gave: s·P = R + T·Q for each pair of points.
func TestCommitAndSign(t *testing.T) {
	c := curve.P256()
	b := newTestTPM(t)
	key := eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDAA, wire.AlgSHA256)
	h := b.addKey(key)
	s2, y2, p2 := basePoint(t)
	g := wirePoint(c.Generator()).TPMSECCPoint
	p1 := mult(t, wire.CurveNISTP256, []byte{5}, g)
	none := eccPoint(nil, nil)
	empty := wire.TPMSECCPoint{}
	digest := hashOf(wire.AlgSHA256, []byte("message"))
	for i, v := range []struct {
		p1     *wire.TPM2BECCPoint
		s2, y2 []byte
	}{{none, nil, nil}, {eccPoint(p1.X, p1.Y), nil, nil}, {none, s2, y2}, {eccPoint(p1.X, p1.Y), s2, y2}} {
		r := b.must(commitCommand(h, v.p1, v.s2, v.y2))
		k, l, e, counter := r.point(), r.point(), r.point(), r.params().Uint16()
		if int(counter) != i {
			t.Errorf("counter %d, want %d", counter, i)
		}
		hasP1, hasP2 := len(v.p1.X) != 0, v.s2 != nil
		if samePoint(k, empty) == hasP2 || samePoint(l, empty) == hasP2 || samePoint(e, empty) != (hasP2 && !hasP1) {
			t.Fatalf("case %d: points %x %x %x", i, k, l, e)
		}
		scheme := sigScheme(wire.AlgECDAA, wire.AlgSHA256)
		scheme.Count = counter
		command := signCommand(h, digest, scheme, nullTicket)
		sig := b.must(command).signature().Signature.ECC
		challenge := hashOf(wire.AlgSHA256, sig.R, digest)
		holds := func(base, commitment, public wire.TPMSECCPoint) bool {
			left := mult(t, wire.CurveNISTP256, sig.S, base)
			right := mult(t, wire.CurveNISTP256, c.ReduceScalar(challenge).Bytes(), public)
			x, _ := c.Point(commitment.X, commitment.Y)
			y, _ := c.Point(right.X, right.Y)
			sum, err := c.Add(x, y)
			return err == nil && samePoint(left, wirePoint(sum).TPMSECCPoint)
		}
		if hasP2 && !holds(p2, l, k) {
			t.Errorf("case %d: s·P2 != L + T·K", i)
		}
		if hasP1 && !holds(p1, e, mult(t, wire.CurveNISTP256, key.sensitive.Sensitive.ECC, p1)) {
			t.Errorf("case %d: s·P1 != E + T·d·P1", i)
		}
		if !hasP1 && !hasP2 && !holds(g, e, key.public.Unique.ECC) {
			t.Errorf("case %d: s·G != E + T·Q", i)
		}
		b.want(wire.RCValue, b.run(command)) // only once
	}
}

func TestCommitFaults(t *testing.T) {
	sign := wire.ObjectSign
	s2, y2, _ := basePoint(t)
	g := curve.P256().Generator()
	none, off := eccPoint(nil, nil), eccPoint(g.X(), g.X())
	p256 := func(scheme wire.Alg) *object { return eccObject(wire.CurveNISTP256, sign, scheme, wire.AlgSHA256) }
	nameless := p256(wire.AlgECDAA)
	nameless.public.NameAlg = wire.AlgNull
	for _, c := range []struct {
		name   string
		key    *object
		p1     *wire.TPM2BECCPoint
		s2, y2 []byte
		want   wire.RC
	}{
		{"not ECC", rsaObject(sign, wire.AlgNull, 0), none, nil, nil, wire.RCKey.Handle(1)},
		{"no scheme", p256(wire.AlgNull), none, nil, nil, wire.RCScheme.Handle(1)},
		{"not anonymous", p256(wire.AlgECDSA), none, nil, nil, wire.RCScheme.Handle(1)},
		{"s2 without y2", p256(wire.AlgECDAA), none, s2, nil, wire.RCSize.Parameter(3)},
		{"y2 without s2", p256(wire.AlgECDAA), none, nil, y2, wire.RCSize.Parameter(3)},
		{"no nameAlg", nameless, none, s2, y2, wire.RCHash.Handle(1)},
		{"P2 off the curve", p256(wire.AlgECDAA), none, s2, []byte{1}, wire.RCECCPoint.Parameter(2)},
		{"P1 off the curve", p256(wire.AlgECDAA), off, nil, nil, wire.RCECCPoint.Parameter(1)},
		{"half of P1", p256(wire.AlgECDAA), eccPoint(nil, g.Y()), nil, nil, wire.RCECCPoint.Parameter(1)},
		{"public part only", public(p256(wire.AlgECDAA)), none, nil, nil, wire.RCAuthUnavailable},
		{"s2 too long", p256(wire.AlgECDAA), none, make([]byte, 129), y2, wire.RCSize.Parameter(2)},
		{"y2 too long", p256(wire.AlgECDAA), none, s2, make([]byte, 81), wire.RCSize.Parameter(3)},
		// Two faults: the first one is told.
		{"scheme and sizes", p256(wire.AlgECDSA), none, s2, nil, wire.RCScheme.Handle(1)},
		{"sizes and P1", p256(wire.AlgECDAA), off, s2, nil, wire.RCSize.Parameter(3)},
		{"P2 and P1", p256(wire.AlgECDAA), off, s2, []byte{1}, wire.RCECCPoint.Parameter(2)},
		{"a nameless key without s2", nameless, none, nil, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM(t)
			h := b.addKey(c.key)
			b.want(c.want, b.run(commitCommand(h, c.p1, c.s2, c.y2)))
			if got := b.stateReset.commitCounter; got != map[bool]uint64{true: 1}[c.want == 0] {
				t.Errorf("counter %d", got)
			}
		})
	}
	b := newTestTPM(t)
	h := b.addKey(p256(wire.AlgECDAA))
	b.want(wire.RCSize.Parameter(1), b.run(newCommand(wire.CCCommit, h).password(keyAuth).u16(0).b2(nil).b2(nil)))
}

// 128 commitments can be open; a later one takes the place of the one 128 before.
func TestCommitNumbers(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(eccObject(wire.CurveNISTP256, wire.ObjectDecrypt, wire.AlgECDH, wire.AlgSHA256))
	g := wirePoint(curve.P256().Generator()).TPMSECCPoint
	// Around the end of 16 bits.
	b.stateReset.commitCounter = 0x1FFC0
	points := map[uint16]wire.TPMSECCPoint{}
	for i := range 200 {
		q, counter := b.ephemeral(wire.CurveNISTP256)
		if want := uint16(0xFFC0 + i); counter != want {
			t.Fatalf("counter %#x, want %#x", counter, want)
		}
		points[counter] = q
	}
	for i := range 200 {
		counter := uint16(0xFFC0 + i)
		r := b.run(zGen2PhaseCommand(h, g, g, wire.AlgECDH, counter))
		if i < 72 {
			b.want(wire.RCValue.Parameter(4), r)
			continue
		}
		b.want(0, r)
		if r.point(); !samePoint(r.point(), points[counter]) { // Z2 = r·G
			t.Errorf("commitment %#x: another point", counter)
		}
	}
}

// Numbers and values start anew with a TPM Reset, and survive TPM Resume.
func TestCommitOverPowerCycles(t *testing.T) {
	b := newTestTPM(t)
	first, _ := b.ephemeral(wire.CurveNISTP256)
	b.shutdown(wire.SUState)
	b.powerCycle()
	b.startup(wire.SUState)
	second, counter := b.ephemeral(wire.CurveNISTP256)
	if counter != 1 || samePoint(first, second) {
		t.Errorf("after TPM Resume: counter %d", counter)
	}
	b.shutdown(wire.SUClear)
	b.powerCycle()
	b.startup(wire.SUClear)
	third, counter := b.ephemeral(wire.CurveNISTP256)
	if counter != 0 || samePoint(first, third) {
		t.Errorf("after TPM Reset: counter %d", counter)
	}
	// An ephemeral key after Shutdown(STATE) would come again after a resume, so there is none.
	b.shutdown(wire.SUState)
	b.ephemeral(wire.CurveNISTP256)
	b.powerCycle()
	b.want(wire.RCValue.Parameter(1), b.run(newCommand(wire.CCStartup).u16(uint16(wire.SUState))))
}

func TestECEphemeral(t *testing.T) {
	b := newTestTPM(t)
	for i, id := range testCurves {
		q, counter := b.ephemeral(id)
		if _, err := curve.ByID(uint16(id)).Point(q.X, q.Y); err != nil || int(counter) != i {
			t.Errorf("%v: %v, counter %d", id, err, counter)
		}
	}
	b.want(wire.RCCurve.Parameter(1), b.run(newCommand(wire.CCECEphemeral).u16(0)))
}

func TestNoECCDerivation(t *testing.T) {
	p := testProfile(t, `{"Name":"custom:x","Attributes":"no-ecc-key-derivation"}`)
	b := newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: p}).startup(wire.SUClear)
	h := b.addKey(rsaObject(wire.ObjectSign, wire.AlgNull, 0)) // would be RCKey
	b.want(wire.RCType, b.run(newCommand(wire.CCECEphemeral).put(wire.CurveNISTP256)))
	b.want(wire.RCType, b.run(commitCommand(h, eccPoint(nil, nil), nil, nil)))
	b.want(wire.RCType, b.run(zGen2PhaseCommand(h, wire.TPMSECCPoint{}, wire.TPMSECCPoint{}, wire.AlgECDH, 0)))
}
