package inspect

import (
	"fmt"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Object is a key or data object.
type Object struct {
	Handle        string         `json:"handle"`
	Type          string         `json:"type"`
	Size          string         `json:"size,omitempty"` // bits, curve, or cipher
	Scheme        string         `json:"scheme,omitempty"`
	KDF           string         `json:"kdf,omitempty"` // of an ECC key that encapsulates
	NameAlg       string         `json:"nameAlg"`
	Attributes    []string       `json:"attributes"`
	Hierarchy     string         `json:"hierarchy"`
	Primary       bool           `json:"primary"`
	PublicOnly    bool           `json:"publicOnly"`
	Evict         string         `json:"persistentHandle,omitempty"` // of a copy of a persistent object
	Auth          bool           `json:"authSet"`
	Policy        bool           `json:"policy"`
	Digest        Hex            `json:"policyDigest,omitempty"`
	Name          Hex            `json:"name"`
	QualifiedName Hex            `json:"qualifiedName"`
	Secrets       map[string]Hex `json:"secrets,omitempty"`
}

// persistentOf tells of the persistent objects.
func persistentOf(nv *nvstate.UserNVRAM, secrets bool) []Object {
	list := []Object{}
	for _, e := range nv.Entries {
		if e.Object != nil && e.Object.Object != nil {
			list = append(list, objectOf(e.Object.Handle, &e.Object.AnyObject, secrets))
		}
	}
	return list
}

func objectOf(h wire.Handle, slot *nvstate.AnyObject, secrets bool) Object {
	o := slot.Object
	r := Object{
		Handle: handleText(h), Type: o.Public.Type.String(), NameAlg: o.Public.NameAlg.String(),
		Attributes: names(o.Public.Attributes.String()), Hierarchy: hierarchyName(o.Hierarchy),
		Primary: slot.Attributes&nvstate.ObjectPrimary != 0, PublicOnly: slot.Attributes&nvstate.ObjectPublicOnly != 0,
		Auth: isSet(o.Auth), Policy: len(o.Public.AuthPolicy) != 0, Digest: Hex(o.Public.AuthPolicy),
		Name: o.Name, QualifiedName: o.QualifiedName,
	}
	r.Size, r.Scheme = parametersOf(&o.Public)
	if kdf := &o.Public.Parameters.ECC.KDF; o.Public.Type == wire.AlgECC {
		r.KDF = schemeText(kdf.Scheme, kdf.HashAlg)
	}
	if o.EvictHandle != 0 && o.EvictHandle != h {
		r.Evict = handleText(o.EvictHandle)
	}
	if secrets {
		r.Secrets = map[string]Hex{"auth": o.Auth, "seed": o.Seed, "sensitive": o.Sensitive}
	}
	return r
}

// parametersOf tells the size of a key and its scheme.
func parametersOf(p *wire.TPMTPublic) (size, scheme string) {
	switch u := &p.Parameters; p.Type {
	case wire.AlgRSA:
		return fmt.Sprint(u.RSA.KeyBits), schemeText(u.RSA.Scheme.Scheme, u.RSA.Scheme.HashAlg)
	case wire.AlgECC:
		return u.ECC.CurveID.String(), schemeText(u.ECC.Scheme.Scheme, u.ECC.Scheme.HashAlg)
	case wire.AlgKeyedHash:
		return "", schemeText(u.KeyedHash.Scheme.Scheme, u.KeyedHash.Scheme.HashAlg)
	case wire.AlgSymCipher:
		return fmt.Sprintf("%v-%d-%v", u.Sym.Sym.Algorithm, u.Sym.Sym.KeyBits, u.Sym.Sym.Mode), ""
	}
	return "", ""
}

func schemeText(scheme, hash wire.Alg) string {
	switch {
	case scheme == wire.AlgNull:
		return ""
	case hash == wire.AlgNull || hash == 0:
		return scheme.String()
	}
	return scheme.String() + "-" + hash.String()
}

func hierarchyName(h wire.Handle) string {
	switch h {
	case wire.RHOwner:
		return "owner"
	case wire.RHEndorsement:
		return "endorsement"
	case wire.RHPlatform:
		return "platform"
	case wire.RHNull:
		return "null"
	}
	return handleText(h)
}
