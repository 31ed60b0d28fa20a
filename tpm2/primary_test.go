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
