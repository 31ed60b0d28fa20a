package tpm2

import (
	"bytes"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clauses 17 and 20.

// signKey is the key that signs in the rows.
func signKey() *object {
	return rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA256)
}

// keyOf is a key of the type that a test names.
func keyOf(n int, a wire.TPMAObject, scheme wire.Alg) rowChange {
	return withKey(n, func() *object { return rsaObject(a, scheme, wire.AlgSHA256) })
}

// sequenceFrom makes handle n a sequence that another command started; its authValue is that of the rows' sequences.
func sequenceFrom(n int, start func(b *testTPM) wire.Handle) rowChange {
	return func(b *testTPM, c *rowCommand) {
		if _, ok := b.freeSlot(); !ok {
			b.flushKey(c.handles[n-1])
		}
		c.handles[n-1] = start(b)
	}
}

func eventSequence(b *testTPM) wire.Handle { return b.startHash(wire.AlgNull) }
func hashSequence(b *testTPM) wire.Handle  { return b.startHash(wire.AlgSHA256) }

func sequenceRows() []commandRow {
	noSlot := rowFault{"no slot", when(fillObjects), wire.RCObjectMemory}
	rows := []commandRow{
		{
			code: wire.CCMACStart,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(rowMAC())
				return newCommand(wire.CCMACStart, key).password(keyAuth).b2([]byte(sequenceAuth)).put(wire.AlgNull), func(r *testResponse) {
					h := r.handle()
					b.must(sequenceUpdateCommand(h, []byte("mess")))
					if got := b.must(sequenceCompleteCommand(h, []byte("age"), wire.RHNull)).b2(); !bytes.Equal(got, hmacOf(wire.AlgSHA256, []byte("secret"), []byte("message"))) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: append(macFaults(), noSlot),
		},
		{
			code: wire.CCHashSequenceStart,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				return newCommand(wire.CCHashSequenceStart).b2([]byte(sequenceAuth)).put(wire.AlgSHA256), func(r *testResponse) {
					if got := b.must(sequenceCompleteCommand(r.handle(), []byte("message"), wire.RHNull)).b2(); !bytes.Equal(got, digestOf("message")) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: []rowFault{noSlot},
		},
		{
			code: wire.CCSequenceUpdate,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				h := b.startHash(wire.AlgSHA256)
				return sequenceUpdateCommand(h, []byte("mess")), func(r *testResponse) {
					if got := b.must(sequenceCompleteCommand(h, []byte("age"), wire.RHNull)).b2(); !bytes.Equal(got, digestOf("message")) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: []rowFault{{"a key", withKey(1, rowMAC), wire.RCMode.Handle(1)}},
		},
		{
			code: wire.CCSequenceComplete,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				h := b.startHash(wire.AlgSHA256)
				b.must(sequenceUpdateCommand(h, []byte("mess")))
				return sequenceCompleteCommand(h, []byte("age"), wire.RHOwner), func(r *testResponse) {
					digest := r.b2()
					var ticket wire.TPMTTKHashCheck
					ticket.Unmarshal(r.params())
					if !bytes.Equal(digest, digestOf("message")) || !b.checkHashCheck(&ticket, wire.AlgSHA256, digest) || b.object(h) != nil {
						r.t.Errorf("%x, %+v", digest, ticket)
					}
				}
			},
			faults: []rowFault{
				{"a key", withKey(1, rowMAC), wire.RCMode.Handle(1)},
				{"an event", sequenceFrom(1, eventSequence), wire.RCMode.Handle(1)},
			},
		},
		{
			code: wire.CCEventSequenceComplete,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				h := b.startHash(wire.AlgNull)
				b.must(sequenceUpdateCommand(h, []byte("mess")))
				c := newCommand(wire.CCEventSequenceComplete, 16, h).password("").password(sequenceAuth).b2([]byte("age"))
				return c, func(r *testResponse) {
					var values wire.TPMLDigestValues
					values.Unmarshal(r.params())
					for i, alg := range b.profile.hashes() {
						if want := hashOf(alg, []byte("message")); !bytes.Equal(values[i].Digest, want) ||
							!bytes.Equal(b.pcrValue(alg, 16), hashOf(alg, make([]byte, digestSize(alg)), want)) {
							r.t.Errorf("%v: %x, PCR %x", alg, values[i].Digest, b.pcrValue(alg, 16))
						}
					}
				}
			},
			faults: []rowFault{
				{"a key", withKey(2, rowMAC), wire.RCMode.Handle(2)},
				{"a hash", sequenceFrom(2, hashSequence), wire.RCMode.Handle(2)},
				{"a PCR that the locality may not extend", withHandle(1, 17), wire.RCLocality},
				{"a hash and a PCR that may not be extended", both(sequenceFrom(2, hashSequence), withHandle(1, 17)), wire.RCMode.Handle(2)},
			},
		},
		{
			code: wire.CCSignSequenceStart,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				return signStartCommand(key, nil), func(r *testResponse) {
					sig := b.must(signCompleteCommand(r.handle(), key, []byte("message"))).signature()
					b.must(verifyCommand(key, digestOf("message"), sig))
				}
			},
			faults: append(signatureStartFaults(2),
				rowFault{"a restricted HMAC key", withKey(1, withAttributes(rowMAC, wire.ObjectRestricted)), wire.RCAttributes.Handle(1)}),
		},
		{
			code: wire.CCVerifySequenceStart,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				s := b.must(signStartCommand(key, nil)).handle()
				sig := b.must(signCompleteCommand(s, key, []byte("message"))).signature()
				return verifyStartCommand(key, nil, nil), func(r *testResponse) {
					v := r.handle()
					b.must(sequenceUpdateCommand(v, []byte("message")))
					b.must(verifyCompleteCommand(v, key, sig))
				}
			},
			faults: append(signatureStartFaults(3),
				rowFault{"an anonymous key", both(withKey(1, func() *object {
					return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDAA, wire.AlgSHA256)
				}), withParam(3, p2b([]byte{0, 0}))), wire.RCScheme.Handle(1)},
				rowFault{"a hint", withParam(2, p2b([]byte{1})), wire.RCSize.Parameter(2)}),
		},
	}
	return rows
}

