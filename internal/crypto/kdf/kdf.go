// Package kdf holds the key derivation functions of the TPM 2.0 Library:
// KDFa, KDFe, the concatenation KDF of SP 800-56A, KDF2 of IEEE 1363a and the
// mask generation function MGF1.
//
// Hashes come in as constructors, so the package knows no algorithm
// identifiers. Every function is deterministic, keeps nothing and its running
// time depends only on lengths. Start with KDFa.
package kdf

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"hash"
	"io"
)

// KDFa derives ceil(bits/8) bytes with the counter mode of SP 800-108 over
// HMAC (Part 1, 8.4.10.2).
//
// A zero octet follows label unless label already ends in one. When bits is
// not a multiple of 8 the surplus bits of the first octet are left as they
// are, as libtpms does; no command asks for such a length.
func KDFa(h func() hash.Hash, key []byte, label string, contextU, contextV []byte, bits int) []byte {
	var counter uint32
	return KDFaCounter(h, key, label, contextU, contextV, bits, &counter)
}

// KDFaCounter is KDFa with the caller's block counter: it is incremented
// before every block and left at the number of the last block used. The
// commit value of ECDAA continues one counter over several derivations, as
// libtpms does.
func KDFaCounter(h func() hash.Hash, key []byte, label string, contextU, contextV []byte, bits int, counter *uint32) []byte {
	size := byteLen(bits)
	mac := hmac.New(h, key)
	out := make([]byte, 0, roundUp(size, mac.Size()))
	for len(out) < size {
		*counter++
		out = AppendKDFaBlock(out, mac, *counter, label, contextU, contextV, uint32(bits))
	}
	clear(out[size:])
	return out[:size]
}

// AppendKDFaBlock appends block number counter of the KDFa whose key mac was
// made with. It resets mac first.
func AppendKDFaBlock(out []byte, mac hash.Hash, counter uint32, label string, contextU, contextV []byte, bits uint32) []byte {
	mac.Reset()
	writeUint32(mac, counter)
	writeLabel(mac, label)
	mac.Write(contextU)
	mac.Write(contextV)
	writeUint32(mac, bits)
	return mac.Sum(out)
}

// KDFe derives ceil(bits/8) bytes from the x-coordinate of a shared point
// (Part 1, 8.4.10.3). z must already have the size of the field. Surplus high
// bits of the first octet are zero.
func KDFe(h func() hash.Hash, z []byte, label string, partyUInfo, partyVInfo []byte, bits int) []byte {
	var info bytes.Buffer
	writeLabel(&info, label)
	info.Write(partyUInfo)
	info.Write(partyVInfo)
	size := byteLen(bits)
	out := Concat(h, z, info.Bytes(), size)
	if r := bits % 8; r > 0 && size > 0 {
		out[0] &= 1<<r - 1
	}
	return out
}

// Concat is the one-step concatenation KDF of SP 800-56A, 5.8.1 with a plain
// hash: H(counter ‖ z ‖ otherInfo) for counter = 1, 2, …
func Concat(h func() hash.Hash, z, otherInfo []byte, size int) []byte {
	return expand(h, 1, size, func(d hash.Hash, i uint32) {
		writeUint32(d, i)
		d.Write(z)
		d.Write(otherInfo)
	})
}

// KDF2 is the function of IEEE 1363a that SM2 encryption uses (Part 1,
// 45.2.4.2): H(z ‖ counter ‖ otherInfo) for counter = 1, 2, …
func KDF2(h func() hash.Hash, z, otherInfo []byte, size int) []byte {
	return expand(h, 1, size, func(d hash.Hash, i uint32) {
		d.Write(z)
		writeUint32(d, i)
		d.Write(otherInfo)
	})
}

// MGF1 is the mask generation function of RFC 8017, B.2.1:
// H(seed ‖ counter) for counter = 0, 1, …
func MGF1(h func() hash.Hash, seed []byte, size int) []byte {
	return expand(h, 0, size, func(d hash.Hash, i uint32) {
		d.Write(seed)
		writeUint32(d, i)
	})
}

// expand concatenates hashes of what write puts in for first, first+1, …
// until size bytes are there.
func expand(h func() hash.Hash, first uint32, size int, write func(hash.Hash, uint32)) []byte {
	d := h()
	out := make([]byte, 0, roundUp(size, d.Size()))
	for i := first; len(out) < size; i++ {
		d.Reset()
		write(d, i)
		out = d.Sum(out)
	}
	clear(out[size:])
	return out[:size]
}

func writeUint32(d hash.Hash, v uint32) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	d.Write(b[:])
}

// writeLabel writes label and a terminating zero octet if it lacks one
// (Part 1, 8.4.10.2).
func writeLabel(w io.Writer, label string) {
	io.WriteString(w, label)
	if label == "" || label[len(label)-1] != 0 {
		w.Write([]byte{0})
	}
}

func byteLen(bits int) int { return max(bits+7, 0) / 8 }

func roundUp(n, unit int) int { return (max(n, 0) + unit - 1) / unit * unit }
