// Package rawtpm builds and sends TPM 2.0 commands as bytes. It shares nothing with the implementation under test, so
// that a mistake made there is not made here again. It promises no completeness: it has what the end-to-end suites,
// their guest and the benchmarks send. Start at Conn.Do and at the functions that return a Command.
package rawtpm

import (
	"encoding/binary"
	"fmt"
)

// Numbers of Part 2 that the suites use.
const (
	AlgRSA       = 0x0001
	AlgSHA1      = 0x0004
	AlgAES       = 0x0006
	AlgKeyedHash = 0x0008
	AlgSHA256    = 0x000b
	AlgSHA384    = 0x000c
	AlgSHA512    = 0x000d
	AlgNull      = 0x0010
	AlgRSASSA    = 0x0014
	AlgRSAES     = 0x0015
	AlgECDSA     = 0x0018
	AlgECC       = 0x0023
	AlgCFB       = 0x0043

	CurveP224 = 0x0002
	CurveP256 = 0x0003
	CurveP384 = 0x0004
	CurveP521 = 0x0005

	Owner       = 0x40000001
	Null        = 0x40000007
	passwordSes = 0x40000009
	Endorsement = 0x4000000b
	Platform    = 0x4000000c

	CapHandles       = 1
	CapPCRs          = 5
	HandlesNV        = 0x01000000
	HandlesTransient = 0x80000000
	HandlesKept      = 0x81000000
)

const (
	tagNoSessions = 0x8001
	tagSessions   = 0x8002
)

// A Command is the bytes of one TPM command.
type Command []byte

// An RC is a response code that is not success.
type RC uint32

func (rc RC) Error() string { return fmt.Sprintf("TPM response code 0x%03x", uint32(rc)) }

// body collects the big-endian parts of a command.
type body struct{ b []byte }

func (w *body) u8(v byte) *body { w.b = append(w.b, v); return w }

func (w *body) u16(v uint16) *body { w.b = binary.BigEndian.AppendUint16(w.b, v); return w }

func (w *body) u32(v uint32) *body { w.b = binary.BigEndian.AppendUint32(w.b, v); return w }

func (w *body) raw(v []byte) *body { w.b = append(w.b, v...); return w }

// sized appends a TPM2B.
func (w *body) sized(v []byte) *body { return w.u16(uint16(len(v))).raw(v) }

// command makes a command of handles, of which the first auths are authorized with an empty password, and parameters.
func command(code uint32, handles []uint32, auths int, params []byte) Command {
	var w body
	for _, h := range handles {
		w.u32(h)
	}
	tag := uint16(tagNoSessions)
	if auths > 0 {
		tag = tagSessions
		w.u32(uint32(9 * auths))
		for range auths {
			w.u32(passwordSes).u16(0).u8(0).u16(0)
		}
	}
	w.raw(params)
	var head body
	head.u16(tag).u32(uint32(10 + len(w.b))).u32(code).raw(w.b)
	return head.b
}

func params() *body { return &body{} }

// Startup is TPM2_Startup, for clear or for state (Part 3, 9.3).
func Startup(state bool) Command {
	return command(0x144, nil, 0, params().u16(startupType(state)).b)
}

// Shutdown is TPM2_Shutdown (Part 3, 9.4).
func Shutdown(state bool) Command {
	return command(0x145, nil, 0, params().u16(startupType(state)).b)
}

func startupType(state bool) uint16 {
	if state {
		return 1
	}
	return 0
}

// SelfTest is TPM2_SelfTest of everything (Part 3, 10.2).
func SelfTest() Command { return command(0x143, nil, 0, params().u8(1).b) }

// GetRandom is TPM2_GetRandom (Part 3, 16.1).
func GetRandom(n int) Command { return command(0x17b, nil, 0, params().u16(uint16(n)).b) }

// ReadClock is TPM2_ReadClock (Part 3, 29.1).
func ReadClock() Command { return command(0x181, nil, 0, nil) }

// GetCapability is TPM2_GetCapability (Part 3, 30.2).
func GetCapability(capability, property, count uint32) Command {
	return command(0x17a, nil, 0, params().u32(capability).u32(property).u32(count).b)
}

// PCRRead is TPM2_PCR_Read of PCRs of one bank (Part 3, 22.4).
func PCRRead(bank uint16, pcrs ...int) Command {
	return command(0x17e, nil, 0, params().u32(1).u16(bank).u8(3).raw(selection(pcrs)).b)
}

func selection(pcrs []int) []byte {
	mask := make([]byte, 3)
	for _, p := range pcrs {
		mask[p/8] |= 1 << (p % 8)
	}
	return mask
}

// A Digest is a value for one bank.
type Digest struct {
	Bank  uint16
	Value []byte
}

// PCRExtend is TPM2_PCR_Extend (Part 3, 22.2).
func PCRExtend(pcr int, digests ...Digest) Command {
	p := params().u32(uint32(len(digests)))
	for _, d := range digests {
		p.u16(d.Bank).raw(d.Value)
	}
	return command(0x182, []uint32{uint32(pcr)}, 1, p.b)
}

// PCRReset is TPM2_PCR_Reset (Part 3, 22.8).
func PCRReset(pcr int) Command { return command(0x13d, []uint32{uint32(pcr)}, 1, nil) }

// FlushContext is TPM2_FlushContext (Part 3, 28.4).
func FlushContext(handle uint32) Command { return command(0x165, nil, 0, params().u32(handle).b) }

// EvictControl is TPM2_EvictControl by the owner (Part 3, 28.5).
func EvictControl(object, persistent uint32) Command {
	return command(0x120, []uint32{Owner, object}, 1, params().u32(persistent).b)
}

// ReadPublic is TPM2_ReadPublic (Part 3, 12.4).
func ReadPublic(object uint32) Command { return command(0x173, []uint32{object}, 0, nil) }

// Clear is TPM2_Clear by the platform (Part 3, 24.6).
func Clear() Command { return command(0x126, []uint32{Platform}, 1, nil) }