// signatureStartFaults are those of a key that a signature sequence starts with; context is the number of that parameter.
func signatureStartFaults(context int) []rowFault {
	noSign, longer := keyOf(1, wire.ObjectDecrypt, wire.AlgNull), withParam(context, p2b([]byte{1}))
	return []rowFault{
		{"no sign", noSign, wire.RCKey.Handle(1)},
		{"a cipher", withKey(1, rowCipher), wire.RCKey.Handle(1)},
		{"no scheme", keyOf(1, wire.ObjectSign, wire.AlgNull), wire.RCScheme.Handle(1)},
		{"a context", longer, wire.RCSize.Parameter(context)},
		{"public part of an HMAC key", withKey(1, func() *object { return public(rowMAC()) }), wire.RCHandle.Handle(1)},
		{"no slot", when(fillObjects), wire.RCObjectMemory},
		{"no sign and a context", both(noSign, longer), wire.RCKey.Handle(1)},
		{"a context and no slot", both(longer, when(fillObjects)), wire.RCSize.Parameter(context)},
	}
}

// rsassaOf signs a digest with signKey.
func rsassaOf(b *testTPM, key wire.Handle, digest []byte) *wire.TPMTSignature {
	return b.must(signCommand(key, digest, noScheme, nullTicket)).signature()
}

