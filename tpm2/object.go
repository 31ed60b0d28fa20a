package tpm2

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// An object is what a transient or persistent handle names: a key, sealed data, or a sequence (Part 1, 23 and 29.4).
//
// Once it is in a slot only its sequence changes. A persistent object that is loaded for a command shares its secrets with the
// one in NV memory.
type object struct {
	public    wire.TPMTPublic
	sensitive wire.TPMTSensitive // zero when publicOnly
	name      []byte             // Part 1, 13
	qualified []byte             // qualified name
	hierarchy wire.Handle        // RHOwner, RHEndorsement, RHPlatform or RHNull
	evict     wire.Handle        // persistent handle, 0 for a transient object

	publicOnly  bool
	primary     bool // directly below a hierarchy other than NULL
	temporary   bool // in the NULL hierarchy, or below such an object
	stClear     bool // has stClear SET, or an ancestor has
	external    bool // made by TPM2_LoadExternal
	seedCompat  uint8
	parent      bool // storage parent
	derivation  bool // derivation parent
	flushAtEnd  bool // goes when the command ends: persistent objects, finished sequences
	sequence    *sequence
	exponent    nvstate.PrivateExponent // what saved state has of an RSA key beside the prime, empty until it was needed
	privateKeys *keyCache               // what is computed from sensitive, once per loaded object; made when it is asked for
}

// isSequence reports whether o is a hash, HMAC, event or signature sequence.
func (o *object) isSequence() bool { return o.sequence != nil }

// isEventSequence reports whether o is an event sequence.
func (o *object) isEventSequence() bool { return o.sequence != nil && o.sequence.kind == sequenceEvent }

// isParent reports whether o is a storage parent (Part 1, 22.1.5).
func (o *object) isParent() bool { return o.parent }

// authValue is the authValue of o, nil for an object without sensitive part.
func (o *object) authValue() []byte {
	if o.sequence != nil {
		return o.sequence.auth
	}
	return o.sensitive.AuthValue
}

// objectName is the Name of an object (Part 1, 13), nil without nameAlg.
func objectName(pub *wire.TPMTPublic) []byte {
	if pub.NameAlg == wire.AlgNull {
		return nil
	}
	return prefixed(pub.NameAlg, hashOf(pub.NameAlg, wire.Marshal(pub)))
}

// prefixed puts the identifier of alg before its digest.
func prefixed(alg wire.Alg, digest []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(alg)), digest...)
}

// handleName is the Name of what is named by its handle (Part 1, 13).
func handleName(h wire.Handle) []byte { return binary.BigEndian.AppendUint32(nil, uint32(h)) }

// qualifiedName is the Qualified Name of an object below one of the given Qualified Name (Part 1, 23.5).
func qualifiedName(parent []byte, nameAlg wire.Alg, name []byte) []byte {
	return prefixed(nameAlg, hashOf(nameAlg, parent, name))
}

// place gives o its place in a hierarchy: below parent, or directly below the hierarchy if parent is nil. public, name,
// publicOnly and external must be set.
func (o *object) place(hierarchy wire.Handle, parent *object, seedCompat uint8) {
	a := o.public.Attributes
	o.seedCompat = seedCompat
	o.stClear = a.Has(wire.ObjectStClear)
	above := handleName(hierarchy)
	if parent == nil {
		o.hierarchy = hierarchy
		o.primary = hierarchy != wire.RHNull
		o.temporary = hierarchy == wire.RHNull
	} else {
		o.hierarchy = parent.hierarchy
		o.temporary = parent.temporary
		o.stClear = o.stClear || parent.stClear
		above = parent.qualified
	}
	if o.external {
		o.qualified = o.name
		return
	}
	o.qualified = qualifiedName(above, o.public.NameAlg, o.name)
	if a.Has(wire.ObjectRestricted|wire.ObjectDecrypt) && !o.publicOnly {
		o.derivation = o.public.Type == wire.AlgKeyedHash
		o.parent = !o.derivation
	}
}

// clone is a copy of a key or data object that shares no secret with o and keeps nothing that was computed from them.
func (o *object) clone() *object {
	c := *o
	c.sensitive = cloneSensitive(&o.sensitive)
	c.exponent = cloneExponent(o.exponent)
	c.privateKeys = nil
	return &c
}

