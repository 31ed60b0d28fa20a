package e2e

import (
	"encoding/binary"
	"fmt"

	"govtpm/e2e/rawtpm"
)

// tpm2b is a buffer with its size before it.
type tpm2b []byte

// pack puts numbers and buffers together, big-endian.
func pack(parts ...any) []byte {
	var b []byte
	for _, part := range parts {
		switch v := part.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = binary.BigEndian.AppendUint16(b, v)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, v)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, v)
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, v...)
		case tpm2b:
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(v))), v...)
		case rawtpm.Template:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("%T", part))
		}
	}
	return b
}

// on is the handles of a command; each of the passwords authorizes one of the first of them.
func tpmCommand(code uint32, on []uint32, passwords []string, parts ...any) rawtpm.Command {
	var b []byte
	for _, h := range on {
		b = pack(b, h)
	}
	tag := uint16(0x8001)
	if len(passwords) > 0 {
		tag = 0x8002
		var auths []byte
		for _, p := range passwords {
			auths = pack(auths, uint32(0x40000009), uint16(0), uint8(0), tpm2b(p))
		}
		b = pack(b, uint32(len(auths)), auths)
	}
	b = append(b, pack(parts...)...)
	return pack(tag, uint32(10+len(b)), code, b)
}

type (
	on   = []uint32
	with = []string
)

const lockout = 0x4000000a

// Attributes of objects (Part 2, 8.3) and of NV indexes (Part 2, 13.4).
const (
	objSign      = 1<<1 | 1<<4 | 1<<5 | 1<<6 | 1<<18
	objSealed    = 1<<1 | 1<<4 | 1<<6
	objDecrypt   = 1<<1 | 1<<4 | 1<<5 | 1<<6 | 1<<17 | 1<<18
	nvUsual      = 1<<1 | 1<<2 | 1<<17 | 1<<18 // owner and authorization, write and read
	nvPIN        = 1<<1 | 1<<17 | 1<<18
	nvNoDA       = 1 << 25
	nvOrderly    = 1 << 26
	nvPlatform   = 1<<0 | 1<<16 | 1<<30
	nvWriteLock  = 1 << 14
	nvReadLock   = 1 << 31
	nvGlobalLock = 1 << 15
	nvClear      = 1 << 27
)

// Templates beside those of rawtpm. All have SHA-256 as the algorithm of their names.
var (
	hmacTemplate   = pack(uint16(8), uint16(0xb), uint32(objSign), tpm2b(nil), uint16(5), uint16(0xb), tpm2b(nil))
	sealedTemplate = pack(uint16(8), uint16(0xb), uint32(objSealed), tpm2b(nil), uint16(0x10), tpm2b(nil))
	aesTemplate    = pack(uint16(0x25), uint16(0xb), uint32(objDecrypt), tpm2b(nil), uint16(6), uint16(128), uint16(0x43), tpm2b(nil))
)

func createPrimary(hierarchy uint32, hierarchyAuth, auth string, template []byte) rawtpm.Command {
	return tpmCommand(0x131, on{hierarchy}, with{hierarchyAuth},
		tpm2b(pack(tpm2b(auth), tpm2b(nil))), tpm2b(template), tpm2b("outside"), uint32(0))
}

func create(parent uint32, parentAuth, auth, data string, template []byte) rawtpm.Command {
	return tpmCommand(0x153, on{parent}, with{parentAuth}, tpm2b(pack(tpm2b(auth), tpm2b(data))), tpm2b(template), tpm2b(nil), uint32(0))
}

func load(parent uint32, parentAuth string, private, public []byte) rawtpm.Command {
	return tpmCommand(0x157, on{parent}, with{parentAuth}, tpm2b(private), tpm2b(public))
}

func evict(by uint32, auth string, object, persistent uint32) rawtpm.Command {
	return tpmCommand(0x120, on{by, object}, with{auth}, persistent)
}

func nvDefine(by uint32, byAuth, auth string, index, attributes uint32, size int, policy []byte) rawtpm.Command {
	return tpmCommand(0x12a, on{by}, with{byAuth}, tpm2b(auth),
		tpm2b(pack(index, uint16(0xb), attributes, tpm2b(policy), uint16(size))))
}

func nvWrite(by uint32, auth string, index uint32, data string, offset int) rawtpm.Command {
	return tpmCommand(0x137, on{by, index}, with{auth}, tpm2b(data), uint16(offset))
}

func nvIncrement(by uint32, auth string, index uint32) rawtpm.Command {
	return tpmCommand(0x134, on{by, index}, with{auth})
}

func nvSetBits(by uint32, auth string, index uint32, bits uint64) rawtpm.Command {
	return tpmCommand(0x135, on{by, index}, with{auth}, bits)
}

func nvExtend(by uint32, auth string, index uint32, data string) rawtpm.Command {
	return tpmCommand(0x136, on{by, index}, with{auth}, tpm2b(data))
}

func nvRead(by uint32, auth string, index uint32, size int) rawtpm.Command {
	return tpmCommand(0x14e, on{by, index}, with{auth}, uint16(size), uint16(0))
}

func changeAuth(hierarchy uint32, old, auth string) rawtpm.Command {
	return tpmCommand(0x129, on{hierarchy}, with{old}, tpm2b(auth))
}

func setPolicy(hierarchy uint32, auth string, policy []byte) rawtpm.Command {
	return tpmCommand(0x12e, on{hierarchy}, with{auth}, tpm2b(policy), uint16(0xb))
}

// startSession starts a session of a type: 0 HMAC, 1 policy, 3 trial.
func startSession(key, bind uint32, kind uint8, hash uint16) rawtpm.Command {
	return tpmCommand(0x176, on{key, bind}, nil, tpm2b("0123456789abcdef"), tpm2b(nil), kind, uint16(0x10), hash)
}

// sequenceComplete completes a hash or HMAC sequence, in the NULL hierarchy.
func sequenceComplete(sequence uint32, auth, data string) rawtpm.Command {
	return tpmCommand(0x13e, on{sequence}, with{auth}, tpm2b(data), uint32(rawtpm.Null))
}

func hmacOf(key uint32, auth, data string) rawtpm.Command {
	return tpmCommand(0x155, on{key}, with{auth}, tpm2b(data), uint16(0x10))
}

func sign(key uint32, auth string, digest []byte) rawtpm.Command {
	return tpmCommand(0x15d, on{key}, with{auth}, tpm2b(digest), uint16(0x10), uint16(0x8024), uint32(rawtpm.Null), tpm2b(nil))
}

func unseal(object uint32, auth string) rawtpm.Command {
	return tpmCommand(0x15e, on{object}, with{auth})
}

func encrypt(key uint32, auth string, data string) rawtpm.Command {
	return tpmCommand(0x164, on{key}, with{auth}, uint8(0), uint16(0x43), tpm2b(make([]byte, 16)), tpm2b(data))
}

func contextSave(h uint32) rawtpm.Command { return tpmCommand(0x162, on{h}, nil) }

func contextLoad(context []byte) rawtpm.Command { return tpmCommand(0x161, nil, nil, context) }

func policyGetDigest(session uint32) rawtpm.Command { return tpmCommand(0x189, on{session}, nil) }
