package diff

import (
	"govtpm/tpm2/wire"
)

// sensitive is an encoded TPM2B_SENSITIVE_CREATE.
func sensitive(auth, data []byte) two {
	return both(sized(wire.Marshal(&wire.TPMSSensitiveCreate{UserAuth: auth, Data: data})))
}

// secretFor chooses the data of a new object.
func (w *world) secretFor(p *wire.TPMTPublic) []byte {
	if p.Attributes.Has(inside) || p.Type == wire.AlgRSA || p.Type == wire.AlgECC {
		return nil
	}
	if p.Type == wire.AlgSymCipher {
		return w.bytes(int(p.Parameters.Sym.Sym.KeyBits) / 8)
	}
	return w.bytes(pick(w, 1, 16, 32, 64, 128))
}

// adopt takes a new object into the model.
func (w *world) adopt(h wire.Handle, public, name two, auth []byte, hierarchy wire.Handle) *object {
	o := &object{handle: h, public: public, name: name, auth: auth, hierarchy: hierarchy}
	wire.Unmarshal(public[theirs], nil, &o.area)
	o.policy = w.policyWith(o.area.AuthPolicy)
	w.objects[h] = o
	return o
}

func (w *world) policyWith(digest []byte) *policy {
	for _, p := range w.policies {
		if len(digest) > 0 && string(p.digest) == string(digest) {
			return p
		}
	}
	return nil
}

// newAuth chooses an authValue.
func (w *world) newAuth() []byte { return trim(w.bytes(pick(w, 0, 0, 4, 8, 20))) }

// createPrimary is TPM2_CreatePrimary.
func (w *world) createPrimary(hierarchy wire.Handle, p wire.TPMTPublic, auth, data []byte) *object {
	r := w.do(w.cmd(wire.CCCreatePrimary, hierarchy).param(sensitive(auth, data), both(sized(wire.Marshal(&p)))).
		b2(w.bytes(pick(w, 0, 0, 8))).plain(w.selection()))
	if !r.ok {
		return nil
	}
	o := w.adopt(r.handle, r.get(0), r.get(4), auth, hierarchy)
	o.creation, o.ticket = r.get(2), r.get(3)
	return o
}

// create is TPM2_Create; the private part of one of the two is used for both, now and then.
func (w *world) create(parent *object, p wire.TPMTPublic, auth, data []byte) *object {
	r := w.do(w.cmd(wire.CCCreate, parent.handle).param(sensitive(auth, data), both(sized(wire.Marshal(&p)))).
		b2(w.bytes(pick(w, 0, 0, 8))).plain(w.selection()))
	if !r.ok {
		return nil
	}
	o := &object{public: r.get(1), private: r.get(0), auth: auth, hierarchy: parent.hierarchy, parent: parent, creation: r.get(3), ticket: r.get(4)}
	if !w.single && w.chance(0.6) && parent.public.same() && !w.fresh[parent.hierarchy] && parent.hierarchy != wire.RHNull {
		from := w.rng.IntN(2)
		for _, v := range []*two{&o.public, &o.private, &o.creation, &o.ticket} {
			w.replacePooled(*v, both((*v)[from]))
			*v = both((*v)[from])
		}
	}
	wire.Unmarshal(o.public[theirs], nil, &o.area)
	o.policy = w.policyWith(o.area.AuthPolicy)
	return o
}

// load is TPM2_Load of what create made.
func (w *world) load(o *object) *object {
	if o == nil || w.objects[o.parent.handle] == nil {
		return nil
	}
	w.room(2)
	if w.objects[o.parent.handle] == nil {
		return nil
	}
	r := w.do(w.cmd(wire.CCLoad, o.parent.handle).param(o.private.sized(), o.public.sized()))
	if !r.ok {
		return nil
	}
	loaded := *o
	loaded.handle, loaded.name = r.handle, r.get(0)
	w.objects[r.handle] = &loaded
	return &loaded
}

