package tpm2

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"govtpm/tpm2/wire"
)

// hexBytes is a byte string of a vector file.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*h, err = hex.DecodeString(s)
	}
	return err
}

// readVectors reads a file of testdata/vectors.
func readVectors(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// primaryVector is a primary object that libtpms made.
type primaryVector struct {
	Name            string
	Hierarchy       string
	SeedCompatLevel uint8
	Template        hexBytes
	InSensitiveData hexBytes
	OutPublic       hexBytes
	OutName         hexBytes
	Rederived       struct{ Sensitive, SeedValue hexBytes }
}

// hierarchies are the handles by their names in the vectors.
var hierarchies = map[string]wire.Handle{
	"owner": wire.RHOwner, "endorsement": wire.RHEndorsement, "platform": wire.RHPlatform, "null": wire.RHNull,
}

// sensitiveCreate is a TPM2B_SENSITIVE_CREATE.
func sensitiveCreate(auth string, data []byte) *wire.TPM2BSensitiveCreate {
	return &wire.TPM2BSensitiveCreate{TPMSSensitiveCreate: wire.TPMSSensitiveCreate{UserAuth: []byte(auth), Data: data}}
}

// createPrimaryCommand is TPM2_CreatePrimary with a template in bytes.
func createPrimaryCommand(h wire.Handle, auth string, data, template []byte) *testCommand {
	return newCommand(wire.CCCreatePrimary, h).password("").put(sensitiveCreate(auth, data)).b2(template).b2(nil).u32(0)
}

// created is what TPM2_CreatePrimary answers.
type created struct {
	handle       wire.Handle
	public       []byte
	creationData []byte
	creationHash []byte
	ticket       wire.TPMTTKCreation
	name         []byte
}

// createPrimary runs a command made by createPrimaryCommand.
func (b *testTPM) createPrimary(c *testCommand) (p created) {
	b.t.Helper()
	r := b.must(c)
	p.handle = r.handle()
	p.public, p.creationData, p.creationHash = r.b2(), r.b2(), r.b2()
	p.ticket.Unmarshal(r.params())
	p.name = r.b2()
	if rc := r.params().Err(); rc != wire.RCSuccess {
		b.t.Fatal(rc)
	}
	return p
}

// flush runs TPM2_FlushContext.
func (b *testTPM) flush(h wire.Handle) {
	b.t.Helper()
	b.must(newCommand(wire.CCFlushContext).u32(uint32(h)))
}

// TestPrimaryVectors makes every primary object of the vectors, twice: made and remembered.
func TestPrimaryVectors(t *testing.T) {
	for _, file := range []string{
		"primary-rsa", "primary-ecc", "primary-symmetric", "primary-keyedhash", "primary-head-only", "primary-compat-level0",
	} {
		var all struct{ Vectors []primaryVector }
		readVectors(t, file+".json", &all)
		b := newTestTPM(t)
		for _, v := range all.Vectors {
			t.Run(v.Name, func(t *testing.T) {
				b.t = t
				h := hierarchies[v.Hierarchy]
				b.primarySeed(h).compat = v.SeedCompatLevel
				for range 2 {
					p := b.createPrimary(createPrimaryCommand(h, "", v.InSensitiveData, v.Template))
					if !bytes.Equal(p.public, v.OutPublic) || !bytes.Equal(p.name, v.OutName) {
						t.Errorf("public\n%x\nwant\n%x", p.public, v.OutPublic)
					}
					checkSecrets(t, b.object(p.handle), v.Rederived.Sensitive, v.Rederived.SeedValue)
					b.flush(p.handle)
				}
			})
		}
	}
}

// checkSecrets compares the secrets of o; keys that are no parents have dropped their seedValue.
func checkSecrets(t *testing.T, o *object, sensitive, seedValue []byte) {
	t.Helper()
	if !bytes.Equal(o.sensitive.Any(), sensitive) {
		t.Errorf("sensitive\n%x\nwant\n%x", o.sensitive.Any(), sensitive)
	}
	if asymmetric := o.public.Type == wire.AlgRSA || o.public.Type == wire.AlgECC; asymmetric && !o.parent {
		seedValue = nil
	}
	if !bytes.Equal(o.sensitive.SeedValue, seedValue) {
		t.Errorf("seedValue %x, want %x", o.sensitive.SeedValue, seedValue)
	}
}

// TestPrimaryCache checks that remembered primary objects are those that would be made, and are forgotten with their seed.
func TestPrimaryCache(t *testing.T) {
	b := newTestTPM(t)
	small := rsaTemplate(storageAttributes, aes128CFB)
	small.Parameters.RSA.KeyBits = 1024
	command := func(h wire.Handle, n int, auth string, data []byte) *testCommand {
		p := *small
		p.Unique.RSA = bytes.Repeat([]byte{byte(n)}, n)
		return createPrimaryCommand(h, auth, data, wire.Marshal(&p.TPMTPublic))
	}
	make := func(h wire.Handle, n int, data []byte) (public, seedValue []byte) {
		p := b.createPrimary(command(h, n, "auth", data))
		seedValue = bytes.Clone(b.object(p.handle).sensitive.SeedValue)
		b.flush(p.handle)
		return p.public, seedValue
	}
	entries := func() []primaryEntry { return b.volatile.primaryKeys.entries }

	first, seed := make(wire.RHOwner, 0, nil)
	if again, s := make(wire.RHOwner, 0, nil); !bytes.Equal(first, again) || !bytes.Equal(seed, s) || len(entries()) != 1 {
		t.Errorf("%d entries", len(entries()))
	}
	if a := entries()[0].object.sensitive.AuthValue; len(a) != 0 {
		t.Errorf("an authValue is remembered: %q", a)
	}
	for _, other := range []func() ([]byte, []byte){
		func() ([]byte, []byte) { return make(wire.RHOwner, 1, nil) },
		func() ([]byte, []byte) { return make(wire.RHOwner, 0, []byte{0}) },
		func() ([]byte, []byte) { return make(wire.RHPlatform, 0, nil) },
		func() ([]byte, []byte) { return make(wire.RHEndorsement, 0, nil) },
		func() ([]byte, []byte) { return make(wire.RHNull, 0, nil) },
	} {
		if public, _ := other(); bytes.Equal(public, first) {
			t.Error("the same key for something else")
		}
	}

	// The one not used for longest makes room, and its secrets are overwritten.
	make(wire.RHOwner, 0, nil)
	secret := entries()[0].object.sensitive.Sensitive.RSA
	for n := 2; len(entries()) < maxPrimaries || !bytes.Equal(secret, bytes.Repeat([]byte{0}, 64)); n++ {
		if n > 2+maxPrimaries {
			t.Fatal("secrets are kept")
		}
		make(wire.RHOwner, n, nil)
	}
	if len(entries()) != maxPrimaries {
		t.Errorf("%d entries", len(entries()))
	}

	// TPM2_Clear replaces the seed of the owner and the proofs, but not the endorsement seed.
	ek, ekSeed := make(wire.RHEndorsement, 0, nil)
	platform, platformSeed := make(wire.RHPlatform, 0, nil)
	b.must(newCommand(wire.CCClear, wire.RHLockout).password(""))
	for _, e := range entries() {
		if e.hierarchy == wire.RHOwner || e.hierarchy == wire.RHEndorsement {
			t.Errorf("a key of %#x is remembered", uint32(e.hierarchy))
		}
	}
	if p, _ := make(wire.RHOwner, 0, nil); bytes.Equal(p, first) {
		t.Error("the same owner key after TPM2_Clear")
	}
	if p, s := make(wire.RHEndorsement, 0, nil); !bytes.Equal(p, ek) || bytes.Equal(s, ekSeed) {
		t.Error("after TPM2_Clear an endorsement key has to be the same with another seedValue")
	}
	if p, s := make(wire.RHPlatform, 0, nil); !bytes.Equal(p, platform) || !bytes.Equal(s, platformSeed) {
		t.Error("another platform key after TPM2_Clear")
	}

	// A TPM Reset replaces the seed of the NULL hierarchy.
	null, _ := make(wire.RHNull, 0, nil)
	secret = entries()[len(entries())-1].object.sensitive.Sensitive.RSA
	b.powerCycle()
	if !bytes.Equal(secret, bytes.Repeat([]byte{0}, 64)) || len(entries()) != 0 {
		t.Error("secrets outlive the power")
	}
	b.startup(wire.SUClear)
	if p, _ := make(wire.RHNull, 0, nil); bytes.Equal(p, null) {
		t.Error("the same key of the NULL hierarchy after TPM Reset")
	}
}

// TestPrimaryObject checks what a primary object is in each hierarchy.
func TestPrimaryObject(t *testing.T) {
	b := newTestTPM(t)
	template := wire.Marshal(&attributes(storageTemplate(), wire.ObjectStClear, fixedAttributes).TPMTPublic)
	for name, h := range hierarchies {
		p := b.createPrimary(createPrimaryCommand(h, "auth", nil, template))
		o := b.object(p.handle)
		want := prefixed(wire.AlgSHA256, hashOf(wire.AlgSHA256, handleName(h), p.name))
		if o.hierarchy != h || o.primary == (h == wire.RHNull) || o.temporary != (h == wire.RHNull) || !o.stClear || !o.parent || o.derivation ||
			o.seedCompat != 1 || !bytes.Equal(o.qualified, want) || !bytes.Equal(o.name, p.name) || len(o.sensitive.AuthValue) != 32 {
			t.Errorf("%s: %+v", name, o)
		}
		if p.ticket.Hierarchy != h || !b.checkCreationTicket(&p.ticket, p.name, p.creationHash) {
			t.Errorf("%s: ticket %+v", name, p.ticket)
		}
		b.flush(p.handle)
	}
	b.stateClear.shEnable = false
	b.want(wire.RCHierarchy.Handle(1), b.run(createPrimaryCommand(wire.RHOwner, "", nil, template)))
}

// BenchmarkPrimary makes an RSA-2048 storage key from its seed and from memory.
func BenchmarkPrimary(b *testing.B) {
	for name, forget := range map[string]bool{"made": true, "remembered": false} {
		b.Run(name, func(b *testing.B) {
			tpm := newTestTPM(&testing.T{})
			c := createPrimaryCommand(wire.RHOwner, "", nil, wire.Marshal(&rsaTemplate(storageAttributes, aes128CFB).TPMTPublic))
			for b.Loop() {
				if forget {
					tpm.forgetPrimaries(wire.RHOwner)
				}
				tpm.flush(tpm.createPrimary(c).handle)
			}
		})
	}
}
