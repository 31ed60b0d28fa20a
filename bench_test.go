package govtpm_test

import (
	"context"
	"runtime"
	"testing"

	"govtpm"
	"govtpm/store"
)

// startTPM opens a TPM on a store, powers it on and starts it.
func startTPM(b *testing.B, s store.Store, opts govtpm.Options) *govtpm.TPM {
	b.Helper()
	t, err := govtpm.Open(s, opts)
	if err != nil {
		b.Fatal(err)
	}
	if err := t.Init(context.Background(), false); err != nil {
		b.Fatal(err)
	}
	execute(b, t, unhex(startupClear))
	return t
}

// execute runs a command that has to succeed.
func execute(b *testing.B, t *govtpm.TPM, cmd []byte) []byte {
	rsp, err := t.Execute(context.Background(), 0, cmd)
	if err != nil || len(rsp) < 10 || rsp[8] != 0 || rsp[9] != 0 {
		b.Fatalf("%x: %x (%v)", cmd, rsp, err)
	}
	return rsp
}

// The commands that clients send most.
func BenchmarkExecute(b *testing.B) {
	for _, bb := range []struct{ name, cmd string }{
		{"GetRandom", "8001 0000000c 0000017b 0020"},
		{"ReadClock", readClock},
		{"PCR_Read", "8001 00000014 0000017e 00000001 000b 03 01 00 00"},
		{"PCR_Extend", "8002 00000041 00000182 00000010 00000009 40000009 0000 01 0000 00000001 000b" +
			"00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"},
		{"GetCapability", "8001 00000016 0000017a 00000006 00000100 0000007f"},
		{"Hash", "8001 00000032 0000017d 0020" +
			"00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 000b 40000007"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			t := startTPM(b, store.NewMemory(), govtpm.Options{})
			defer t.Close()
			cmd := unhex(bb.cmd)
			b.ReportAllocs()
			for b.Loop() {
				execute(b, t, cmd)
			}
		})
	}
}

// From nothing to the first response: a new TPM is made, saved, powered on and started.
func BenchmarkStartNew(b *testing.B) {
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				startTPM(b, open(b), govtpm.Options{}).Close()
			}
		})
	}
}

// From stored state to the first response.
func BenchmarkStartExisting(b *testing.B) {
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			t := startTPM(b, s, govtpm.Options{})
			defer t.Close()
			b.ReportAllocs()
			for b.Loop() {
				if err := t.Init(context.Background(), false); err != nil {
					b.Fatal(err)
				}
				execute(b, t, unhex(startupClear))
			}
		})
	}
}

// stores are the stores that start-up is measured on.
var stores = map[string]func(b *testing.B) store.Store{
	"memory": func(*testing.B) store.Store { return store.NewMemory() },
	"directory": func(b *testing.B) store.Store {
		s, err := store.OpenDirectory(b.TempDir(), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return s
	},
}

// The memory of a thousand TPMs in one process.
func BenchmarkMemory(b *testing.B) {
	const count = 1000
	for b.Loop() {
		before := heap()
		all := make([]*govtpm.TPM, count)
		for i := range all {
			all[i] = startTPM(b, store.NewMemory(), govtpm.Options{})
			execute(b, all[i], unhex(getRandom))
		}
		b.ReportMetric(float64(heap()-before)/1024/count, "KiB/TPM")
		for _, t := range all {
			t.Close()
		}
	}
}

// heap is the memory in use after a collection.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
