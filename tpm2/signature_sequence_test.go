package tpm2

import (
	"bytes"
	"crypto"
	stdrsa "crypto/rsa"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// newTestTPM185 is a TPM with the commands of version 185 that this file and signature_digest_test.go are about, and with
// every algorithm.
func newTestTPM185(t *testing.T) *testTPM {
	t.Helper()
	b := newTestTPM(t)
	b.limits = wire.Everything()
	b.commands = slices.Clone(b.commands) // other TPMs share them
	for _, row := range commandTable() {
		switch row.code {
		case wire.CCSignSequenceStart, wire.CCVerifySequenceStart, wire.CCSignSequenceComplete, wire.CCVerifySequenceComplete,
			wire.CCSignDigest, wire.CCVerifyDigestSignature:
			b.commands[uint32(row.code)-firstCommand] = &row
		}
	}
	return b
}

func signStartCommand(h wire.Handle, context []byte) *testCommand {
	return newCommand(wire.CCSignSequenceStart, h).b2([]byte(sequenceAuth)).b2(context)
}

func verifyStartCommand(h wire.Handle, hint, context []byte) *testCommand {
	return newCommand(wire.CCVerifySequenceStart, h).b2([]byte(sequenceAuth)).b2(hint).b2(context)
}

func signCompleteCommand(s, h wire.Handle, data []byte) *testCommand {
	return newCommand(wire.CCSignSequenceComplete, s, h).password(sequenceAuth).password(keyAuth).b2(data)
}

func verifyCompleteCommand(s, h wire.Handle, sig *wire.TPMTSignature) *testCommand {
	return newCommand(wire.CCVerifySequenceComplete, s, h).password(sequenceAuth).put(sig)
}

// What a sequence signs a sequence verifies, with a ticket over the message.
func TestSignatureSequence(t *testing.T) {
	sign := wire.ObjectSign
	for _, c := range []struct {
		name    string
		key     *object
		context []byte
	}{
		{"RSASSA", rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), nil},
		{"RSAPSS", rsaObject(sign, wire.AlgRSAPSS, wire.AlgSHA1), nil},
		{"RSASSA, restricted", rsaObject(sign|wire.ObjectRestricted, wire.AlgRSASSA, wire.AlgSHA3_256), nil},
		{"ECDSA", eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, wire.AlgSHA384), nil},
		{"EC Schnorr", eccObject(wire.CurveNISTP256, sign, wire.AlgECSchnorr, wire.AlgSHA256), nil},
		{"SM2", eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSM3_256), []byte("1234567812345678")},
		{"SM2 without identity", eccObject(wire.CurveBNP256, sign, wire.AlgSM2, wire.AlgSHA256), nil},
		{"HMAC", hmacKey(wire.AlgSHA256, sign, []byte("k")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM185(t)
			h := b.addKey(c.key)
			message := []byte("a message in three pieces")
			s := b.must(signStartCommand(h, c.context)).handle()
			b.must(sequenceUpdateCommand(s, message[:1]))
			b.must(sequenceUpdateCommand(s, message[1:9]))
			sig := b.must(signCompleteCommand(s, h, message[9:])).signature()
			if b.object(s) != nil {
				t.Error("the sequence is still there")
			}

			v := b.must(verifyStartCommand(h, nil, c.context)).handle()
			b.must(sequenceUpdateCommand(v, message[:20]))
			b.want(wire.RCSignature.Parameter(1), b.run(verifyCompleteCommand(v, h, sig))) // and the sequence goes on
			b.must(sequenceUpdateCommand(v, message[20:]))
			r := b.must(verifyCompleteCommand(v, h, sig))
			var ticket wire.TPMTTKVerified
			ticket.Unmarshal(r.params())
			want := b.ticketHMAC(wire.STMessageVerified, wire.RHOwner, message, c.key.name)
			if ticket.Tag != wire.STMessageVerified || ticket.Hierarchy != wire.RHOwner || !bytes.Equal(ticket.HMAC, want) {
				t.Errorf("ticket %+v", ticket)
			}
			if b.object(v) != nil {
				t.Error("the sequence is still there")
			}
		})
	}
}

