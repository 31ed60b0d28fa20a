package diff

import "govtpm/tpm2/wire"

// Generators of commands that use keys and hash.

func genSign(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool { return o.has(wire.ObjectSign) && !o.sequence && o.area.Type != wire.AlgSymCipher })
	if o == nil {
		return
	}
	s := w.sigScheme(o)
	hash := s.HashAlg
	if s.Scheme == wire.AlgNull || hash == 0 {
		hash = wire.AlgSHA256
		switch x := &o.area; x.Type {
		case wire.AlgRSA:
			hash = x.Parameters.RSA.Scheme.HashAlg
		case wire.AlgECC:
			hash = x.Parameters.ECC.Scheme.HashAlg
		case wire.AlgKeyedHash:
			hash = x.Parameters.KeyedHash.Scheme.HashAlg
		}
	}
	data := both(w.bytes(len(digest(hash))))
	ticket := both(noTicket(0x8024))
	if o.has(wire.ObjectRestricted) || w.chance(0.2) {
		r := w.do(w.cmd(wire.CCHash).b2(w.bytes(40)).u16(uint16(hash)).u32(uint32(pick(w, wire.RHOwner, wire.RHEndorsement, wire.RHPlatform, wire.RHNull))))
		if r.ok {
			data, ticket = r.get(0), r.get(1)
		}
	}
	counter := s
	r := w.do(w.cmd(wire.CCSign, o.handle).param(data.sized()).plain(&counter).param(ticket))
	if !r.ok || w.chance(0.3) {
		return
	}
	v := w.do(w.cmd(wire.CCVerifySignature, o.handle).param(data.sized(), r.get(0)))
	if v.ok && w.chance(0.3) {
		if p := w.idle(wire.SEPolicy, nil); p != nil {
			w.do(w.cmd(wire.CCPolicyAuthorize, p.handle).b2(nil).b2(nil).param(o.name.sized(), v.get(0)))
		}
	}
}

func genRSA(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool { return o.area.Type == wire.AlgRSA && o.has(wire.ObjectDecrypt) })
	if o == nil {
		return
	}
	scheme := wire.TPMTRSAScheme{Scheme: pick(w, wire.AlgNull, wire.AlgOAEP, wire.AlgRSAES, wire.AlgOAEP), HashAlg: w.hashAlg()}
	label := pick(w, nil, nil, []byte("label\x00"), []byte("label"))
	message := w.bytes(pick(w, 0, 1, 16, 32, 100, 128, 190, 245, 256))
	if scheme.Scheme == wire.AlgNull && len(message) > 0 {
		message[0] = 0
	}
	r := w.do(w.cmd(wire.CCRSAEncrypt, o.handle).b2(message).plain(&scheme).b2(label))
	if r.ok {
		w.do(w.cmd(wire.CCRSADecrypt, o.handle).param(r.get(0).sized()).plain(&scheme).b2(label))
	}
}

func genECC(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool { return o.area.Type == wire.AlgECC && !o.has(wire.ObjectRestricted) })
	if o == nil {
		return
	}
	switch w.rng.IntN(5) {
	case 0:
		if r := w.do(w.cmd(wire.CCECDHKeyGen, o.handle)); r.ok {
			w.do(w.cmd(wire.CCECDHZGen, o.handle).param(r.get(1).sized()))
		}
	case 1: // its own point
		point := append(sized(o.area.Unique.ECC.X), sized(o.area.Unique.ECC.Y)...)
		w.do(w.cmd(wire.CCECDHZGen, o.handle).b2(point))
	case 2:
		c := w.cmd(wire.CCCommit, o.handle)
		switch w.rng.IntN(3) {
		case 0:
			c.b2(append(sized(nil), sized(nil)...)).b2(nil).b2(nil)
		case 1:
			c.b2(append(sized(o.area.Unique.ECC.X), sized(o.area.Unique.ECC.Y)...)).b2(nil).b2(nil)
		case 2:
			c.b2(append(sized(nil), sized(nil)...)).b2(w.bytes(8)).b2(w.bytes(32))
		}
		r := w.do(c)
		if r.ok {
			s := wire.TPMTSigScheme{Scheme: wire.AlgECDAA, HashAlg: o.area.Parameters.ECC.Scheme.HashAlg, Count: uint16(r.get(3)[theirs][0])<<8 | uint16(r.get(3)[theirs][1])}
			w.do(w.cmd(wire.CCSign, o.handle).b2(w.bytes(32)).plain(&s).param(both(noTicket(0x8024))))
		}
	case 3:
		curve := o.area.Parameters.ECC.CurveID
		r := w.do(w.cmd(wire.CCECEphemeral).u16(uint16(curve)))
		if r.ok {
			point := append(sized(o.area.Unique.ECC.X), sized(o.area.Unique.ECC.Y)...)
			w.do(w.cmd(wire.CCZGen2Phase, o.handle).b2(point).b2(point).u16(uint16(wire.AlgECDH)).param(r.get(1)))
		}
	case 4:
		w.do(w.cmd(wire.CCECCParameters).u16(uint16(pick(w, curves...))))
	}
}