func signingRows() []commandRow {
	digest := digestOf("message")
	badTicket := withParam(3, &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHOwner, Digest: make([]byte, 64)})
	ecdsaSig := &wire.TPMTSignature{SigAlg: wire.AlgECDSA, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256, R: []byte{1}, S: []byte{1}}}}
	pssSig := &wire.TPMTSignature{SigAlg: wire.AlgRSAPSS, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: wire.AlgSHA256, Sig: make([]byte, 128)}}}
	noSign := keyOf(1, wire.ObjectDecrypt, wire.AlgNull)
	x509 := keyOf(1, wire.ObjectSign|wire.ObjectX509Sign, wire.AlgRSASSA)
	restricted := keyOf(1, wire.ObjectSign|wire.ObjectRestricted, wire.AlgRSASSA)
	pss := withParam(2, sigScheme(wire.AlgRSAPSS, wire.AlgSHA256))
	return []commandRow{
		{
			code: wire.CCVerifySignature,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				return verifyCommand(key, digest, rsassaOf(b, key, digest)), func(r *testResponse) {
					var ticket wire.TPMTTKVerified
					ticket.Unmarshal(r.params())
					if want := b.verifiedTicket(wire.RHOwner, digest, b.object(key).name); ticket.Hierarchy != wire.RHOwner || !bytes.Equal(ticket.HMAC, want.HMAC) {
						r.t.Errorf("%+v", ticket)
					}
				}
			},
			faults: []rowFault{
				{"no sign", noSign, wire.RCAttributes.Handle(1)},
				{"a sequence", withSequence(1), wire.RCAttributes.Handle(1)},
				{"signature changed", spoiled(2), wire.RCSignature.Parameter(2)},
				{"digest changed", spoiled(1), wire.RCSignature.Parameter(2)},
				{"digest of another size", withParam(1, p2b(digest[1:])), wire.RCSignature.Parameter(2)},
				{"signature of another type of key", withParam(2, ecdsaSig), wire.RCScheme.Parameter(2)},
				{"public part of an HMAC key", withKey(1, func() *object { return public(rowMAC()) }), wire.RCHandle.Parameter(2)},
				{"no sign and signature", both(noSign, spoiled(2)), wire.RCAttributes.Handle(1)},
				{"scheme and digest", both(withParam(2, ecdsaSig), spoiled(1)), wire.RCScheme.Parameter(2)},
			},
		},
		verifySequenceCompleteRow(digest),
		{
			code: wire.CCVerifyDigestSignature,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				return verifyDigestCommand(key, nil, digest, rsassaOf(b, key, digest)), func(r *testResponse) {
					var ticket wire.TPMTTKVerified
					ticket.Unmarshal(r.params())
					want := b.ticketHMAC(wire.STDigestVerified, wire.RHOwner, digest, b.object(key).name, p16(uint16(wire.AlgSHA256)))
					if ticket.Tag != wire.STDigestVerified || ticket.DigestAlg != wire.AlgSHA256 || !bytes.Equal(ticket.HMAC, want) {
						r.t.Errorf("%+v", ticket)
					}
				}
			},
			faults: []rowFault{
				{"no sign", noSign, wire.RCKey.Handle(1)},
				{"no scheme", keyOf(1, wire.ObjectSign, wire.AlgNull), wire.RCScheme.Handle(1)},
				{"HMAC", withKey(1, rowMAC), wire.RCScheme.Handle(1)},
				{"a context", withParam(1, p2b([]byte{1})), wire.RCSize.Parameter(1)},
				{"digest of another size", withParam(2, p2b(digest[1:])), wire.RCSize.Parameter(2)},
				{"scheme other than the key's", withParam(3, pssSig), wire.RCScheme.Parameter(3)},
				{"signature changed", spoiled(3), wire.RCSignature.Parameter(3)},
				{"no sign and a context", both(noSign, withParam(1, p2b([]byte{1}))), wire.RCKey.Handle(1)},
				{"a context and digest", both(withParam(1, p2b([]byte{1})), withParam(2, p2b(nil))), wire.RCSize.Parameter(1)},
				{"digest and scheme", both(withParam(2, p2b(nil)), withParam(3, pssSig)), wire.RCSize.Parameter(2)},
			},
		},
		{
			code: wire.CCSign,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				return signCommand(key, digest, sigScheme(wire.AlgRSASSA, wire.AlgSHA256), nullTicket), func(r *testResponse) {
					b.must(verifyCommand(key, digest, r.signature()))
				}
			},
			faults: []rowFault{
				{"no sign", noSign, wire.RCKey.Handle(1)},
				{"a sequence", withSequence(1), wire.RCKey.Handle(1)},
				{"x509sign", x509, wire.RCAttributes.Handle(1)},
				{"scheme other than the key's", pss, wire.RCScheme.Parameter(2)},
				{"no scheme", both(keyOf(1, wire.ObjectSign, wire.AlgNull), withParam(2, noScheme)), wire.RCScheme.Parameter(2)},
				{"restricted and no ticket", restricted, wire.RCTicket.Parameter(3)},
				{"a ticket that is none", badTicket, wire.RCTicket.Parameter(3)},
				{"digest of another size", withParam(1, p2b(digest[1:])), wire.RCSize.Parameter(1)},
				{"public part only", withKey(1, func() *object { return public(signKey()) }), wire.RCAuthUnavailable},
				{"no sign and x509sign", both(keyOf(1, wire.ObjectX509Sign, wire.AlgNull)), wire.RCKey.Handle(1)},
				{"x509sign and scheme", both(x509, pss), wire.RCAttributes.Handle(1)},
				{"scheme and ticket", both(pss, badTicket), wire.RCScheme.Parameter(2)},
				{"ticket and digest", both(badTicket, withParam(1, p2b(nil))), wire.RCTicket.Parameter(3)},
			},
		},
		signSequenceCompleteRow(digest),
		{
			code: wire.CCSignDigest,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				key := b.addKey(signKey())
				return signDigestCommand(key, nil, digest, nullTicket), func(r *testResponse) {
					b.must(verifyCommand(key, digest, r.signature()))
				}
			},
			faults: []rowFault{
				{"no sign", noSign, wire.RCKey.Handle(1)},
				{"no scheme", keyOf(1, wire.ObjectSign, wire.AlgNull), wire.RCScheme.Handle(1)},
				{"HMAC", withKey(1, rowMAC), wire.RCScheme.Handle(1)},
				{"a context", withParam(1, p2b([]byte{1})), wire.RCSize.Parameter(1)},
				{"x509sign", x509, wire.RCAttributes.Handle(1)},
				{"digest of another size", withParam(2, p2b(digest[1:])), wire.RCSize.Parameter(2)},
				{"restricted and no ticket", restricted, wire.RCTicket.Parameter(3)},
				{"a ticket that is none", badTicket, wire.RCTicket.Parameter(3)},
				{"a context and x509sign", both(withParam(1, p2b([]byte{1})), x509), wire.RCSize.Parameter(1)},
				{"ticket and digest", both(badTicket, withParam(2, p2b(nil))), wire.RCTicket.Parameter(3)},
			},
		},
	}
}