// The signature is one that any verifier accepts, and HMAC is that of the message.
func TestSignatureSequenceOutside(t *testing.T) {
	b := newTestTPM185(t)
	message := []byte("message")
	h := b.addKey(rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA256))
	s := b.must(signStartCommand(h, nil)).handle()
	sig := b.must(signCompleteCommand(s, h, message)).signature()
	if err := stdrsa.VerifyPKCS1v15(testRSAPublic(), crypto.SHA256, hashOf(wire.AlgSHA256, message), sig.Signature.RSA.Sig); err != nil {
		t.Error(err)
	}
	h = b.addKey(hmacKey(wire.AlgSHA512, wire.ObjectSign, []byte("k")))
	s = b.must(signStartCommand(h, nil)).handle()
	sig = b.must(signCompleteCommand(s, h, message)).signature()
	if !bytes.Equal(sig.Signature.HMAC.Digest, hmacOf(wire.AlgSHA512, []byte("k"), message)) {
		t.Errorf("%x", sig.Signature.HMAC.Digest)
	}
}

// The example of GB/T 32918.5, Annex A: key, identity, Z_A and signature.
func TestSM2Example(t *testing.T) {
	c := curve.SM2()
	d, err := c.Scalar(unhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"))
	if err != nil {
		t.Fatal(err)
	}
	q, err := c.BaseMult(d)
	if err != nil {
		t.Fatal(err)
	}
	id := []byte("1234567812345678")
	if z := sm2Identity(c, q, wire.AlgSM3_256, id); hex.EncodeToString(z) != "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3" {
		t.Errorf("Z_A %x", z)
	}
	b := newTestTPM185(t)
	o := eccObject(wire.CurveSM2P256, wire.ObjectSign, wire.AlgSM2, wire.AlgSM3_256)
	o.public.Unique.ECC = wire.TPMSECCPoint{X: q.X(), Y: q.Y()}
	h := b.addKey(public(o))
	sig := &wire.TPMTSignature{SigAlg: wire.AlgSM2, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{
		Hash: wire.AlgSM3_256,
		R:    unhex("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"),
		S:    unhex("b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"),
	}}}
	s := b.must(verifyStartCommand(h, nil, id)).handle()
	b.must(sequenceUpdateCommand(s, []byte("message digest")))
	b.must(verifyCompleteCommand(s, h, sig))
}

func TestSignatureSequenceECDAA(t *testing.T) {
	b := newTestTPM185(t)
	h := b.addKey(eccObject(wire.CurveBNP256, wire.ObjectSign, wire.AlgECDAA, wire.AlgSHA256))
	b.must(commitCommand(h, eccPoint(nil, nil), nil, nil))
	s := b.must(signStartCommand(h, []byte{0, 0})).handle()
	sig := b.must(signCompleteCommand(s, h, []byte("message"))).signature()
	if sig.SigAlg != wire.AlgECDAA || len(sig.Signature.ECC.S) != 32 {
		t.Errorf("%+v", sig)
	}
	// The commitment is used up; the sequence stays as it was.
	s = b.must(signStartCommand(h, []byte{0, 0})).handle()
	b.want(wire.RCValue, b.run(signCompleteCommand(s, h, []byte("x"))))
	if got := b.object(s).sequence.hashes[0].hash.Sum(nil); !bytes.Equal(got, hashOf(wire.AlgSHA256)) {
		t.Error("the failed command changed the sequence")
	}
	b.want(wire.RCSize.Parameter(2), b.run(signStartCommand(h, nil)))
	b.want(wire.RCSize.Parameter(2), b.run(signStartCommand(h, []byte{0, 0, 0})))
	b.want(wire.RCScheme.Handle(1), b.run(verifyStartCommand(h, nil, []byte{0, 0})))
}