func genPrimary(w *world) {
	w.room(1)
	p := w.template()
	h := pick(w, hierarchies...)
	w.createPrimary(h, p, w.newAuth(), w.secretFor(&p))
}

func genCreate(w *world) {
	w.room(2)
	parent := w.parent()
	if parent == nil {
		return
	}
	p := w.template()
	if !parent.has(wire.ObjectFixedTPM) && w.chance(0.9) {
		p.Attributes &^= fixed
	}
	w.load(w.create(parent, p, w.newAuth(), w.secretFor(&p)))
}

func genCreateLoaded(w *world) {
	w.room(2)
	var parent wire.Handle
	derive := false
	switch o := w.find(func(o *object) bool { return o.area.Type == wire.AlgKeyedHash && o.isDeriver() }); {
	case o != nil && w.chance(0.5):
		parent, derive = o.handle, true
	case w.chance(0.5):
		parent = pick(w, hierarchies...)
	default:
		if o := w.parent(); o != nil {
			parent = o.handle
		}
	}
	p := w.template()
	data := w.secretFor(&p)
	template := wire.Marshal(&p)
	if derive {
		p.Attributes &^= inside
		p.Unique.Derive = wire.TPMSDerive{Label: w.bytes(8), Context: w.bytes(pick(w, 0, 8))}
		var out wire.Writer
		p.MarshalDerive(&out)
		template = out.Bytes()
		data = pick(w, nil, wire.Marshal(&wire.TPMSDerive{Label: w.bytes(4), Context: w.bytes(4)}))
	}
	auth := w.newAuth()
	hierarchy := parent
	o := w.objects[parent]
	if o != nil {
		hierarchy = o.hierarchy
	}
	if r := w.do(w.cmd(wire.CCCreateLoaded, parent).param(sensitive(auth, data)).b2(template)); r.ok {
		n := w.adopt(r.handle, r.get(1), r.get(2), auth, hierarchy)
		n.private, n.parent = r.get(0), o
	}
}

func (o *object) isDeriver() bool {
	return o.has(wire.ObjectRestricted|wire.ObjectDecrypt) && o.area.Type == wire.AlgKeyedHash
}

// genExternal loads public areas alone, and whole keys.
func genExternal(w *world) {
	w.room(1)
	hierarchy := pick(w, hierarchies...)
	o := w.find(func(o *object) bool { return len(o.public[ours]) > 0 })
	if o != nil && w.chance(0.5) {
		public := o.public
		if w.chance(0.2) {
			hierarchy = wire.RHNull
		}
		if r := w.do(w.cmd(wire.CCLoadExternal).b2(nil).param(public.sized()).u32(uint32(hierarchy))); r.ok {
			w.adopt(r.handle, public, r.get(0), nil, hierarchy)
		}
		return
	}
	p := w.template()
	p.Attributes &^= fixed | wire.ObjectRestricted
	if w.chance(0.2) {
		p.NameAlg = wire.AlgNull
	}
	s := wire.TPMTSensitive{SensitiveType: p.Type, AuthValue: w.newAuth()}
	size := len(digest(p.NameAlg))
	if p.Type == wire.AlgKeyedHash || p.Type == wire.AlgSymCipher {
		s.SeedValue = w.bytes(size)
	}
	key := w.bytes(32)
	s.Sensitive.Bits, s.Sensitive.Sym = key, key[:min(32, int(p.Parameters.Sym.Sym.KeyBits)/8)]
	unique := digest(p.NameAlg, s.SeedValue, s.Sensitive.Bits)
	if p.Type == wire.AlgSymCipher {
		unique = digest(p.NameAlg, s.SeedValue, s.Sensitive.Sym)
	}
	p.Unique.KeyedHash, p.Unique.Sym = unique, unique
	if p.Type == wire.AlgECC || p.Type == wire.AlgRSA {
		s.Sensitive.ECC, s.Sensitive.RSA = w.bytes(32), w.bytes(64)
		p.Unique.ECC.X, p.Unique.ECC.Y, p.Unique.RSA = w.bytes(32), w.bytes(32), w.bytes(128)
	}
	public := both(wire.Marshal(&p))
	if w.chance(0.8) {
		hierarchy = wire.RHNull
	}
	if r := w.do(w.cmd(wire.CCLoadExternal).b2(wire.Marshal(&s)).param(public.sized()).u32(uint32(hierarchy))); r.ok {
		w.adopt(r.handle, public, r.get(0), s.AuthValue, hierarchy)
	}
}

