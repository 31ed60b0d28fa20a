package tpm2

import (
	"bytes"
	"testing"

	"govtpm/tpm2/wire"
)

func TestGetRandom(t *testing.T) {
	b := newTestTPM(t)
	seen := map[string]bool{}
	for _, c := range []struct{ ask, get int }{{0, 0}, {1, 1}, {32, 32}, {63, 63}, {64, 64}, {65, 64}, {0xFFFF, 64}} {
		r := b.must(newCommand(wire.CCGetRandom).u16(uint16(c.ask)))
		got := r.b2()
		if len(got) != c.get || r.r.Len() != 0 {
			t.Errorf("%d bytes asked, %d given, want %d", c.ask, len(got), c.get)
		}
		if len(got) >= 32 && seen[string(got[:32])] {
			t.Error("the generator repeats itself")
		}
		if len(got) >= 32 {
			seen[string(got[:32])] = true
		}
	}
	b.want(wire.RCInsufficient.Parameter(1), b.run(newCommand(wire.CCGetRandom)))
	b.want(wire.RCSize, b.run(newCommand(wire.CCGetRandom).u16(1).u8(0)))
}

// Two TPMs with the same entropy give the same bytes until one of them is stirred.
func TestStirRandom(t *testing.T) {
	draw := func(b *testTPM) []byte { return b.must(newCommand(wire.CCGetRandom).u16(32)).b2() }
	first, second := newTestTPM(t), newTestTPM(t)
	if !bytes.Equal(draw(first), draw(second)) {
		t.Fatal("the TPMs differ from the start")
	}
	for _, size := range []int{0, 1, 128} {
		first.must(newCommand(wire.CCStirRandom).b2(make([]byte, size)))
		if bytes.Equal(draw(first), draw(second)) {
			t.Errorf("stirring %d bytes changed nothing", size)
		}
	}
	first.want(wire.RCSize.Parameter(1), first.run(newCommand(wire.CCStirRandom).b2(make([]byte, 129))))
}
