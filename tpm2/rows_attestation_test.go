package tpm2

import (
	"bytes"
	"crypto/x509/pkix"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clause 18, and of TPM2_NV_Certify.

const rowNV = wire.Handle(0x01000005)

// attestRow is the row of an attestation: which of the handles is the key, which of the parameters its scheme, what the command is for a
// key, and what has to be attested.
type attestRow struct {
	code        wire.CC
	key, scheme int
	good        func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool)
	faults      []rowFault
}

// attestKey is a signing key in the endorsement hierarchy, so that nothing is obfuscated.
func attestKey() *object {
	o := eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgNull, 0)
	o.hierarchy = wire.RHEndorsement
	o.qualified = []byte("qualified name")
	return o
}

func (x attestRow) row() commandRow {
	rsassa := withParam(x.scheme, sigScheme(wire.AlgRSASSA, wire.AlgSHA256))
	noSign := withKey(x.key, exchangeKeyP256)
	faults := append([]rowFault{
		{"no sign", noSign, wire.RCKey.Handle(x.key)},
		{"a cipher", withKey(x.key, rowCipher), wire.RCKey.Handle(x.key)},
		{"a sequence", withSequence(x.key), wire.RCKey.Handle(x.key)},
		{"scheme of another key", rsassa, wire.RCScheme.Parameter(x.scheme)},
		{"no scheme", withParam(x.scheme, noScheme), wire.RCScheme.Parameter(x.scheme)},
		{"scheme other than the key's", withKey(x.key, func() *object {
			return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECSchnorr, wire.AlgSHA256)
		}), wire.RCScheme.Parameter(x.scheme)},
		{"public part only", withKey(x.key, func() *object { return public(attestKey()) }), wire.RCAuthUnavailable},
		{"no sign and scheme", both(noSign, rsassa), wire.RCKey.Handle(x.key)},
	}, x.faults...)
	return commandRow{
		code: x.code,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key := b.addKey(attestKey())
			c, check := x.good(b, key)
			o := b.object(key)
			return c, func(r *testResponse) {
				a := r.attestation(o)
				if !check(a) || string(a.ExtraData) != "data" || !bytes.Equal(a.QualifiedSigner, o.qualified) || a.ClockInfo != b.clockInfo() ||
					a.FirmwareVersion != uint64(firmwareV1)<<32|uint64(firmwareV2) {
					r.t.Errorf("attested %+v", a)
				}
			}
		},
		faults: faults,
	}
}