func genReadPublic(w *world) {
	w.room(1)
	w.do(w.cmd(wire.CCReadPublic, w.anyObject()))
}

// anyObject takes the handle of an object.
func (w *world) anyObject() wire.Handle {
	if list := keysOf(w.objects); len(list) > 0 && w.chance(0.97) {
		return pick(w, list...)
	}
	return w.anyHandle()
}

func genUnseal(w *world) {
	w.room(1)
	h := w.anyObject()
	if o := w.find(func(o *object) bool {
		return o.area.Type == wire.AlgKeyedHash && !o.has(wire.ObjectSign) && !o.has(wire.ObjectDecrypt)
	}); o != nil && w.chance(0.8) {
		h = o.handle
	}
	w.do(w.cmd(wire.CCUnseal, h))
}

func genChangeAuth(w *world) {
	w.room(2)
	o := w.find(func(o *object) bool { return o.parent != nil && !o.persistent })
	if o == nil {
		o = w.objects[signingECC]
	}
	if o == nil || o.parent == nil {
		return
	}
	auth := w.newAuth()
	r := w.do(w.cmd(wire.CCObjectChangeAuth, o.handle, o.parent.handle).b2(auth))
	if r.ok && w.chance(0.5) {
		n := *o
		n.auth, n.private = auth, r.get(0)
		w.load(&n)
	}
}

func genEvict(w *world) {
	w.room(1)
	h := 0x81000080 + wire.Handle(w.rng.IntN(4))
	if w.objects[h] != nil && w.chance(0.7) {
		w.do(w.cmd(wire.CCEvictControl, wire.RHOwner, h).u32(uint32(h)))
		return
	}
	o := w.find(func(o *object) bool { return !o.persistent && !o.sequence })
	if o == nil {
		return
	}
	auth := wire.RHOwner
	if o.hierarchy == wire.RHPlatform || w.chance(0.1) {
		auth, h = wire.RHPlatform, h+0x800000
	}
	w.do(w.cmd(wire.CCEvictControl, auth, o.handle).u32(uint32(h)))
}

// genContext saves and loads contexts.
func genContext(w *world) {
	if len(w.contexts) > 0 && w.chance(0.5) {
		i := w.rng.IntN(len(w.contexts))
		x := w.contexts[i]
		if x.object != nil {
			w.room(1)
		} else {
			w.sessionRoom()
		}
		r := w.do(w.cmd(wire.CCContextLoad).param(x.context))
		if !r.ok {
			return
		}
		if x.object != nil {
			o := *x.object
			o.handle = r.handle
			w.objects[r.handle] = &o
		} else {
			w.sessions[r.handle] = x.session
			w.contexts = append(w.contexts[:i], w.contexts[i+1:]...)
		}
		return
	}
	list := keysOf(w.sessions)
	for _, h := range keysOf(w.objects) {
		if !w.objects[h].persistent || w.chance(0.02) {
			list = append(list, h)
		}
	}
	if len(list) == 0 {
		return
	}
	h := pick(w, list...)
	o, s := w.objects[h], w.sessions[h]
	r := w.do(w.cmd(wire.CCContextSave, h))
	if !r.ok {
		return
	}
	if s != nil {
		delete(w.sessions, h)
	}
	if o == nil || o.cmac == 0 {
		w.contexts = append(w.contexts, savedContext{r.get(0), o, s})
		w.contexts = w.contexts[max(0, len(w.contexts)-6):]
	}
	if o != nil && w.chance(0.5) {
		w.flush(h)
	}
}
