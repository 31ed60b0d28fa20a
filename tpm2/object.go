package tpm2

import (
	"govtpm/tpm2/wire"
)

// An object is what a transient or persistent handle names: a key, sealed data, or a sequence (Part 1, 27 and 32).
type object struct {
	public    wire.TPMTPublic
	sensitive wire.TPMTSensitive // zero when publicOnly
	name      []byte             // Part 1, 14
	qualified []byte             // qualified name
	hierarchy wire.Handle        // RHOwner, RHEndorsement, RHPlatform or RHNull
	evict     wire.Handle        // persistent handle, 0 for a transient object

	publicOnly  bool
	primary     bool
	temporary   bool // in the NULL hierarchy, or below such an object
	stClear     bool // has stClear SET, or an ancestor has
	external    bool // made by TPM2_LoadExternal
	seedCompat  uint8
	parent      bool // storage parent
	derivation  bool // derivation parent
	flushAtEnd  bool // goes when the command ends: persistent objects, finished sequences
	sequence    *sequence
	privateKeys keyCache // what is computed from sensitive, once per loaded object
}

// isSequence reports whether o is a hash, HMAC, event or signature sequence.
func (o *object) isSequence() bool { return o.sequence != nil }

// authValue is the authValue of o, nil for an object without sensitive part.
func (o *object) authValue() []byte {
	if o.sequence != nil {
		return o.sequence.auth
	}
	return o.sensitive.AuthValue
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

// releaseTransient ends the command's hold on objects: persistent objects that were loaded for the command and sequences that it
// finished leave their slots.
func (t *TPM) releaseTransient(*call) {
	for i, o := range t.volatile.objects {
		if o != nil && o.flushAtEnd {
			t.volatile.objects[i] = nil
		}
	}
}

// flushObjects removes the loaded objects for which drop is true.
func (t *TPM) flushObjects(drop func(*object) bool) {
	for i, o := range t.volatile.objects {
		if o != nil && drop(o) {
			t.volatile.objects[i] = nil
		}
	}
}
