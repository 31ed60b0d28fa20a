package rawtpm

import "crypto/sha256"

// Codes of commands that a policy may name (Part 2, 6.5.2).
const CodeNVRead = 0x14e

// null is TPM_RH_NULL.
const null = 0x40000007

// StartPolicy is TPM2_StartAuthSession of a policy session with SHA-256, unbound and unsalted (Part 3, 11.1).
func StartPolicy() Command {
	return command(0x176, []uint32{null, null}, 0, params().sized(make([]byte, 16)).sized(nil).u8(1).u16(AlgNull).u16(AlgSHA256).b)
}

// PolicyCommandCode is TPM2_PolicyCommandCode (Part 3, 23.11).
func PolicyCommandCode(session, code uint32) Command {
	return command(0x16c, []uint32{session}, 0, params().u32(code).b)
}

// PolicyGetDigest is TPM2_PolicyGetDigest (Part 3, 23.20).
func PolicyGetDigest(session uint32) Command { return command(0x189, []uint32{session}, 0, nil) }

// CommandPolicy is the digest of a policy of TPM2_PolicyCommandCode alone (Part 3, 23.11.1).
func CommandPolicy(code uint32) []byte {
	digest := sha256.Sum256(params().raw(make([]byte, sha256.Size)).u32(0x16c).u32(code).b)
	return digest[:]
}

// NVDefineCounter is TPM2_NV_DefineSpace of a counter by the owner (Part 3, 31.3).
func NVDefineCounter(index uint32) Command {
	public := params().u32(index).u16(AlgSHA256).u32(nvAttributes | 1<<4).sized(nil).u16(8).b
	return command(0x12a, []uint32{Owner}, 1, params().sized(nil).sized(public).b)
}

// NVIncrement is TPM2_NV_Increment by the index's own authorization (Part 3, 31.8).
func NVIncrement(index uint32) Command { return command(0x134, []uint32{index, index}, 1, nil) }

// NVDefineForPolicy is TPM2_NV_DefineSpace of an ordinary index by the owner, to be read with a policy only (Part 3, 31.3).
func NVDefineForPolicy(index uint32, size int, policy []byte) Command {
	const attributes = 1<<1 | 1<<2 | 1<<19 | 1<<25 // owner and authorization may write, a policy may read, no dictionary attack protection
	public := params().u32(index).u16(AlgSHA256).u32(attributes).sized(policy).u16(uint16(size)).b
	return command(0x12a, []uint32{Owner}, 1, params().sized(nil).sized(public).b)
}

// NVReadByPolicy is TPM2_NV_Read from offset 0, authorized by a policy session, which ends with it (Part 3, 31.13).
func NVReadByPolicy(session, index uint32, size int) Command {
	b := params().u16(tagSessions).u32(10 + 8 + 4 + 9 + 4).u32(CodeNVRead).u32(index).u32(index)
	return b.u32(9).u32(session).u16(0).u8(0).u16(0).u16(uint16(size)).u16(0).b
}
