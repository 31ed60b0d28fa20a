package tpm2

import (
	"testing"

	"govtpm/tpm2/wire"
)

// FuzzTemplate creates objects from any bytes, below a hierarchy, a storage parent and a derivation parent: whatever comes, the TPM answers
// with a code of the caller's fault or an object that loads again.
func FuzzTemplate(f *testing.F) {
	for i, tc := range attributeCases() {
		f.Add(byte(i), tc.data, wire.Marshal(&tc.template.TPMTPublic))
	}
	f.Add(byte(2), []byte("\x00\x01l\x00\x01c"), []byte("\x00\x23\x00\x0b\x00\x04\x00\x52\x00\x00\x00\x10\x00\x10\x00\x03\x00\x10\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, where byte, data, template []byte) {
		b := newTestTPM(t)
		parent := []wire.Handle{wire.RHOwner, firstTransient, firstTransient + 1}[where%3]
		storage := b.storagePrimary().handle
		b.derivationParent()
		r := b.run(createLoadedCommand(parent, "", data, template))
		if b.Failure() != nil {
			t.Fatal(b.Failure())
		}
		if r.rc != wire.RCSuccess || parent != storage {
			return
		}
		h, private, public := r.handle(), r.b2(), r.b2()
		b.flush(h)
		b.loadChild(parent, private, public)
	})
}

// FuzzLoadExternal loads any bytes, and reads back what was taken.
func FuzzLoadExternal(f *testing.F) {
	b := newTestTPM(&testing.T{})
	for _, template := range []*wire.TPM2BPublic{
		eccTemplate(sign, noSymmetric), sealTemplate(0), symTemplate(decrypt, aes128CFB), rsaExponentTemplate(0),
	} {
		template.Attributes &^= fixedAttributes
		o, err := (&maker{source: b.volatile.rand}).make(&template.TPMTPublic)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire.Marshal(&wire.TPM2BSensitive{TPMTSensitive: o.sensitive}), wire.Marshal(&wire.TPM2BPublic{TPMTPublic: o.public}))
		f.Add([]byte{0, 0}, wire.Marshal(&wire.TPM2BPublic{TPMTPublic: o.public}))
	}
	f.Fuzz(func(t *testing.T, private, public []byte) {
		b := newTestTPM(t)
		r := b.run(newCommand(wire.CCLoadExternal).raw(private).raw(public).u32(uint32(wire.RHNull)))
		if b.Failure() != nil {
			t.Fatal(b.Failure())
		}
		if r.rc != wire.RCSuccess {
			return
		}
		o := b.object(r.handle())
		if !o.publicOnly && o.public.Type == wire.AlgRSA {
			if _, err := b.rsaKey(o); err != nil {
				t.Error(err)
			}
		}
		b.must(newCommand(wire.CCReadPublic, firstTransient))
	})
}