func TestSignatureSequenceStartFaults(t *testing.T) {
	sign := wire.ObjectSign
	byte1 := []byte{1}
	ecdsa := func() *object { return eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, wire.AlgSHA256) }
	offKey := eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSHA256)
	offKey.public.Unique.ECC.Y = offKey.public.Unique.ECC.X
	for _, c := range []struct {
		name             string
		key              *object
		hint, context    []byte
		toSign, toVerify wire.RC
	}{
		{"public part only", public(ecdsa()), nil, nil, 0, 0},
		{"no sign", rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0), nil, nil, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"cipher key", cipherKey(wire.AlgAES, wire.AlgCFB, sign, make([]byte, 16)), nil, nil, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"no scheme", rsaObject(sign, wire.AlgNull, 0), nil, nil, wire.RCScheme.Handle(1), wire.RCScheme.Handle(1)},
		{"context", ecdsa(), nil, byte1, wire.RCSize.Parameter(2), wire.RCSize.Parameter(3)},
		{"context too long", ecdsa(), nil, make([]byte, 256), wire.RCSize.Parameter(2), wire.RCSize.Parameter(3)},
		{"hint", ecdsa(), byte1, nil, 0, wire.RCSize.Parameter(2)},
		{"restricted HMAC", hmacKey(wire.AlgSHA256, sign|wire.ObjectRestricted, nil), nil, nil, wire.RCAttributes.Handle(1), 0},
		{"HMAC, public part only", public(hmacKey(wire.AlgSHA256, sign, nil)), nil, nil, wire.RCHandle.Handle(1), wire.RCHandle.Handle(1)},
		{"SM2 key not on the curve", offKey, nil, nil, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		// Two faults: the first one is told.
		{"no sign and context", rsaObject(wire.ObjectDecrypt, wire.AlgNull, 0), nil, byte1, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"no scheme and context", rsaObject(sign, wire.AlgNull, 0), nil, byte1, wire.RCScheme.Handle(1), wire.RCScheme.Handle(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM185(t)
			h := b.addKey(c.key)
			b.want(c.toSign, b.run(signStartCommand(h, c.context)))
			b.want(c.toVerify, b.run(verifyStartCommand(h, c.hint, c.context)))
		})
	}
	b := newTestTPM185(t)
	h := b.addKey(ecdsa())
	b.startHash(wire.AlgSHA1)
	b.startHash(wire.AlgSHA1)
	b.want(wire.RCObjectMemory, b.run(signStartCommand(h, nil)))
	b.want(wire.RCObjectMemory, b.run(verifyStartCommand(h, nil, nil)))
}

func TestSignatureSequenceCompleteFaults(t *testing.T) {
	b := newTestTPM185(t)
	h := b.addKey(eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256))
	other := b.addKey(eccObject(wire.CurveNISTP384, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256))
	eccSig := func(scheme, hash wire.Alg) *wire.TPMTSignature {
		return &wire.TPMTSignature{SigAlg: scheme, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: hash, R: []byte{1}, S: []byte{1}}}}
	}
	sig := eccSig(wire.AlgECDSA, wire.AlgSHA256)

	s := b.must(signStartCommand(h, nil)).handle()
	b.want(wire.RCSignContextKey.Handle(2), b.run(signCompleteCommand(s, other, nil)))
	b.want(wire.RCMode.Handle(1), b.run(verifyCompleteCommand(s, h, sig)))
	b.want(wire.RCMode.Handle(1), b.run(sequenceCompleteCommand(s, nil, wire.RHOwner)))
	b.want(wire.RCMode.Handle(2), b.run(newCommand(wire.CCEventSequenceComplete, 16, s).password("").password(sequenceAuth).b2(nil)))
	b.want(wire.RCBadAuth.Session(1), b.run(newCommand(wire.CCSignSequenceComplete, s, h).password("x").password(keyAuth).b2(nil)))
	b.want(wire.RCAuthFail.Session(2), b.run(newCommand(wire.CCSignSequenceComplete, s, h).password(sequenceAuth).password("x").b2(nil)))
	b.flushKey(s)

	s = b.must(verifyStartCommand(h, nil, nil)).handle()
	b.want(wire.RCSignContextKey.Handle(2), b.run(verifyCompleteCommand(s, other, sig)))
	b.want(wire.RCMode.Handle(1), b.run(signCompleteCommand(s, h, nil)))
	b.want(wire.RCScheme.Parameter(1), b.run(verifyCompleteCommand(s, h, eccSig(wire.AlgECDSA, wire.AlgSHA1))))
	b.want(wire.RCScheme.Parameter(1), b.run(verifyCompleteCommand(s, h, eccSig(wire.AlgSM2, wire.AlgSHA256))))
	b.want(wire.RCSignature.Parameter(1), b.run(verifyCompleteCommand(s, h, sig)))
	b.flushKey(s)

	s = b.startHash(wire.AlgSHA256)
	b.want(wire.RCMode.Handle(1), b.run(signCompleteCommand(s, h, nil)))
	b.want(wire.RCMode.Handle(1), b.run(verifyCompleteCommand(s, h, sig)))
	keyAsSequence := newCommand(wire.CCSignSequenceComplete, h, h).password(keyAuth).password(keyAuth).b2(nil)
	b.want(wire.RCMode.Handle(1), b.run(keyAsSequence))
}