func genCipher(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool { return o.area.Type == wire.AlgSymCipher })
	if o == nil {
		return
	}
	modes := []wire.Alg{wire.AlgNull, o.area.Parameters.Sym.Sym.Mode, wire.AlgCFB, wire.AlgCTR, wire.AlgOFB, wire.AlgCBC, wire.AlgECB}
	mode := pick(w, modes...)
	iv := w.bytes(16)
	if o.area.Parameters.Sym.Sym.Algorithm == wire.AlgTDES {
		iv = iv[:8]
	}
	if mode == wire.AlgECB {
		iv = nil
	}
	data := w.bytes(pick(w, 0, 1, 8, 15, 16, 17, 32, 64, 160, 1008, 1024))
	for range 2 {
		var r *response
		decrypt := byte(w.rng.IntN(2))
		if w.chance(0.5) {
			r = w.do(w.cmd(wire.CCEncryptDecrypt, o.handle).u8(decrypt).u16(uint16(mode)).b2(iv).b2(data))
		} else {
			r = w.do(w.cmd(wire.CCEncryptDecrypt2, o.handle).b2(data).u8(decrypt).u16(uint16(mode)).b2(iv))
		}
		if !r.ok || !r.get(1).same() {
			return
		}
		iv = r.get(1)[ours]
	}
}

func genHash(w *world) {
	w.do(w.cmd(wire.CCHash).b2(w.data()).u16(uint16(w.hashAlg())).u32(uint32(pick(w, hierarchies...))))
}

// data is something to hash; some of it begins like an attestation.
func (w *world) data() []byte {
	b := w.bytes(pick(w, 0, 1, 3, 4, 5, 20, 64, 65, 200, 1023, 1024, 1025))
	if w.chance(0.15) && len(b) >= 4 {
		copy(b, "\xFFTCG")
	}
	return b
}

func genMAC(w *world) {
	w.room(1)
	o := w.find(func(o *object) bool {
		return o.has(wire.ObjectSign) && (o.area.Type == wire.AlgKeyedHash || o.area.Type == wire.AlgSymCipher)
	})
	if o == nil {
		return
	}
	alg := pick(w, wire.AlgNull, wire.AlgNull, w.hashAlg(), wire.AlgCMAC)
	w.do(w.cmd(wire.CCHMAC, o.handle).b2(w.data()).u16(uint16(alg)))
}