func verifySequenceCompleteRow(digest []byte) commandRow {
	otherKey := withKey(2, func() *object { o := signKey(); o.public.Attributes |= wire.ObjectNoDA; return o })
	pssSig := &wire.TPMTSignature{SigAlg: wire.AlgRSAPSS, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: wire.AlgSHA256, Sig: make([]byte, 128)}}}
	return commandRow{
		code: wire.CCVerifySequenceComplete,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(signKey())
			sig := rsassaOf(b, key, digest)
			s := b.must(verifyStartCommand(key, nil, nil)).handle()
			b.must(sequenceUpdateCommand(s, []byte("message")))
			return verifyCompleteCommand(s, key, sig), func(r *testResponse) {
				var ticket wire.TPMTTKVerified
				ticket.Unmarshal(r.params())
				want := b.ticketHMAC(wire.STMessageVerified, wire.RHOwner, []byte("message"), b.object(key).name)
				if ticket.Tag != wire.STMessageVerified || !bytes.Equal(ticket.HMAC, want) || b.object(s) != nil {
					r.t.Errorf("%+v", ticket)
				}
			}
		},
		faults: []rowFault{
			{"a hash", sequenceFrom(1, hashSequence), wire.RCMode.Handle(1)},
			{"another key", otherKey, wire.RCSignContextKey.Handle(2)},
			{"scheme other than the key's", withParam(1, pssSig), wire.RCScheme.Parameter(1)},
			{"signature changed", spoiled(1), wire.RCSignature.Parameter(1)},
			{"a hash and another key", both(sequenceFrom(1, hashSequence), otherKey), wire.RCMode.Handle(1)},
			{"another key and scheme", both(otherKey, withParam(1, pssSig)), wire.RCSignContextKey.Handle(2)},
		},
	}
}

func signSequenceCompleteRow(digest []byte) commandRow {
	otherKey := withKey(2, func() *object { o := signKey(); o.public.Attributes |= wire.ObjectNoDA; return o })
	started := func(a wire.TPMAObject, data string) rowChange {
		return func(b *testTPM, c *rowCommand) {
			b.flushKey(c.handles[0])
			b.flushKey(c.handles[1])
			c.handles[1] = b.addKey(rsaObject(wire.ObjectSign|a, wire.AlgRSASSA, wire.AlgSHA256))
			c.handles[0] = b.must(signStartCommand(c.handles[1], nil)).handle()
			c.set(1, p2b([]byte(data)))
		}
	}
	return commandRow{
		code: wire.CCSignSequenceComplete,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(signKey())
			s := b.must(signStartCommand(key, nil)).handle()
			b.must(sequenceUpdateCommand(s, []byte("mess")))
			return signCompleteCommand(s, key, []byte("age")), func(r *testResponse) {
				b.must(verifyCommand(key, digest, r.signature()))
				if b.object(s) != nil {
					r.t.Error("the sequence is still there")
				}
			}
		},
		faults: []rowFault{
			{"a hash", sequenceFrom(1, hashSequence), wire.RCMode.Handle(1)},
			{"another key", otherKey, wire.RCSignContextKey.Handle(2)},
			{"x509sign", started(wire.ObjectX509Sign, "x"), wire.RCAttributes.Handle(2)},
			{"restricted, and begins like a structure of the TPM", started(wire.ObjectRestricted, "\xffTCG"), wire.RCValue.Parameter(1)},
			{"a hash and another key", both(sequenceFrom(1, hashSequence), otherKey), wire.RCMode.Handle(1)},
			{"x509sign, and begins like a structure of the TPM", started(wire.ObjectX509Sign|wire.ObjectRestricted, "\xffTCG"), wire.RCAttributes.Handle(2)},
		},
	}
}
