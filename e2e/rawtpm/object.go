package rawtpm

// Object attributes (Part 2, 8.3).
const (
	attrFixedTPM     = 1 << 1
	attrFixedParent  = 1 << 4
	attrSensitive    = 1 << 5 // sensitiveDataOrigin
	attrUserWithAuth = 1 << 6
	attrNoDA         = 1 << 10
	attrRestricted   = 1 << 16
	attrDecrypt      = 1 << 17
	attrSign         = 1 << 18

	attrKey = attrFixedTPM | attrFixedParent | attrSensitive | attrUserWithAuth | attrNoDA
)

// A Template is a TPMT_PUBLIC.
type Template []byte

// A Use is what a key of a template is for.
type Use int

const (
	Storage    Use = iota // a restricted decryption key, parent of others
	Signing               // an unrestricted signing key
	Decryption            // an unrestricted RSA decryption key
)

// RSA is a template of an RSA key of so many bits.
func RSA(bits int, use Use, unique []byte) Template {
	p := params().u16(AlgRSA).u16(AlgSHA256).u32(attributes(use)).sized(nil)
	symmetric(p, use)
	switch use {
	case Signing:
		p.u16(AlgRSASSA).u16(AlgSHA256)
	case Decryption:
		p.u16(AlgRSAES)
	default:
		p.u16(AlgNull)
	}
	return p.u16(uint16(bits)).u32(0).sized(unique).b
}

// ECC is a template of a key on a curve.
func ECC(curve uint16, use Use, unique []byte) Template {
	p := params().u16(AlgECC).u16(AlgSHA256).u32(attributes(use)).sized(nil)
	symmetric(p, use)
	if use == Signing {
		p.u16(AlgECDSA).u16(curveHash(curve))
	} else {
		p.u16(AlgNull)
	}
	return p.u16(curve).u16(AlgNull).sized(unique).sized(nil).b
}

func curveHash(curve uint16) uint16 {
	if curve == CurveP384 {
		return AlgSHA384
	}
	return AlgSHA256
}

func attributes(use Use) uint32 {
	switch use {
	case Signing:
		return attrKey | attrSign
	case Decryption:
		return attrKey | attrDecrypt
	}
	return attrKey | attrRestricted | attrDecrypt
}

func symmetric(p *body, use Use) {
	if use == Storage {
		p.u16(AlgAES).u16(128).u16(AlgCFB)
		return
	}
	p.u16(AlgNull)
}

// CreatePrimary is TPM2_CreatePrimary with empty authorization (Part 3, 24.1).
func CreatePrimary(hierarchy uint32, t Template) Command {
	return command(0x131, []uint32{hierarchy}, 1, creation(t))
}

// Create is TPM2_Create (Part 3, 12.1).
func Create(parent uint32, t Template) Command {
	return command(0x153, []uint32{parent}, 1, creation(t))
}

func creation(t Template) []byte {
	sensitive := params().sized(nil).sized(nil).b
	return params().sized(sensitive).sized(t).sized(nil).u32(0).b
}

// Load is TPM2_Load (Part 3, 12.2); private and public as they came from Create, without their sizes.
func Load(parent uint32, private, public []byte) Command {
	return command(0x157, []uint32{parent}, 1, params().sized(private).sized(public).b)
}

// Sign is TPM2_Sign of a digest with the scheme of the key (Part 3, 20.2).
func Sign(key uint32, digest []byte) Command {
	// An empty validation ticket: TPM_ST_HASHCHECK, TPM_RH_NULL.
	return command(0x15d, []uint32{key}, 1, params().sized(digest).u16(AlgNull).u16(0x8024).u32(Null).u16(0).b)
}

// RSAEncrypt is TPM2_RSA_Encrypt with the scheme of the key (Part 3, 14.2).
func RSAEncrypt(key uint32, message []byte) Command {
	return command(0x174, []uint32{key}, 0, params().sized(message).u16(AlgNull).sized(nil).b)
}

// RSADecrypt is TPM2_RSA_Decrypt with the scheme of the key (Part 3, 14.3).
func RSADecrypt(key uint32, cipher []byte) Command {
	return command(0x159, []uint32{key}, 1, params().sized(cipher).u16(AlgNull).sized(nil).b)
}

// ChangeSeed is TPM2_ChangePPS: primary keys of the platform hierarchy are new afterwards (Part 3, 24.4).
func ChangeSeed() Command { return command(0x125, []uint32{Platform}, 1, nil) }

// NV attributes: owner and authorization value may read and write, no dictionary attack protection (Part 2, 13.4).
const nvAttributes = 1<<1 | 1<<2 | 1<<17 | 1<<18 | 1<<25

// NVDefine is TPM2_NV_DefineSpace of an ordinary index by the owner (Part 3, 31.3).
func NVDefine(index uint32, size int) Command {
	public := params().u32(index).u16(AlgSHA256).u32(nvAttributes).sized(nil).u16(uint16(size)).b
	return command(0x12a, []uint32{Owner}, 1, params().sized(nil).sized(public).b)
}

// NVUndefine is TPM2_NV_UndefineSpace by the owner (Part 3, 31.4).
func NVUndefine(index uint32) Command { return command(0x122, []uint32{Owner, index}, 1, nil) }

// NVWrite is TPM2_NV_Write at offset 0, by the index's own authorization (Part 3, 31.7).
func NVWrite(index uint32, data []byte) Command {
	return command(0x137, []uint32{index, index}, 1, params().sized(data).u16(0).b)
}

// NVRead is TPM2_NV_Read from offset 0 (Part 3, 31.13).
func NVRead(index uint32, size int) Command { return NVReadAt(index, 0, size) }

// NVReadAt is TPM2_NV_Read by the index's own authorization.
func NVReadAt(index uint32, offset, size int) Command {
	return command(0x14e, []uint32{index, index}, 1, params().u16(uint16(size)).u16(uint16(offset)).b)
}

// NVReadPublic is TPM2_NV_ReadPublic (Part 3, 31.6).
func NVReadPublic(index uint32) Command { return command(0x169, []uint32{index}, 0, nil) }