func attestationRows() []commandRow {
	data := []byte("data")
	nvRead := func(b *testTPM) *nvIndex { return b.nv.index(rowNV) }
	adminWithPolicy := func(b *testTPM, c *rowCommand) {
		b.object(c.handles[0]).public.Attributes |= wire.ObjectAdminWithPolicy
	}
	rows := []commandRow{
		attestRow{code: wire.CCCertify, key: 2, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			o := b.addKey(rowMAC())
			b.object(o).qualified = []byte("qualified")
			return newCommand(wire.CCCertify, o, key).password(keyAuth).password(keyAuth).b2(data).put(ecdsaSHA256), func(a *wire.TPMSAttest) bool {
				return a.Type == wire.STAttestCertify && bytes.Equal(a.Attested.Certify.Name, b.object(o).name) && string(a.Attested.Certify.QualifiedName) == "qualified"
			}
		}, faults: []rowFault{{"adminWithPolicy", adminWithPolicy, wire.RCAuthType}}}.row(),
		attestRow{code: wire.CCCertifyCreation, key: 1, scheme: 3, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			o := b.storagePrimary()
			c := newCommand(wire.CCCertifyCreation, key, o.handle).password(keyAuth).b2(data).b2(o.creationHash).put(ecdsaSHA256, &o.ticket)
			return c, func(a *wire.TPMSAttest) bool {
				return a.Type == wire.STAttestCreation && bytes.Equal(a.Attested.Creation.ObjectName, o.name) && bytes.Equal(a.Attested.Creation.CreationHash, o.creationHash)
			}
		}, faults: []rowFault{
			{"ticket changed", spoiled(4), wire.RCTicket.Parameter(4)},
			{"of another object", withObject(2, rowMAC), wire.RCTicket.Parameter(4)},
			{"another creation hash", spoiled(2), wire.RCTicket.Parameter(4)},
			{"scheme and ticket", both(withParam(3, noScheme), spoiled(4)), wire.RCScheme.Parameter(3)},
		}}.row(),
		attestRow{code: wire.CCQuote, key: 1, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			b.must(extend(16, wire.AlgSHA256, digestOf("event")))
			c := newCommand(wire.CCQuote, key).password(keyAuth).b2(data).put(ecdsaSHA256, pcr16())
			return c, func(a *wire.TPMSAttest) bool {
				want := hashOf(wire.AlgSHA256, hashOf(wire.AlgSHA256, make([]byte, 32), digestOf("event")))
				return a.Type == wire.STAttestQuote && bytes.Equal(a.Attested.Quote.PCRDigest, want) && len(a.Attested.Quote.PCRSelect) == 1
			}
		}, faults: []rowFault{
			{"nobody signs", func(_ *testTPM, c *rowCommand) {
				c.handles[0], c.auths[0].hmac = wire.RHNull, nil
			}, wire.RCScheme.Parameter(2)},
		}}.row(),
		sessionAuditRow(),
		attestRow{code: wire.CCGetCommandAuditDigest, key: 2, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			b.persistent.auditCommands.set(wire.CCReadClock, true)
			r := b.must(newCommand(wire.CCReadClock))
			cp, rp := hashOf(wire.AlgSHA512, wire.Marshal(wire.CCReadClock)), hashOf(wire.AlgSHA512, make([]byte, 4), wire.Marshal(wire.CCReadClock), r.body)
			c := newCommand(wire.CCGetCommandAuditDigest, wire.RHEndorsement, key).password("").password(keyAuth).b2(data).put(ecdsaSHA256)
			return c, func(a *wire.TPMSAttest) bool {
				d := a.Attested.CommandAudit
				return a.Type == wire.STAttestCommandAudit && d.AuditCounter == 1 && d.DigestAlg == wire.AlgSHA512 && len(b.stateReset.commandAuditDigest) == 0 &&
					bytes.Equal(d.AuditDigest, hashOf(wire.AlgSHA512, make([]byte, 64), cp, rp)) &&
					bytes.Equal(d.CommandDigest, hashOf(wire.AlgSHA512, wire.Marshal(wire.CCSetCommandCodeAuditStatus), wire.Marshal(wire.CCReadClock)))
			}
		}}.row(),
		attestRow{code: wire.CCGetTime, key: 2, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			b.clock.now += 5e9
			b.must(newCommand(wire.CCReadClock)) // the TPM notes the time
			return newCommand(wire.CCGetTime, wire.RHEndorsement, key).password("").password(keyAuth).b2(data).put(ecdsaSHA256), func(a *wire.TPMSAttest) bool {
				return a.Type == wire.STAttestTime && a.Attested.Time.Time == b.timeInfo() && a.Attested.Time.Time.Time == 5000
			}
		}}.row(),
		certifyX509Row(adminWithPolicy),
		attestRow{code: wire.CCNVCertify, key: 1, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
			b.define(nvPublic(rowNV, nvOpen, 8))
			b.must(nvCommand(wire.CCNVWrite, rowNV).b2([]byte("content!")).u16(0))
			c := newCommand(wire.CCNVCertify, key, rowNV, rowNV).password(keyAuth).password("").b2(data).put(ecdsaSHA256).u16(3).u16(1)
			return c, func(a *wire.TPMSAttest) bool {
				return a.Type == wire.STAttestNV && bytes.Equal(a.Attested.NV.IndexName, nvRead(b).name()) && string(a.Attested.NV.NVContents) == "ont" && a.Attested.NV.Offset == 1
			}
		}, faults: []rowFault{
			{"read-locked", when(func(b *testTPM) { nvRead(b).public.Attributes |= wire.NVReadLocked }), wire.RCNVLocked},
			{"not the owner's to read", func(b *testTPM, c *rowCommand) {
				nvRead(b).public.Attributes &^= wire.NVOwnerRead
				authorizedBy(2, wire.RHOwner)(b, c)
			}, wire.RCNVAuthorization},
			{"not written", when(func(b *testTPM) { nvRead(b).public.Attributes &^= wire.NVWritten }), wire.RCNVUninitialized},
			{"beyond the end", withParam(4, p16(6)), wire.RCNVRange},
			{"more than a buffer", func(b *testTPM, c *rowCommand) {
				x := nvRead(b)
				x.public.DataSize, x.data = 2000, make([]byte, 2000)
				c.set(3, p16(1025))
			}, wire.RCValue.Parameter(3)},
			{"scheme and read-locked", both(withParam(2, noScheme), when(func(b *testTPM) { nvRead(b).public.Attributes |= wire.NVReadLocked })), wire.RCScheme.Parameter(2)},
			{"read-locked and not written", when(func(b *testTPM) {
				nvRead(b).public.Attributes = nvRead(b).public.Attributes&^wire.NVWritten | wire.NVReadLocked
			}), wire.RCNVLocked},
			{"not written and beyond the end", both(when(func(b *testTPM) { nvRead(b).public.Attributes &^= wire.NVWritten }), withParam(4, p16(6))), wire.RCNVUninitialized},
		}}.row(),
	}
	return rows
}

