package nvstate

import "govtpm/tpm2/wire"

// ObjectAttributes are the internal attributes of an object slot. None is recomputed on load.
type ObjectAttributes uint32

// The bits of ObjectAttributes.
const (
	ObjectPublicOnly   ObjectAttributes = 1 << 0
	ObjectEPSHierarchy ObjectAttributes = 1 << 1
	ObjectPPSHierarchy ObjectAttributes = 1 << 2
	ObjectSPSHierarchy ObjectAttributes = 1 << 3
	ObjectEvict        ObjectAttributes = 1 << 4  // the slot holds a copy of a persistent object
	ObjectPrimary      ObjectAttributes = 1 << 5  // directly under a hierarchy other than NULL
	ObjectTemporary    ObjectAttributes = 1 << 6  // under NULL, or external, or a sequence
	ObjectStClear      ObjectAttributes = 1 << 7  // stClear, also by inheritance
	ObjectHMACSeq      ObjectAttributes = 1 << 8  // HMAC or MAC sequence
	ObjectHashSeq      ObjectAttributes = 1 << 9  // hash sequence
	ObjectEventSeq     ObjectAttributes = 1 << 10 // event sequence
	ObjectTicketSafe   ObjectAttributes = 1 << 11 // the sequence did not begin with TPM_GENERATED_VALUE
	ObjectFirstBlock   ObjectAttributes = 1 << 12 // the sequence has received its first data
	ObjectIsParent     ObjectAttributes = 1 << 13 // restricted decryption key, not KEYEDHASH
	ObjectPrivateExp   ObjectAttributes = 1 << 14 // PrivateExponent is filled in
	ObjectOccupied     ObjectAttributes = 1 << 15
	ObjectDerivation   ObjectAttributes = 1 << 16 // restricted decryption KEYEDHASH: derivation parent
	ObjectExternal     ObjectAttributes = 1 << 17

	objectSequences = ObjectHMACSeq | ObjectHashSeq | ObjectEventSeq
)

// AnyObject is a slot for an object: ANY_OBJECT. If ObjectOccupied is set it holds a sequence when one of the sequence
// attributes is set, and otherwise an object. The attributes of a free slot mean nothing. A slot that is free in libtpms may hold a sequence of ours.
type AnyObject struct {
	Attributes ObjectAttributes
	Object     *Object
	Sequence   *Sequence
	Extension  *SequenceExtension // only without ObjectOccupied; nil in state of libtpms
}

func (o *AnyObject) code(c *coder) {
	defer c.enter(anyObjectHeader.name)()
	v := c.plain(anyObjectHeader)
	num32(c, &o.Attributes)
	sequence := o.Attributes & objectSequences
	switch {
	case o.Attributes&ObjectOccupied == 0:
		if o.Object != nil || o.Sequence != nil {
			c.fail(ErrValue, "a free slot with an object")
		}
	case sequence != 0:
		if c.reading {
			o.Sequence = new(Sequence)
		}
		if o.Sequence == nil || o.Object != nil {
			c.fail(ErrValue, "attributes 0x%08x and no sequence", uint32(o.Attributes))
			return
		}
		o.Sequence.code(c, sequence)
	default:
		if c.reading {
			o.Object = new(Object)
		}
		if o.Object == nil || o.Sequence != nil {
			c.fail(ErrValue, "attributes 0x%08x and no object", uint32(o.Attributes))
			return
		}
		o.Object.code(c, o.Attributes)
	}
	if o.Attributes&ObjectOccupied != 0 {
		if o.Extension != nil {
			c.fail(ErrValue, "a slot with two contents")
		}
		c.end(v)
		return
	}
	c.ownEnd(v, sequenceExtensionHeader, o.Extension != nil, func() {
		if c.reading {
			o.Extension = new(SequenceExtension)
		}
		o.Extension.code(c)
	})
}

// Object is a key or data object: OBJECT.
type Object struct {
	Public        wire.TPMTPublic
	SensitiveType wire.Alg // 0 when the object is public only
	Auth          []byte   // padded with zeros to the digest size of the name algorithm, unless the object is external
	Seed          []byte   // seedValue: obfuscation or storage seed

	// Sensitive is one prime of an RSA key (the larger or the smaller), the scalar of an ECC key, the data or the
	// symmetric key.
	Sensitive []byte

	PrivateExponent PrivateExponent
	QualifiedName   []byte      // with the algorithm; that of an external object is its name
	EvictHandle     wire.Handle // persistent handle, or 0
	Name            []byte      // with the algorithm; empty if the name algorithm is AlgNull
	SeedCompat      SeedCompat  // of keys derived below the object

	// Hierarchy is stored from level 6 on. In older state it follows from the attributes.
	Hierarchy wire.Handle
}

func (o *Object) code(c *coder, attributes ObjectAttributes) {
	defer c.enter(objectHeader.name)()
	version := c.level.objectVersion()
	version = c.header(objectHeader, version, version)
	c.canonical(&o.Public, "public area")
	o.codeSensitive(c)
	o.codePrivateExponent(c, version)
	c.sized(&o.QualifiedName, maxName, "qualified name")
	num32(c, &o.EvictHandle)
	c.sized(&o.Name, maxName, "name")
	if c.reading {
		o.Hierarchy = attributes.hierarchy()
	}
	if version < 2 {
		return
	}
	c.extension(version >= 3, func() {
		o.SeedCompat.code(c)
		// Version 4 ends with this field: it left no block for a later one.
		c.extension(version >= 4, func() { codeHierarchy(c, &o.Hierarchy) })
	})
}

func (o *Object) codeSensitive(c *coder) {
	num16(c, &o.SensitiveType)
	c.digest(&o.Auth, "authorization")
	c.digest(&o.Seed, "seed")
	switch o.SensitiveType {
	case 0:
		if len(o.Sensitive) != 0 {
			c.fail(ErrValue, "sensitive data without a type")
		}
	case wire.AlgRSA:
		c.sized(&o.Sensitive, 1280, "prime")
	case wire.AlgECC:
		c.sized(&o.Sensitive, 80, "private scalar")
	case wire.AlgKeyedHash:
		c.sized(&o.Sensitive, 128, "sensitive data")
	case wire.AlgSymCipher:
		c.sized(&o.Sensitive, 32, "symmetric key")
	default:
		c.fail(ErrValue, "sensitive area of type 0x%04x", uint16(o.SensitiveType))
	}
}

// codePrivateExponent visits the CRT values. Before version 4 every object has them, all zero if it is not an RSA key.
func (o *Object) codePrivateExponent(c *coder, version uint16) {
	needed := version < 4 || o.SensitiveType == wire.AlgRSA
	c.block(needed, func() { o.PrivateExponent.code(c) })
}

func codeHierarchy(c *coder, h *wire.Handle) {
	num32(c, h)
	switch *h {
	case wire.RHOwner, wire.RHNull, wire.RHEndorsement, wire.RHPlatform:
	default:
		c.fail(ErrValue, "hierarchy 0x%08x", uint32(*h))
	}
}

// hierarchy is the hierarchy of an object as its attributes tell it.
func (a ObjectAttributes) hierarchy() wire.Handle {
	switch {
	case a&ObjectSPSHierarchy != 0:
		return wire.RHOwner
	case a&ObjectEPSHierarchy != 0:
		return wire.RHEndorsement
	case a&ObjectPPSHierarchy != 0:
		return wire.RHPlatform
	}
	return wire.RHNull
}
