package govtpm_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"govtpm"
	"govtpm/e2e/rawtpm"
	"govtpm/store"
)

// wire lets rawtpm talk to a TPM of this process.
type wire struct {
	tpm *govtpm.TPM
	rsp []byte
}

func (w *wire) Write(cmd []byte) (n int, err error) {
	w.rsp, err = w.tpm.Execute(context.Background(), 0, cmd)
	return len(cmd), err
}

func (w *wire) Read(b []byte) (int, error) {
	n := copy(b, w.rsp)
	w.rsp = w.rsp[n:]
	return n, nil
}

func (w *wire) Close() error { return w.tpm.Close() }

// dial starts a TPM on a store.
func dial(b *testing.B, s store.Store) *rawtpm.Conn {
	c := rawtpm.New(&wire{tpm: startTPM(b, s, govtpm.Options{Profile: "default-v2"})})
	b.Cleanup(func() { c.Close() })
	return c
}

// repeat measures a command.
func repeat(b *testing.B, c *rawtpm.Conn, cmd func() rawtpm.Command) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Do(cmd()); err != nil {
			b.Fatal(err)
		}
	}
}

func always(cmd rawtpm.Command) func() rawtpm.Command { return func() rawtpm.Command { return cmd } }

// keyKinds are the keys that are measured, and the size of the digest that each signs.
func keyKinds() []keyKind {
	var all []keyKind
	for _, bits := range []int{1024, 2048, 3072, 4096} {
		all = append(all, keyKind{fmt.Sprintf("RSA-%d", bits), func(u rawtpm.Use) rawtpm.Template { return rawtpm.RSA(bits, u, nil) }, 32})
	}
	for _, c := range []struct {
		name  string
		curve uint16
		size  int
	}{{"P-224", rawtpm.CurveP224, 32}, {"P-256", rawtpm.CurveP256, 32}, {"P-384", rawtpm.CurveP384, 48}, {"P-521", rawtpm.CurveP521, 32}} {
		all = append(all, keyKind{"ECC-" + c.name, func(u rawtpm.Use) rawtpm.Template { return rawtpm.ECC(c.curve, u, nil) }, c.size})
	}
	return all
}

type keyKind struct {
	name     string
	template func(rawtpm.Use) rawtpm.Template
	digest   int
}

// primary makes a primary key of the owner.
func primary(b *testing.B, c *rawtpm.Conn, t rawtpm.Template) uint32 {
	b.Helper()
	h, _, err := c.Primary(rawtpm.Owner, t)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// Making a key below a storage key; for RSA most of it is the search for primes.
func BenchmarkCreate(b *testing.B) {
	for _, k := range keyKinds() {
		b.Run(k.name, func(b *testing.B) {
			c := dial(b, store.NewMemory())
			parent := primary(b, c, rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil))
			repeat(b, c, always(rawtpm.Create(parent, k.template(rawtpm.Signing))))
		})
	}
}

// Signing with a loaded key.
func BenchmarkSign(b *testing.B) {
	for _, k := range keyKinds() {
		b.Run(k.name, func(b *testing.B) {
			c := dial(b, store.NewMemory())
			key := primary(b, c, k.template(rawtpm.Signing))
			repeat(b, c, always(rawtpm.Sign(key, bytes.Repeat([]byte{1}, k.digest))))
		})
	}
}

// A primary key that was made before, and flushed.
func BenchmarkPrimaryRepeated(b *testing.B) {
	for _, k := range keyKinds() {
		b.Run(k.name, func(b *testing.B) {
			c := dial(b, store.NewMemory())
			b.ReportAllocs()
			for b.Loop() {
				h := primary(b, c, k.template(rawtpm.Signing))
				if _, err := c.Do(rawtpm.FlushContext(h)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Writing 64 bytes to an NV index; in the directory each write is synced.
func BenchmarkNVWrite(b *testing.B) {
	const index = rawtpm.HandlesNV + 0x500001
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			c := dial(b, open(b))
			if _, err := c.Do(rawtpm.NVDefine(index, 64)); err != nil {
				b.Fatal(err)
			}
			n := byte(0)
			repeat(b, c, func() rawtpm.Command {
				n++ // a write that changes nothing may cost nothing
				return rawtpm.NVWrite(index, bytes.Repeat([]byte{n}, 64))
			})
		})
	}
}