// cloneSensitive is a copy of s that can be wiped on its own.
func cloneSensitive(s *wire.TPMTSensitive) wire.TPMTSensitive {
	c := *s
	c.AuthValue, c.SeedValue = bytes.Clone(s.AuthValue), bytes.Clone(s.SeedValue)
	for _, arm := range []*[]byte{
		(*[]byte)(&c.Sensitive.RSA), (*[]byte)(&c.Sensitive.ECC), (*[]byte)(&c.Sensitive.Bits), (*[]byte)(&c.Sensitive.Sym),
		(*[]byte)(&c.Sensitive.MLDSA), (*[]byte)(&c.Sensitive.MLKEM),
	} {
		*arm = bytes.Clone(*arm)
	}
	return c
}

// wipe overwrites the secrets of o.
func (o *object) wipe() {
	o.sensitive.Wipe()
	wipeExponent(&o.exponent)
	o.privateKeys.wipe()
	if o.sequence != nil {
		o.sequence.wipe()
	}
}

// firstTransient is the handle of object slot 0.
const firstTransient = wire.Handle(0x80000000)

// object returns the object in the slot of transient handle h, nil if the slot is empty or outside.
func (t *TPM) object(h wire.Handle) *object {
	if i := uint32(h - firstTransient); i < maxLoadedObjects {
		return t.volatile.objects[i]
	}
	return nil
}

// freeSlot returns the first empty object slot; ok is false when there is none.
func (t *TPM) freeSlot() (slot int, ok bool) {
	for i, o := range t.volatile.objects {
		if o == nil {
			return i, true
		}
	}
	return 0, false
}

// addObject puts o into a slot and returns its handle. Code: RCObjectMemory.
func (t *TPM) addObject(o *object) (wire.Handle, error) {
	slot, ok := t.freeSlot()
	if !ok {
		return 0, wire.RCObjectMemory
	}
	t.volatile.objects[slot] = o
	return firstTransient + wire.Handle(slot), nil
}

// checkSlot returns RCObjectMemory when there is no empty slot: commands find out before they work.
func (t *TPM) checkSlot() error {
	if _, ok := t.freeSlot(); !ok {
		return wire.RCObjectMemory
	}
	return nil
}

// emptySlot takes the object out of a slot. Secrets are overwritten, but for those that NV memory has too.
func (t *TPM) emptySlot(slot int) {
	if o := t.volatile.objects[slot]; o != nil && o.evict == 0 {
		o.wipe()
	}
	t.volatile.objects[slot] = nil
}

// releaseTransient ends the command's hold on objects: persistent objects that were loaded for the command and sequences that it
// finished leave their slots.
func (t *TPM) releaseTransient(*call) {
	t.flushObjects(func(o *object) bool { return o.flushAtEnd })
}

// flushObjects removes the loaded objects for which drop is true.
func (t *TPM) flushObjects(drop func(*object) bool) {
	for i, o := range t.volatile.objects {
		if o != nil && drop(o) {
			t.emptySlot(i)
		}
	}
}

// wipeObjects overwrites the secrets of what is loaded or remembered, because the power goes.
func (t *TPM) wipeObjects() {
	t.flushObjects(func(*object) bool { return true })
	for _, h := range []wire.Handle{wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHNull} {
		t.forgetPrimaries(h)
	}
}

// loadPersistent puts the persistent object of handle h into a slot for the time of the command (Part 1, 27.7).
// RCHandle: not there, or its hierarchy is disabled; RCObjectMemory.
func (t *TPM) loadPersistent(c *call, h wire.Handle) (*object, error) {
	enabled := t.stateClear.shEnable
	if h >= firstPlatformPersistent {
		enabled = t.volatile.phEnable
	}
	if !enabled {
		return nil, wire.RCHandle
	}
	if err := t.checkSlot(); err != nil {
		return nil, err
	}
	stored := t.nv.persistent[h]
	if stored == nil {
		return nil, wire.RCHandle
	}
	if stored.hierarchy == wire.RHEndorsement && !t.stateClear.ehEnable && c.cmd.code != wire.CCEvictControl {
		return nil, wire.RCHandle
	}
	if stored.privateKeys == nil {
		stored.privateKeys = new(keyCache) // kept from command to command
	}
	o := *stored
	o.evict, o.flushAtEnd = h, true
	_, err := t.addObject(&o)
	return &o, err
}