// genSequence hashes in pieces.
func genSequence(w *world) {
	w.room(2)
	auth := w.newAuth()
	event, apart, cmac := false, false, wire.Alg(0)
	var r *response
	if o := w.find(func(o *object) bool {
		return o.has(wire.ObjectSign) && (o.area.Type == wire.AlgKeyedHash || o.area.Type == wire.AlgSymCipher)
	}); o != nil && w.chance(0.4) {
		apart = w.apart(o.handle)
		alg := pick(w, wire.AlgNull, w.hashAlg())
		if o.area.Type == wire.AlgSymCipher {
			cmac = o.area.Parameters.Sym.Sym.Algorithm
			alg = pick(w, wire.AlgCMAC, wire.AlgCMAC, wire.AlgCMAC, alg)
		}
		r = w.do(w.cmd(wire.CCHMACStart, o.handle).b2(auth).u16(uint16(alg)))
	} else {
		alg := w.hashAlg()
		if event = w.chance(0.3); event {
			alg = wire.AlgNull
		}
		r = w.do(w.cmd(wire.CCHashSequenceStart).b2(auth).u16(uint16(alg)))
	}
	if !r.ok {
		return
	}
	h := r.handle
	w.objects[h] = &object{handle: h, auth: auth, sequence: true, apart: apart, cmac: cmac}
	for range w.rng.IntN(4) {
		w.do(w.cmd(wire.CCSequenceUpdate, h).b2(w.data()))
		if w.chance(0.15) {
			pick(w, genContext, genCapability, genPCR, genHash)(w)
		}
	}
	if w.objects[h] == nil {
		return
	}
	if event != w.chance(0.1) {
		w.do(w.cmd(wire.CCEventSequenceComplete, pick(w, wire.Handle(16), 0, 23, wire.RHNull), h).b2(w.data()))
	} else {
		w.do(w.cmd(wire.CCSequenceComplete, h).b2(w.data()).u32(uint32(pick(w, hierarchies...))))
	}
}

// genDuplicate takes a key out and in again.
func genDuplicate(w *world) {
	w.room(2)
	o := w.find(func(o *object) bool { return !o.sequence && o.parent != nil && !o.has(wire.ObjectFixedParent) })
	if o == nil || w.chance(0.1) {
		o = w.objects[duplicable]
	}
	if o == nil {
		return
	}
	newParent := wire.RHNull
	var target *object
	if target = w.parent(); target != nil && w.chance(0.8) {
		newParent = target.handle
	}
	sym := w.symObject()
	if w.chance(0.6) {
		sym = noSym()
	}
	key := []byte(nil)
	if sym.Algorithm != wire.AlgNull && w.chance(0.5) {
		key = w.bytes(int(sym.KeyBits) / 8)
	}
	symDef := sym
	c := &command{code: wire.CCDuplicate, handles: []wire.Handle{o.handle, newParent}}
	if s := w.satisfy(duplicationPolicy); s != nil {
		c.auths = []auth{{session: s, value: o.auth, entity: o.handle, attrs: wire.SessionContinue}}
	}
	r := w.do(c.b2(key).plain(&symDef))
	if !r.ok || target == nil {
		return
	}
	if w.objects[newParent] == nil {
		return
	}
	encryptionKey := r.get(0)
	if len(key) > 0 {
		encryptionKey = both(key)
	}
	duplicate, seed := r.get(1), r.get(2)
	if w.chance(0.3) {
		if other := w.parent(); other != nil {
			if x := w.do(w.cmd(wire.CCRewrap, newParent, other.handle).param(duplicate.sized(), o.name.sized(), seed.sized())); x.ok {
				duplicate, seed, newParent, target = x.get(0), x.get(1), other.handle, other
			}
		}
	}
	if w.chance(0.5) && target.public.same() && o.public.same() {
		side := w.rng.IntN(2)
		encryptionKey, duplicate, seed = both(encryptionKey[side]), both(duplicate[side]), both(seed[side])
	}
	again := sym
	i := w.do(w.cmd(wire.CCImport, newParent).param(encryptionKey.sized(), o.public.sized(), duplicate.sized(), seed.sized()).plain(&again))
	if i.ok {
		n := *o
		n.private, n.parent, n.hierarchy = i.get(0), target, target.hierarchy
		w.load(&n)
	}
}

func genCredential(w *world) {
	w.room(2)
	key, o := w.parent(), w.find(func(o *object) bool { return !o.sequence })
	if key == nil || o == nil {
		return
	}
	r := w.do(w.cmd(wire.CCMakeCredential, key.handle).b2(w.bytes(pick(w, 0, 1, 16, 32, 33, 64))).param(o.name.sized()))
	if !r.ok {
		return
	}
	blob, secret := r.get(0), r.get(1)
	if key.public.same() && o.public.same() && w.chance(0.5) {
		side := w.rng.IntN(2)
		blob, secret = both(blob[side]), both(secret[side])
	}
	w.do(w.cmd(wire.CCActivateCredential, o.handle, key.handle).param(blob.sized(), secret.sized()))
}
