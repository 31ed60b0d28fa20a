package tpm2

import (
	"govtpm/tpm2/wire"
)

// Creation of ordinary objects, and what all ways to create have in common (Part 1, 24; Part 3, 12.1 and 12.9).

// create is TPM2_Create (Part 3, 12.1).
//
// Handle 1: RCType; RCObjectMemory; parameter 2: what is wrong with the template; parameter 1: RCSize; the codes of maker.make
// without position.
func (t *TPM) create(c *call, p *createParameters) error {
	parent := c.objects[0]
	if !parent.isParent() {
		return wire.RCType.Handle(1)
	}
	if err := t.checkSlot(); err != nil {
		return err
	}
	pub := &p.inPublic.TPMTPublic
	if err := checkNew(parent, pub, &p.inSensitive.TPMSSensitiveCreate); err != nil {
		return err
	}
	o, err := t.ordinary(c, pub, &p.inSensitive.TPMSSensitiveCreate)
	if err != nil {
		return err
	}
	defer o.wipe()
	made := t.creation(c, pub.NameAlg, p.creationPCR, p.outsideInfo, parent)
	private, err := t.wrapSensitive(parent, &o.sensitive, o.name, pub.NameAlg)
	if err != nil {
		return err
	}
	c.out.TPM2B(private)
	c.out.Sized(o.public.Marshal)
	made.marshal(t, c, parent.hierarchy, o.name)
	return nil
}

// checkNew checks template and authValue of a new object.
func checkNew(parent *object, pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) error {
	if err := checkCreate(parent, pub, len(s.Data)); err != nil {
		return positioned(err, func(rc wire.RC) wire.RC { return rc.Parameter(2) })
	}
	return checkAuthSize(s.UserAuth, pub.NameAlg)
}

// checkAuthSize checks the authValue that is parameter 1, or in it: RCSize if it is longer than the digest of nameAlg
// (Part 1, 24.3.2).
func checkAuthSize(auth []byte, nameAlg wire.Alg) error {
	if len(trimZeros(auth)) > maxAuthSize(nameAlg) {
		return wire.RCSize.Parameter(1)
	}
	return nil
}

// maxAuthSize is the size of the largest authValue of an object.
func maxAuthSize(nameAlg wire.Alg) int {
	if nameAlg == wire.AlgNull {
		return digestSize(contextHashAlg) // the largest digest
	}
	return digestSize(nameAlg)
}

// paddedAuth is an authValue as it is kept: with zeros up to the size of the digest.
func paddedAuth(auth []byte, nameAlg wire.Alg) []byte {
	padded := make([]byte, maxAuthSize(nameAlg))
	copy(padded, auth)
	return padded
}

// ordinary makes an ordinary object from the TPM's generator (Part 1, 24.6.2).
func (t *TPM) ordinary(c *call, pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) (*object, error) {
	m := maker{source: t.volatile.rand, compat: currentSeedCompat, poll: c.poll, data: callerData(pub, s)}
	o, err := t.makeObject(&m, pub)
	if err != nil {
		return nil, err
	}
	o.sensitive.AuthValue = paddedAuth(s.UserAuth, pub.NameAlg)
	return o, nil
}

// callerData is the data for the sensitive area, nil if the TPM makes it.
func callerData(pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) []byte {
	if pub.Attributes.Has(wire.ObjectSensitiveDataOrigin) {
		return nil
	}
	return s.Data
}

// poll ends a search for primes when the caller asks to cancel.
func (c *call) poll() error {
	if c.cancelled() {
		return wire.RCCanceled
	}
	return nil
}

// creationRecord is the creation data of an object and its digest (Part 1, 24.8).
type creationRecord struct {
	data []byte
	hash []byte
}

// creation records under what circumstances the command of c makes an object with this nameAlg, below parent or, if nil, below the
// hierarchy that is the first handle.
func (t *TPM) creation(c *call, nameAlg wire.Alg, pcrs wire.TPMLPCRSelection, outside []byte, parent *object) creationRecord {
	t.filterPCR(&pcrs)
	d := wire.TPMSCreationData{
		PCRSelect:     pcrs,
		PCRDigest:     t.pcrDigest(nameAlg, &pcrs),
		Locality:      localityAttributes(t.volatile.locality),
		ParentNameAlg: wire.AlgNull,
		OutsideInfo:   outside,
	}
	if parent != nil {
		d.ParentNameAlg = parent.public.NameAlg
		d.ParentName, d.ParentQualifiedName = parent.name, parent.qualified
	} else {
		d.ParentName = handleName(c.handles[0])
		d.ParentQualifiedName = d.ParentName
	}
	data := wire.Marshal(&d)
	return creationRecord{data: data, hash: hashOf(nameAlg, data)}
}

// marshal appends creation data, digest and ticket to the response.
func (r *creationRecord) marshal(t *TPM, c *call, hierarchy wire.Handle, name []byte) {
	c.out.TPM2B(r.data)
	c.out.TPM2B(r.hash)
	ticket := t.creationTicket(hierarchy, name, r.hash)
	ticket.Marshal(&c.out)
}

// localityAttributes is a locality as TPMA_LOCALITY (Part 2, 8.5).
func localityAttributes(locality uint8) wire.TPMALocality {
	if locality < 5 {
		return 1 << locality
	}
	return wire.TPMALocality(locality)
}

// createLoaded is TPM2_CreateLoaded (Part 3, 12.9): an object below a storage parent, a derivation parent or a hierarchy.
//
// Handle 1: RCType; RCObjectMemory; parameter 2: what is wrong with the template; parameter 1: RCSize; the codes of maker.make and,
// for a derived object, RCAttributes without position.
func (t *TPM) createLoaded(c *call, p *createLoadedParameters) error {
	parent := c.objects[0]
	derive := parent != nil && parent.derivation
	if parent != nil && !parent.isParent() && !derive {
		return wire.RCType.Handle(1)
	}
	if err := t.checkSlot(); err != nil {
		return err
	}
	var pub wire.TPMTPublic
	read := wire.Unmarshaler(&pub)
	if derive {
		read = decoder{read: pub.UnmarshalDerive}
	}
	if rc := wire.Unmarshal(p.inPublic, t.limits, read); rc != wire.RCSuccess {
		return rc.Parameter(2)
	}
	s := &p.inSensitive.TPMSSensitiveCreate
	if err := checkAuthSize(s.UserAuth, pub.NameAlg); err != nil {
		return err
	}
	o, private, err := t.createBelow(c, parent, &pub, s)
	if err != nil {
		return err
	}
	if c.outHandle, err = t.addObject(o); err != nil {
		return err
	}
	c.out.TPM2B(private)
	c.out.Sized(o.public.Marshal)
	c.out.TPM2B(o.name)
	return nil
}

// createBelow makes the object of TPM2_CreateLoaded. Only an ordinary object has a private part to keep outside.
func (t *TPM) createBelow(c *call, parent *object, pub *wire.TPMTPublic, s *wire.TPMSSensitiveCreate) (o *object, private []byte, err error) {
	if parent != nil && parent.derivation {
		o, err = t.derive(parent, pub, s)
		return o, nil, err
	}
	if err := checkNew(parent, pub, s); err != nil {
		return nil, nil, err
	}
	if parent == nil {
		o, err = t.makePrimary(c, pub, s)
		return o, nil, err
	}
	if o, err = t.ordinary(c, pub, s); err != nil {
		return nil, nil, err
	}
	o.place(parent.hierarchy, parent, currentSeedCompat)
	private, err = t.wrapSensitive(parent, &o.sensitive, o.name, pub.NameAlg)
	return o, private, err
}
