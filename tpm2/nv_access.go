package tpm2

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Who may use an index, and how its content changes (Part 1, 34.2.5 and 34.2.6; Part 3, 31.1).

// nvIndexStatus checks that an index is defined and its hierarchy enabled. RCHandle without position.
func (t *TPM) nvIndexStatus(h wire.Handle) error {
	x := t.nv.index(h)
	if x == nil {
		return wire.RCHandle
	}
	if x.has(wire.NVPlatformCreate) {
		if !t.stateClear.phEnableNV {
			return wire.RCHandle
		}
	} else if !t.stateClear.shEnable {
		return wire.RCHandle
	}
	return nil
}

// nvReadCheck checks that an index may be read with the authorization given: RCNVLocked, RCNVAuthorization, RCNVUninitialized.
func (t *TPM) nvReadCheck(auth wire.Handle, x *nvIndex) error {
	if x.has(wire.NVReadLocked) {
		return wire.RCNVLocked
	}
	if !x.authorizedBy(auth, wire.NVOwnerRead, wire.NVPPRead) {
		return wire.RCNVAuthorization
	}
	if !x.has(wire.NVWritten) {
		return wire.RCNVUninitialized
	}
	return nil
}

// nvWriteCheck checks that an index may be written with the authorization given: RCNVLocked, RCNVAuthorization.
func (t *TPM) nvWriteCheck(auth wire.Handle, x *nvIndex) error {
	if x.has(wire.NVWriteLocked) {
		return wire.RCNVLocked
	}
	if !x.authorizedBy(auth, wire.NVOwnerWrite, wire.NVPPWrite) {
		return wire.RCNVAuthorization
	}
	return nil
}

// authorizedBy reports whether auth is the owner or the platform and the index lets them, or the index itself.
func (x *nvIndex) authorizedBy(auth wire.Handle, owner, platform wire.TPMANV) bool {
	switch auth {
	case wire.RHOwner:
		return x.has(owner)
	case wire.RHPlatform:
		return x.has(platform)
	}
	return auth == x.public.NVIndex
}

// authValueAvailable reports whether the authValue of the index may be used, to write or to do anything else. A PIN index is used
// up when its count reaches its limit (Part 1, 34.2.6).
func (x *nvIndex) authValueAvailable(write bool) bool {
	if write {
		return x.has(wire.NVAuthWrite)
	}
	if x.isPIN() {
		return x.pinAvailable()
	}
	return x.has(wire.NVAuthRead)
}

// isPIN reports whether x is a PIN index.
func (x *nvIndex) isPIN() bool { return x.kind() == wire.NTPinPass || x.kind() == wire.NTPinFail }

// pinAvailable reports whether the authValue is not locked out by the limit of a PIN index; true for other indexes.
func (x *nvIndex) pinAvailable() bool {
	count, limit := x.pin()
	return !x.isPIN() || x.has(wire.NVWritten) && count < limit
}

// pin is count and limit of a PIN index (Part 2, 13.3).
func (x *nvIndex) pin() (count, limit uint32) {
	n := x.number()
	return uint32(n >> 32), uint32(n)
}

// countPIN counts the use of a PIN index for authorization: PIN PASS counts successes, PIN FAIL failures, and starts over after a
// success (Part 1, 34.2.6).
func (t *TPM) countPIN(h wire.Handle, ok bool) error {
	x := t.nv.index(h)
	if x == nil || !x.has(wire.NVWritten) {
		return nil
	}
	count, limit := x.pin()
	switch kind := x.kind(); {
	case kind == wire.NTPinPass && ok, kind == wire.NTPinFail && !ok:
		count++
	case kind == wire.NTPinFail:
		count = 0
	default:
		return nil
	}
	t.nvWriteNumber(x, uint64(count)<<32|uint64(limit))
	return nil
}

// nvWriteNumber writes the value of a counter, bit field or PIN index.
func (t *TPM) nvWriteNumber(x *nvIndex, v uint64) {
	t.nvWriteData(x, 0, binary.BigEndian.AppendUint64(nil, v))
}

// nvWriteData writes into the data of an index, within its size. What a first write leaves out of an ordinary index reads as FF, or
// as zeros if the index is orderly.
func (t *TPM) nvWriteData(x *nvIndex, offset int, b []byte) {
	orderly := x.has(wire.NVOrderly)
	data := x.data
	first := !x.has(wire.NVWritten)
	if first && x.kind() == wire.NTOrdinary && len(b) < len(data) {
		fill := byte(0xFF)
		if orderly {
			fill = 0
		}
		data = bytes.Repeat([]byte{fill}, len(data))
	} else {
		data = bytes.Clone(data)
	}
	copy(data[offset:], b)
	changed := first || !bytes.Equal(data, x.data)
	if orderly {
		t.clearOrderly()
	}
	x.public.Attributes |= wire.NVWritten
	x.data = data
	switch {
	case orderly && first && x.kind() == wire.NTCounter:
		t.nvSaveOrderly()
	case !orderly && changed:
		t.markPermanent()
	}
}

// nvSetAttributes changes the attributes of an index.
func (t *TPM) nvSetAttributes(x *nvIndex, a wire.TPMANV) {
	if x.public.Attributes == a {
		return
	}
	if x.has(wire.NVOrderly) {
		t.clearOrderly()
	} else {
		t.markPermanent()
	}
	x.public.Attributes = a
}