// A restricted key signs no message that begins like a structure of the TPM, however it is cut; x509sign keys sign none.
func TestSignatureSequenceRestricted(t *testing.T) {
	for _, c := range []struct {
		name       string
		attributes wire.TPMAObject
		pieces     []string
		last       string
		want       wire.RC
	}{
		{"at the end", wire.ObjectRestricted, nil, "\xffTCGx", wire.RCValue.Parameter(1)},
		{"at once", wire.ObjectRestricted, []string{"\xffTCG and more"}, "x", wire.RCValue.Parameter(1)},
		{"in pieces", wire.ObjectRestricted, []string{"\xff", "", "TC"}, "G", wire.RCValue.Parameter(1)},
		{"too short to be one", wire.ObjectRestricted, []string{"\xff", "T"}, "C", 0},
		{"later", wire.ObjectRestricted, []string{"x"}, "\xffTCG", 0},
		{"unrestricted", 0, nil, "\xffTCG", 0},
		{"x509sign", wire.ObjectX509Sign, nil, "", wire.RCAttributes.Handle(2)},
		{"x509sign and generated", wire.ObjectX509Sign | wire.ObjectRestricted, nil, "\xffTCG", wire.RCAttributes.Handle(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM185(t)
			h := b.addKey(rsaObject(wire.ObjectSign|c.attributes, wire.AlgRSASSA, wire.AlgSHA256))
			s := b.must(signStartCommand(h, nil)).handle()
			for _, p := range c.pieces {
				b.must(sequenceUpdateCommand(s, []byte(p)))
			}
			b.want(c.want, b.run(signCompleteCommand(s, h, []byte(c.last))))
		})
	}
}

func signDigestCommand(h wire.Handle, context, digest []byte, ticket *wire.TPMTTKHashCheck) *testCommand {
	return newCommand(wire.CCSignDigest, h).password(keyAuth).b2(context).b2(digest).put(ticket)
}

func verifyDigestCommand(h wire.Handle, context, digest []byte, sig *wire.TPMTSignature) *testCommand {
	return newCommand(wire.CCVerifyDigestSignature, h).b2(context).b2(digest).put(sig)
}

func TestSignDigest(t *testing.T) {
	sign := wire.ObjectSign
	digest := hashOf(wire.AlgSHA256, []byte("message"))
	for _, key := range []*object{
		rsaObject(sign, wire.AlgRSASSA, wire.AlgSHA256), rsaObject(sign, wire.AlgRSAPSS, wire.AlgSHA256),
		eccObject(wire.CurveNISTP256, sign, wire.AlgECDSA, wire.AlgSHA256),
		eccObject(wire.CurveNISTP256, sign, wire.AlgECSchnorr, wire.AlgSHA256),
		eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSHA256),
	} {
		b := newTestTPM185(t)
		h := b.addKey(key)
		sig := b.must(signDigestCommand(h, nil, digest, nullTicket)).signature()
		r := b.must(verifyDigestCommand(h, nil, digest, sig))
		var ticket wire.TPMTTKVerified
		ticket.Unmarshal(r.params())
		alg := binary.BigEndian.AppendUint16(nil, uint16(wire.AlgSHA256))
		want := b.ticketHMAC(wire.STDigestVerified, wire.RHOwner, digest, key.name, alg)
		if ticket.Tag != wire.STDigestVerified || ticket.Hierarchy != wire.RHOwner || ticket.DigestAlg != wire.AlgSHA256 || !bytes.Equal(ticket.HMAC, want) {
			t.Errorf("%v: ticket %+v", sig.SigAlg, ticket)
		}
		b.want(wire.RCSignature.Parameter(3), b.run(verifyDigestCommand(h, nil, make([]byte, 32), sig)))
	}
	// ECDAA signs with the number of a commitment, and a restricted key with a ticket.
	b := newTestTPM185(t)
	h := b.addKey(eccObject(wire.CurveBNP256, sign|wire.ObjectRestricted, wire.AlgECDAA, wire.AlgSHA256))
	ticket := b.hashCheckTicket(wire.RHOwner, wire.AlgSHA256, digest, true)
	b.must(commitCommand(h, eccPoint(nil, nil), nil, nil))
	b.want(wire.RCTicket.Parameter(3), b.run(signDigestCommand(h, []byte{0, 0}, digest, nullTicket)))
	b.must(signDigestCommand(h, []byte{0, 0}, digest, &ticket))
	b.want(wire.RCValue, b.run(signDigestCommand(h, []byte{0, 0}, digest, &ticket)))
}

