package tpm2

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"govtpm/internal/crypto/drbg"
	"govtpm/tpm2/wire"
)

// Primary objects: the same seed, template and data give the same object, on this TPM and on every libtpms
// (Part 1, 24.6.3; Part 3, 24.1).

// labelPrimary begins the seed material of a primary object, with its terminating zero.
const labelPrimary = "Primary Object Creation\x00"

// createPrimary is TPM2_CreatePrimary (Part 3, 24.1).
//
// RCObjectMemory; parameter 2: what is wrong with the template; parameter 1: RCSize; the codes of maker.make without position.
func (t *TPM) createPrimary(c *call, p *createPrimaryParameters) error {
	if err := t.checkSlot(); err != nil {
		return err
	}
	pub, s := &p.inPublic.TPMTPublic, &p.inSensitive.TPMSSensitiveCreate
	if err := checkNew(nil, pub, s); err != nil {
		return err
	}
	o, err := t.makePrimary(c, pub, s)
	if err != nil {
		return err
	}
	made := t.creation(c, pub.NameAlg, p.creationPCR, p.outsideInfo, nil)
	if c.outHandle, err = t.addObject(o); err != nil {
		return err
	}
	c.out.Sized(o.public.Marshal)
	made.marshal(t, c, o.hierarchy, o.name)
	c.out.TPM2B(o.name)
	return nil
}

// makePrimary makes the primary object of the hierarchy that is the first handle, or remembers it.
func (t *TPM) makePrimary(c *call, pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) (*object, error) {
	h := c.handles[0]
	m, key := t.primaryMaker(h, pub, s)
	o := t.volatile.primaryKeys.find(h, key)
	if o == nil {
		m.poll = c.poll
		g := drbg.New(t.primarySeed(h).value, []byte(labelPrimary), objectName(pub), s.Data)
		defer g.Wipe()
		m.source, m.mixer = g, g.Additional
		var err error
		if o, err = t.makeObject(&m, pub); err != nil {
			return nil, err
		}
		t.volatile.primaryKeys.add(h, key, o)
	}
	o.sensitive.AuthValue = paddedAuth(s.UserAuth, pub.NameAlg)
	o.place(h, nil, m.compat)
	return o, nil
}

// primaryMaker is the maker of a primary object without its generator, and a digest of everything that decides how the object
// comes out.
func (t *TPM) primaryMaker(h wire.Handle, pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) (maker, primaryKey) {
	from := t.primarySeed(h)
	m := maker{compat: from.compat, data: callerData(pub, s)}
	if h == wire.RHEndorsement {
		m.proofs = [][]byte{t.persistent.shProof, t.persistent.ehProof}
	}
	d := sha256.New()
	for _, part := range append([][]byte{from.value, {from.compat}, wire.Marshal(pub), s.Data}, m.proofs...) {
		d.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		d.Write(part)
	}
	return m, primaryKey(d.Sum(nil))
}

// primaryKey tells primary objects apart.
type primaryKey [sha256.Size]byte

// maxPrimaries is how many primary objects are remembered.
const maxPrimaries = 8

// primaryCache remembers RSA primary objects, which are slow to make. Systems make the same few again and again.
type primaryCache struct {
	entries []primaryEntry // the one used last at the end
}

type primaryEntry struct {
	hierarchy wire.Handle
	key       primaryKey
	object    *object // without authValue and place
}

// find returns a copy of a remembered object, nil if there is none.
func (p *primaryCache) find(h wire.Handle, key primaryKey) *object {
	for i, e := range p.entries {
		if e.hierarchy == h && e.key == key {
			p.entries = append(slices.Delete(p.entries, i, i+1), e)
			return e.object.clone()
		}
	}
	return nil
}

// add remembers a copy of an object; the one not used for longest makes room.
func (p *primaryCache) add(h wire.Handle, key primaryKey, o *object) {
	if o.public.Type != wire.AlgRSA {
		return
	}
	if len(p.entries) == maxPrimaries {
		p.entries[0].object.wipe()
		p.entries = slices.Delete(p.entries, 0, 1)
	}
	p.entries = append(p.entries, primaryEntry{h, key, o.clone()})
}

// forgetPrimaries forgets the primary objects of a hierarchy, because its seed is gone.
func (t *TPM) forgetPrimaries(h wire.Handle) {
	p := &t.volatile.primaryKeys
	p.entries = slices.DeleteFunc(p.entries, func(e primaryEntry) bool {
		if e.hierarchy != h {
			return false
		}
		e.object.wipe()
		return true
	})
}
