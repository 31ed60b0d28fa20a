package sbox

import "testing"

// Every entry is found where it was put.
func TestAt(t *testing.T) {
	var entries [256]byte
	for i := range entries {
		entries[i] = byte(i*167 + 13) // a permutation
	}
	for i, want := range entries {
		if got := At(&entries, byte(i)); got != want {
			t.Errorf("entry %d: %#x, want %#x", i, got, want)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	table := [256]byte{1, 2, 3}
	var x byte
	for range b.N {
		x = At(&table, x+1)
	}
	_ = x
}