func TestSignDigestFaults(t *testing.T) {
	sign := wire.ObjectSign
	digest := make([]byte, 32)
	byte1 := []byte{1}
	rsaSig := func(scheme, hash wire.Alg) *wire.TPMTSignature {
		return &wire.TPMTSignature{SigAlg: scheme, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: hash, Sig: make([]byte, 128)}}}
	}
	good := rsaSig(wire.AlgRSASSA, wire.AlgSHA256)
	badTicket := &wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHOwner, Digest: digest}
	rsassa := func(a wire.TPMAObject) *object { return rsaObject(a, wire.AlgRSASSA, wire.AlgSHA256) }
	bad := wire.RCSignature.Parameter(3)
	for _, c := range []struct {
		name             string
		key              *object
		context, digest  []byte
		ticket           *wire.TPMTTKHashCheck
		sig              *wire.TPMTSignature
		toSign, toVerify wire.RC
	}{
		{"no sign", rsassa(wire.ObjectDecrypt), nil, digest, nullTicket, good, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"no scheme", rsaObject(sign, wire.AlgNull, 0), nil, digest, nullTicket, good, wire.RCScheme.Handle(1), wire.RCScheme.Handle(1)},
		{"HMAC", hmacKey(wire.AlgSHA256, sign, nil), nil, digest, nullTicket, good, wire.RCScheme.Handle(1), wire.RCScheme.Handle(1)},
		{"context", rsassa(sign), byte1, digest, nullTicket, good, wire.RCSize.Parameter(1), wire.RCSize.Parameter(1)},
		{"context for SM2", eccObject(wire.CurveSM2P256, sign, wire.AlgSM2, wire.AlgSHA256), byte1, digest, nullTicket, good, wire.RCSize.Parameter(1), wire.RCSize.Parameter(1)},
		{"x509sign", rsassa(sign | wire.ObjectX509Sign), nil, digest, nullTicket, good, wire.RCAttributes.Handle(1), bad},
		{"digest", rsassa(sign), nil, digest[1:], nullTicket, good, wire.RCSize.Parameter(2), wire.RCSize.Parameter(2)},
		{"restricted", rsassa(sign | wire.ObjectRestricted), nil, digest, nullTicket, good, wire.RCTicket.Parameter(3), bad},
		{"ticket", rsassa(sign), nil, digest, badTicket, good, wire.RCTicket.Parameter(3), bad},
		{"other scheme", rsassa(sign), nil, digest, nullTicket, rsaSig(wire.AlgRSAPSS, wire.AlgSHA256), 0, wire.RCScheme.Parameter(3)},
		{"other hash", rsassa(sign), nil, digest, nullTicket, rsaSig(wire.AlgRSASSA, wire.AlgSHA1), 0, wire.RCScheme.Parameter(3)},
		{"ECDAA", eccObject(wire.CurveBNP256, sign, wire.AlgECDAA, wire.AlgSHA256), []byte{0, 0}, digest, nullTicket,
			&wire.TPMTSignature{SigAlg: wire.AlgECDAA, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256}}}, wire.RCValue, wire.RCScheme.Parameter(3)},
		// Two faults: the first one is told.
		{"no sign and context", rsassa(wire.ObjectDecrypt), byte1, digest, nullTicket, good, wire.RCKey.Handle(1), wire.RCKey.Handle(1)},
		{"context and digest", rsassa(sign), byte1, nil, nullTicket, good, wire.RCSize.Parameter(1), wire.RCSize.Parameter(1)},
		{"ticket, digest and scheme", rsassa(sign), nil, nil, badTicket, rsaSig(wire.AlgRSAPSS, wire.AlgSHA256), wire.RCTicket.Parameter(3), wire.RCSize.Parameter(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTestTPM185(t)
			h := b.addKey(c.key)
			b.want(c.toSign, b.run(signDigestCommand(h, c.context, c.digest, c.ticket)))
			b.want(c.toVerify, b.run(verifyDigestCommand(h, c.context, c.digest, c.sig)))
		})
	}
}

// The profiles of libtpms do not have these commands.
func TestNoSignatureSequences(t *testing.T) {
	b := newTestTPM(t)
	h := b.addKey(rsaObject(wire.ObjectSign, wire.AlgRSASSA, wire.AlgSHA256))
	for _, cc := range []wire.CC{wire.CCSignSequenceStart, wire.CCVerifySequenceStart, wire.CCSignSequenceComplete, wire.CCVerifySequenceComplete,
		wire.CCSignDigest, wire.CCVerifyDigestSignature} {
		b.want(wire.RCCommandCode, b.run(newCommand(cc, h)))
	}
}