func sessionAuditRow() commandRow {
	return attestRow{code: wire.CCGetSessionAuditDigest, key: 2, scheme: 2, good: func(b *testTPM, key wire.Handle) (*testCommand, func(*wire.TPMSAttest) bool) {
		s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
		s.attributes |= wire.SessionAudit
		r := s.run(newCommand(wire.CCReadClock), nil)
		b.want(wire.RCSuccess, r)
		cp := hashOf(wire.AlgSHA256, wire.Marshal(wire.CCReadClock))
		rp := hashOf(wire.AlgSHA256, make([]byte, 4), wire.Marshal(wire.CCReadClock), r.body[4:4+25])
		c := newCommand(wire.CCGetSessionAuditDigest, wire.RHEndorsement, key, s.handle).password("").password(keyAuth).b2([]byte("data")).put(ecdsaSHA256)
		return c, func(a *wire.TPMSAttest) bool {
			return a.Type == wire.STAttestSessionAudit && bytes.Equal(a.Attested.SessionAudit.SessionDigest, hashOf(wire.AlgSHA256, make([]byte, 32), cp, rp))
		}
	}, faults: []rowFault{
		{"a session that audits nothing", hmacForPolicy(3), wire.RCType.Handle(3)},
		{"scheme and session", both(withParam(2, noScheme), hmacForPolicy(3)), wire.RCScheme.Parameter(2)},
	}}.row()
}

func certifyX509Row(adminWithPolicy rowChange) commandRow {
	x := attestRow{code: wire.CCCertifyX509, key: 2, scheme: 2}
	row := x.row()
	partial := func(b *testTPM, extensions ...pkix.Extension) rawBytes { return p2b(partialDER(b.t, extensions...)) }
	with := func(extensions ...pkix.Extension) rowChange {
		return func(b *testTPM, c *rowCommand) { c.set(3, partial(b, extensions...)) }
	}
	reserved := withParam(1, p2b([]byte{1}))
	row.good = func(b *testTPM) (*testCommand, func(*testResponse)) {
		o, key := b.addKey(notParent()), b.addKey(attestKey())
		der := partialDER(b.t, keyUsageExtension(0x80))
		c := newCommand(wire.CCCertifyX509, o, key).password(keyAuth).password(keyAuth).b2(nil).put(ecdsaSHA256).b2(der)
		return c, func(r *testResponse) {
			added, digest := r.b2(), r.b2()
			sig := r.signature()
			b.must(verifyCommand(key, digest, sig))
			assembleCertificate(r.t, added, der, sig)
		}
	}
	row.faults = append(row.faults, []rowFault{
		{"adminWithPolicy", adminWithPolicy, wire.RCAuthType},
		{"reserved", reserved, wire.RCSize.Parameter(1)},
		{"not an asymmetric key", withKey(1, rowMAC), wire.RCAsymmetric.Handle(1)},
		{"a scheme that certificates have no name for", withParam(2, sigScheme(wire.AlgECSchnorr, wire.AlgSHA256)), wire.RCScheme.Handle(2)},
		{"empty", withParam(3, p2b(nil)), wire.RCValue.Parameter(3)},
		{"a byte too many", func(b *testTPM, c *rowCommand) {
			c.set(3, p2b(append(partialDER(b.t, keyUsageExtension(0x80)), 0)))
		}, wire.RCSize.Parameter(3)},
		{"no extensions", with(), wire.RCValue.Parameter(3)},
		{"usage that the key is not for", with(keyUsageExtension(0x20)), wire.RCValue.Parameter(3)},
		{"reserved usage", with(keyUsageExtension(0x80, 0x40)), wire.RCReservedBits.Parameter(3)},
		{"other attributes", with(pkix.Extension{Id: oidTPMAObject, Value: []byte{3, 5, 0, 0, 0, 0, 0}}, keyUsageExtension(0x80)), wire.RCAttributes.Handle(1)},
		{"reserved and key", both(reserved, withKey(2, exchangeKeyP256)), wire.RCSize.Parameter(1)},
		{"scheme and certificate", both(withParam(2, noScheme), withParam(3, p2b(nil))), wire.RCScheme.Parameter(2)},
		{"not asymmetric and certificate", both(withKey(1, rowMAC), withParam(3, p2b(nil))), wire.RCAsymmetric.Handle(1)},
	}...)
	return row
}
