package tpm2

import (
	"bytes"
	"encoding/binary"

	"govtpm/tpm2/wire"
)

// Rows of the commands of Part 3, clause 23.

// policyRow is the row of a policy command whose only handle is the session: the command, the digest it makes of zeros, what else it
// leaves in the session, and its faults.
type policyRow struct {
	code   wire.CC
	params func(c *testCommand, s *testSession)
	digest func(b *testTPM) []byte
	left   func(s *session) bool
	faults []rowFault
	plain  string
}

func (x policyRow) row() commandRow {
	return commandRow{
		code: x.code, plain: x.plain,
		faults: append([]rowFault{{"an HMAC session", hmacForPolicy(1), wire.RCValue.Handle(1)}, {"an HMAC session that calls itself a policy", sessionAs(1), wire.RCHandle.Handle(1)}}, x.faults...),
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			s := b.policy(wire.SEPolicy)
			c := newCommand(x.code, s.handle)
			x.params(c, s)
			want := x.digest(b)
			return c, func(r *testResponse) {
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
				if p := b.volatile.sessions.loaded(b.TPM, s.handle); x.left != nil && !x.left(p) {
					r.t.Errorf("session %+v", p)
				}
			}
		},
	}
}

// policyFirst runs a policy command on the session of handle n before.
func policyFirst(n int, cc wire.CC, v ...wire.Marshaler) rowChange {
	return func(b *testTPM, c *rowCommand) { b.must(newCommand(cc, c.handles[n-1]).put(v...)) }
}

// asTrial makes the session of handle n a trial session.
func asTrial(n int) rowChange {
	return func(b *testTPM, c *rowCommand) { c.handles[n-1] = b.policy(wire.SETrial).handle }
}

func policyRows() []commandRow {
	nothing := func(*testCommand, *testSession) {}
	a, other := digestOf("a"), digestOf("b")
	zero := func(cc wire.CC, parts ...[]byte) func(*testTPM) []byte {
		return func(*testTPM) []byte { return chain(zeroPolicy, cc, parts...) }
	}
	// hashRow is a command that ties the session to a hash.
	hashRow := func(cc wire.CC, kind restriction, more ...rowFault) commandRow {
		return policyRow{
			code: cc, params: func(c *testCommand, _ *testSession) { c.b2(a) }, digest: zero(cc, a),
			left: func(s *session) bool { return s.restricts == kind && bytes.Equal(s.bound, a) },
			faults: append([]rowFault{
				{"another size", withParam(1, p2b(a[1:])), wire.RCSize.Parameter(1)},
				{"empty", withParam(1, p2b(nil)), wire.RCSize.Parameter(1)},
				{"a duplication selected before", policyFirst(1, wire.CCPolicyDuplicationSelect, p2b(nil), p2b(nil), p8(1)), wire.RCCpHash},
			}, more...),
		}.row()
	}
	cpHashFirst := policyFirst(1, wire.CCPolicyCpHash, p2b(other))
	short := withParam(1, p2b(a[1:]))
	rows := []commandRow{
		policyRow{code: wire.CCPolicyOR, params: func(c *testCommand, _ *testSession) { c.u32(2).b2(a).b2(zeroPolicy) },
			digest: zero(wire.CCPolicyOR, a, zeroPolicy), faults: []rowFault{
				{"no such policy", withParam(1, p32(2), p2b(a), p2b(other)), wire.RCValue.Parameter(1)},
				{"one policy", withParam(1, p32(1), p2b(zeroPolicy)), wire.RCSize.Parameter(1)},
				{"no policy", withParam(1, p32(0)), wire.RCSize.Parameter(1)},
			}}.row(),
		policyRow{code: wire.CCPolicyPCR, params: func(c *testCommand, _ *testSession) { c.b2(nil).put(pcr16()) },
			digest: zero(wire.CCPolicyPCR, wire.Marshal(pcr16()), hashOf(wire.AlgSHA256, make([]byte, 32))),
			left:   func(s *session) bool { return s.pcrCounter != 0 },
			faults: []rowFault{
				{"other values", withParam(1, p2b(a)), wire.RCValue.Parameter(1)},
				{"PCRs changed since", both(policyFirst(1, wire.CCPolicyPCR, p2b(nil), pcr16()), when(func(b *testTPM) { b.must(extend(5, wire.AlgSHA256, a)) })), wire.RCPCRChanged},
				{"PCRs changed and other values", both(policyFirst(1, wire.CCPolicyPCR, p2b(nil), pcr16()), when(func(b *testTPM) { b.must(extend(5, wire.AlgSHA256, a)) }), withParam(1, p2b(a))), wire.RCPCRChanged},
			}}.row(),
		policyRow{code: wire.CCPolicyLocality, params: func(c *testCommand, _ *testSession) { c.u8(5) }, digest: zero(wire.CCPolicyLocality, []byte{5}),
			left: func(s *session) bool { return s.locality == 5 }, faults: []rowFault{
				{"none", withParam(1, p8(0)), wire.RCRange.Parameter(1)},
				{"none left", policyFirst(1, wire.CCPolicyLocality, p8(2)), wire.RCRange.Parameter(1)},
				{"extended and before not", both(policyFirst(1, wire.CCPolicyLocality, p8(2)), withParam(1, p8(33))), wire.RCRange.Parameter(1)},
				{"not extended and before it was", policyFirst(1, wire.CCPolicyLocality, p8(33)), wire.RCRange.Parameter(1)},
				{"another extended one", both(policyFirst(1, wire.CCPolicyLocality, p8(33)), withParam(1, p8(34))), wire.RCRange.Parameter(1)},
			}}.row(),
		policyRow{code: wire.CCPolicyCounterTimer, params: func(c *testCommand, _ *testSession) { c.b2([]byte{1}).u16(24).put(wire.EOUnsignedGE) },
			digest: zero(wire.CCPolicyCounterTimer, hashOf(wire.AlgSHA256, []byte{1}, p16(24), p16(uint16(wire.EOUnsignedGE)))),
			faults: []rowFault{
				{"offset beyond the end", withParam(2, p16(26)), wire.RCValue.Parameter(2)},
				{"operand beyond the end", withParam(2, p16(25)), wire.RCRange},
				{"not so", withParam(3, wire.EOUnsignedGT), wire.RCPolicy},
				{"beyond the end, also in a trial", both(asTrial(1), withParam(2, p16(26))), wire.RCValue.Parameter(2)},
				{"operand beyond the end and not so", both(withParam(2, p16(25)), withParam(3, wire.EOUnsignedGT)), wire.RCRange},
			}}.row(),
		policyRow{code: wire.CCPolicyCommandCode, params: func(c *testCommand, _ *testSession) { c.put(wire.CCNVWrite) },
			digest: zero(wire.CCPolicyCommandCode, wire.Marshal(wire.CCNVWrite)), left: func(s *session) bool { return s.commandCode == wire.CCNVWrite },
			faults: []rowFault{
				{"no such command", withParam(1, p32(0x11E)), wire.RCPolicyCC.Parameter(1)},
				{"another was set", policyFirst(1, wire.CCPolicyCommandCode, wire.CCNVRead), wire.RCValue.Parameter(1)},
				{"another was set, and no such command", both(policyFirst(1, wire.CCPolicyCommandCode, wire.CCNVRead), withParam(1, p32(0x11E))), wire.RCValue.Parameter(1)},
			}}.row(),
		policyRow{code: wire.CCPolicyPhysicalPresence, params: nothing, digest: zero(wire.CCPolicyPhysicalPresence), left: func(s *session) bool { return s.presenceNeeded }}.row(),
		hashRow(wire.CCPolicyCpHash, restrictCPHash,
			rowFault{"another before", cpHashFirst, wire.RCCpHash},
			rowFault{"another before and size", both(cpHashFirst, short), wire.RCSize.Parameter(1)}),
		hashRow(wire.CCPolicyNameHash, restrictNameHash,
			rowFault{"a cpHash before", cpHashFirst, wire.RCCpHash},
			rowFault{"a cpHash before and size", both(cpHashFirst, short), wire.RCSize.Parameter(1)}),
		hashRow(wire.CCPolicyParameters, restrictParameters,
			rowFault{"a cpHash before", cpHashFirst, wire.RCCpHash},
			rowFault{"a cpHash before and size", both(cpHashFirst, short), wire.RCSize.Parameter(1)}),
		hashRow(wire.CCPolicyTemplate, restrictTemplate,
			rowFault{"a cpHash before", cpHashFirst, wire.RCCpHash},
			rowFault{"a cpHash before and size", both(cpHashFirst, short), wire.RCCpHash}), // in this order, as libtpms does
		policyRow{code: wire.CCPolicyDuplicationSelect, params: func(c *testCommand, _ *testSession) { c.b2([]byte("object")).b2([]byte("parent")).u8(1) },
			digest: zero(wire.CCPolicyDuplicationSelect, []byte("object"), []byte("parent"), []byte{1}),
			left:   func(s *session) bool { return s.commandCode == wire.CCDuplicate && s.restricts == restrictNameHash },
			faults: []rowFault{
				{"a cpHash before", cpHashFirst, wire.RCCpHash},
				{"a command code before", policyFirst(1, wire.CCPolicyCommandCode, wire.CCDuplicate), wire.RCCommandCode},
				{"both before", both(cpHashFirst, policyFirst(1, wire.CCPolicyCommandCode, wire.CCDuplicate)), wire.RCCpHash},
			}}.row(),
		policyRow{code: wire.CCPolicyAuthValue, params: nothing, digest: zero(wire.CCPolicyAuthValue), left: func(s *session) bool { return s.authValueNeeded && !s.passwordNeeded }}.row(),
		policyRow{code: wire.CCPolicyPassword, params: nothing, digest: zero(wire.CCPolicyAuthValue), left: func(s *session) bool { return !s.authValueNeeded && s.passwordNeeded }}.row(),
		policyRow{code: wire.CCPolicyNVWritten, params: func(c *testCommand, _ *testSession) { c.u8(1) }, digest: zero(wire.CCPolicyNVWritten, []byte{1}),
			left:   func(s *session) bool { return s.checkNVWritten && s.nvWritten },
			faults: []rowFault{{"the contrary before", policyFirst(1, wire.CCPolicyNVWritten, p8(0)), wire.RCValue.Parameter(1)}}}.row(),
		policyCapabilityRow(), policyTransportSPDMRow(),
		{
			code: wire.CCPolicyGetDigest,
			good: func(b *testTPM) (*testCommand, func(*testResponse)) {
				s := b.policy(wire.SEPolicy)
				b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
				return newCommand(wire.CCPolicyGetDigest, s.handle), func(r *testResponse) {
					if got := r.b2(); !bytes.Equal(got, chain(zeroPolicy, wire.CCPolicyAuthValue)) {
						r.t.Errorf("%x", got)
					}
				}
			},
			faults: []rowFault{{"an HMAC session", hmacForPolicy(1), wire.RCValue.Handle(1)}},
		},
		policySecretRow(), policySignedRow(), policyTicketRow(), policyAuthorizeRow(), policyNVRow(), policyAuthorizeNVRow(),
	}
	return rows
}

func policyTransportSPDMRow() commandRow {
	requester, tpm := keyName(wire.AlgSHA256, "requester"), keyName(wire.AlgSHA384, "TPM")
	// noHash and noAlg have the size of a Name, but not the hash.
	noHash, noAlg := append([]byte{0, 0x10}, digestOf("x")...), append([]byte{0, 0x27}, digestOf("x")...)
	short, long := requester[:33], append(bytes.Clone(requester), 0)
	before := policyFirst(1, wire.CCPolicyTransportSPDM, p2b(nil), p2b(nil))
	param := func(n int, name []byte) rowChange { return withParam(n, p2b(name)) }
	return policyRow{
		code: wire.CCPolicyTransportSPDM, params: func(c *testCommand, _ *testSession) { c.b2(requester).b2(tpm) },
		digest: func(*testTPM) []byte {
			names := hashOf(wire.AlgSHA256, p16(34), requester, p16(50), tpm)
			return hashOf(wire.AlgSHA256, zeroPolicy, p32(0x1A1), names)
		},
		left: func(s *session) bool {
			return s.channel.needed && s.channel.requesterKey && s.channel.tpmKey && bytes.Equal(s.channel.names, hashOf(wire.AlgSHA256, p16(34), requester, p16(50), tpm))
		},
		faults: []rowFault{
			{"run before", before, wire.RCValue},
			{"run before on a trial session", both(asTrial(1), before), wire.RCValue},
			{"requester: TPM_ALG_NULL", param(1, noHash), wire.RCHash.Parameter(1)},
			{"TPM: TPM_ALG_NULL", param(2, noHash), wire.RCHash.Parameter(2)},
			{"requester: a hash that the TPM does not have", param(1, noAlg), wire.RCHash.Parameter(1)},
			{"TPM: a hash that the TPM does not have", param(2, noAlg), wire.RCHash.Parameter(2)},
			{"requester: a handle", param(1, wire.Marshal(wire.RHOwner)), wire.RCHash.Parameter(1)},
			{"TPM: one octet", param(2, []byte{0}), wire.RCSize.Parameter(2)},
			{"requester: short", param(1, short), wire.RCSize.Parameter(1)},
			{"TPM: short", param(2, short), wire.RCSize.Parameter(2)},
			{"requester: long", param(1, long), wire.RCSize.Parameter(1)},
			{"TPM: an algorithm alone", param(2, []byte{0, 0x0B}), wire.RCSize.Parameter(2)},
			{"requester: longer than any Name", param(1, make([]byte, 69)), wire.RCSize.Parameter(1)},
			{"a trial session, TPM: short", both(asTrial(1), param(2, short)), wire.RCSize.Parameter(2)},
			{"run before, requester: hash", both(before, param(1, noHash)), wire.RCValue},
			{"run before, TPM: size", both(before, param(2, short)), wire.RCValue},
			{"run before, requester: longer than any Name", both(before, param(1, make([]byte, 69))), wire.RCSize.Parameter(1)},
			{"requester: size, TPM: hash", both(param(1, short), param(2, noHash)), wire.RCSize.Parameter(1)},
			{"requester: hash, TPM: size", both(param(1, noHash), param(2, short)), wire.RCHash.Parameter(1)},
			{"requester: hash and size", param(1, noHash[:9]), wire.RCHash.Parameter(1)},
		},
	}.row()
}

// keyName is the Name of a key.
func keyName(alg wire.Alg, key string) wire.TPM2BName {
	return append([]byte(p16(uint16(alg))), hashOf(alg, []byte(key))...)
}

func policyCapabilityRow() commandRow {
	manufacturer := []byte("IBM\x00")
	property, noCapability := uint32(wire.PTManufacturer), withParam(4, wire.CapVendorProperty)
	return policyRow{
		code: wire.CCPolicyCapability,
		params: func(c *testCommand, _ *testSession) {
			c.b2(manufacturer).u16(4).put(wire.EOEq, wire.CapTPMProperties).u32(property)
		},
		digest: func(*testTPM) []byte {
			args := hashOf(wire.AlgSHA256, manufacturer, p16(4), p16(0), p32(uint32(wire.CapTPMProperties)), p32(property))
			return chain(zeroPolicy, wire.CCPolicyCapability, args)
		},
		faults: []rowFault{
			{"not so", withParam(1, p2b([]byte("ABC\x00"))), wire.RCPolicy},
			{"offset beyond the end", withParam(2, p16(9)), wire.RCValue.Parameter(2)},
			{"operand beyond the end", withParam(2, p16(5)), wire.RCSize.Parameter(1)},
			{"no such property", withParam(5, p32(0x7FFFFFFF)), wire.RCPolicy},
			{"no capability of single properties", noCapability, wire.RCValue.Parameter(4)},
			{"type of handle", both(withParam(4, wire.CapHandles), withParam(5, p32(0x11000000))), wire.RCHandle.Parameter(5)},
			{"policy of no permanent handle", both(withParam(4, wire.CapAuthPolicies), withParam(5, p32(0x81000000))), wire.RCValue.Parameter(5)},
			{"capability and offset", both(noCapability, withParam(2, p16(9))), wire.RCValue.Parameter(4)},
			{"offset and operand", both(withParam(2, p16(9)), withParam(1, p2b([]byte("ABC\x00")))), wire.RCValue.Parameter(2)},
		},
	}.row()
}

// authorizationFaults are those that PolicySecret and PolicySigned share; parameters 1, 2 and 4, session handle 2.
func authorizationFaults() []rowFault {
	otherNonce, short := withParam(1, p2b(make([]byte, 32))), withParam(2, p2b([]byte{1}))
	expired := both(withParam(1, p2b(nil)), withParam(4, p32(1)), when(func(b *testTPM) { b.clock.now += 5e9; b.must(newCommand(wire.CCReadClock)) }))
	bound := func(b *testTPM, c *rowCommand) {
		b.must(newCommand(wire.CCPolicyCpHash, c.handles[1]).b2(digestOf("a")))
		c.set(2, p2b(digestOf("b")))
	}
	return []rowFault{
		{"another nonce", otherNonce, wire.RCNonce.Parameter(1)},
		{"cpHash of another size", short, wire.RCSize.Parameter(2)},
		{"expired", expired, wire.RCExpired.Parameter(4)},
		{"bound to another cpHash", bound, wire.RCCpHash},
		{"nonce and cpHash", both(otherNonce, short), wire.RCNonce.Parameter(1)},
		{"nonce and expired", both(expired, otherNonce), wire.RCNonce.Parameter(1)},
		{"expired and cpHash", both(expired, short), wire.RCExpired.Parameter(4)},
		{"an HMAC session", hmacForPolicy(2), wire.RCValue.Handle(2)},
	}
}

// authTicket reads timeout and ticket, and checks that they stand for the authorization in a later session.
func (r *testResponse) authTicket(b *testTPM, name, digest []byte) {
	r.t.Helper()
	timeout := r.b2()
	var ticket wire.TPMTTKAuth
	ticket.Unmarshal(r.params())
	later := b.policy(wire.SEPolicy)
	b.must(newCommand(wire.CCPolicyTicket, later.handle).b2(timeout).b2(nil).b2([]byte("ref")).b2(name).put(&ticket))
	if got := later.digest(); !bytes.Equal(got, digest) {
		r.t.Errorf("digest %x with the ticket, want %x", got, digest)
	}
}

const inOneMinute = ^uint32(59) // -60: a ticket as well

func policySecretRow() commandRow {
	return commandRow{
		code: wire.CCPolicySecret,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			s := b.policy(wire.SEPolicy)
			c := newCommand(wire.CCPolicySecret, wire.RHOwner, s.handle).password("").b2(s.nonceTPM).b2(nil).b2([]byte("ref")).u32(inOneMinute)
			name := handleName(wire.RHOwner)
			want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicySecret, name), []byte("ref"))
			return c, func(r *testResponse) {
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
				r.authTicket(b, name, want)
			}
		},
		faults: authorizationFaults(),
	}
}

func policySignedRow() commandRow {
	sign := func(b *testTPM, key wire.Handle, nonce []byte, expiration uint32) *wire.TPMTSignature {
		return rsassaOf(b, key, hashOf(wire.AlgSHA256, nonce, p32(expiration), []byte("ref")))
	}
	anonymous := withParam(5, &wire.TPMTSignature{SigAlg: wire.AlgECDAA, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256}}})
	return commandRow{
		code: wire.CCPolicySigned,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key, s := b.addKey(signKey()), b.policy(wire.SEPolicy)
			c := newCommand(wire.CCPolicySigned, key, s.handle).b2(s.nonceTPM).b2(nil).b2([]byte("ref")).u32(inOneMinute).put(sign(b, key, s.nonceTPM, inOneMinute))
			name := b.object(key).name
			want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicySigned, name), []byte("ref"))
			return c, func(r *testResponse) {
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
				r.authTicket(b, name, want)
			}
		},
		faults: append(authorizationFaults(),
			rowFault{"another expiration", withParam(4, p32(inOneMinute+1)), wire.RCSignature.Parameter(5)},
			rowFault{"another policyRef", withParam(3, p2b([]byte("other"))), wire.RCSignature.Parameter(5)},
			rowFault{"another key", withKey(1, func() *object { return eccObject(wire.CurveNISTP256, wire.ObjectSign, wire.AlgECDSA, wire.AlgSHA256) }), wire.RCScheme.Parameter(5)},
			rowFault{"an anonymous signature", anonymous, wire.RCScheme.Parameter(5)},
			rowFault{"public part of an HMAC key", withKey(1, func() *object { return public(rowMAC()) }), wire.RCHandle.Parameter(5)},
			rowFault{"nonce and signature", both(withParam(1, p2b(make([]byte, 32))), spoiled(5)), wire.RCNonce.Parameter(1)},
			rowFault{"cpHash and signature", both(withParam(2, p2b([]byte{1})), spoiled(5)), wire.RCSize.Parameter(2)},
		),
	}
}

func policyTicketRow() commandRow {
	expired := when(func(b *testTPM) { b.clock.now += 61e9; b.must(newCommand(wire.CCReadClock)) })
	bound := func(b *testTPM, c *rowCommand) {
		b.must(newCommand(wire.CCPolicyCpHash, c.handles[0]).b2(digestOf("a")))
		c.set(2, p2b(digestOf("b")))
	}
	short := withParam(2, p2b([]byte{1}))
	return commandRow{
		code: wire.CCPolicyTicket,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			first, s := b.policy(wire.SEPolicy), b.policy(wire.SEPolicy)
			r := b.must(newCommand(wire.CCPolicySecret, wire.RHOwner, first.handle).password("").b2(first.nonceTPM).b2(nil).b2([]byte("ref")).u32(inOneMinute))
			timeout, want := r.b2(), first.digest()
			var ticket wire.TPMTTKAuth
			ticket.Unmarshal(r.params())
			b.flush(first.handle)
			return newCommand(wire.CCPolicyTicket, s.handle).b2(timeout).b2(nil).b2([]byte("ref")).b2(handleName(wire.RHOwner)).put(&ticket), func(r *testResponse) {
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
			}
		},
		faults: []rowFault{
			{"a trial session", asTrial(1), wire.RCAttributes.Handle(1)},
			{"timeout of another size", withParam(1, p2b(make([]byte, 7))), wire.RCSize.Parameter(1)},
			{"expired", expired, wire.RCExpired.Parameter(1)},
			{"cpHash of another size", short, wire.RCSize.Parameter(2)},
			{"bound to another cpHash", bound, wire.RCCpHash},
			{"ticket changed", spoiled(5), wire.RCTicket.Parameter(5)},
			{"timeout changed", spoiled(1), wire.RCTicket.Parameter(5)},
			{"of another policyRef", withParam(3, p2b(nil)), wire.RCTicket.Parameter(5)},
			{"of another entity", withParam(4, p2b(handleName(wire.RHEndorsement))), wire.RCTicket.Parameter(5)},
			{"trial and timeout", both(asTrial(1), withParam(1, p2b(nil))), wire.RCAttributes.Handle(1)},
			{"timeout and cpHash", both(withParam(1, p2b(nil)), short), wire.RCSize.Parameter(1)},
			{"expired and cpHash", both(expired, short), wire.RCExpired.Parameter(1)},
			{"cpHash and ticket", both(short, spoiled(5)), wire.RCSize.Parameter(2)},
		},
	}
}

func policyAuthorizeRow() commandRow {
	noHash := withParam(3, p2b([]byte{0, 6, 1, 2}))
	return commandRow{
		code: wire.CCPolicyAuthorize,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			key, s := b.addKey(signKey()), b.policy(wire.SEPolicy)
			b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
			approved, name := s.digest(), b.object(key).name
			aHash := hashOf(wire.AlgSHA256, approved, []byte("ref"))
			var ticket wire.TPMTTKVerified
			ticket.Unmarshal(b.must(verifyCommand(key, aHash, rsassaOf(b, key, aHash))).params())
			return newCommand(wire.CCPolicyAuthorize, s.handle).b2(approved).b2([]byte("ref")).b2(name).put(&ticket), func(r *testResponse) {
				want := hashOf(wire.AlgSHA256, chain(zeroPolicy, wire.CCPolicyAuthorize, name), []byte("ref"))
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
			}
		},
		faults: []rowFault{
			{"another policy", withParam(1, p2b(digestOf("a"))), wire.RCValue.Parameter(1)},
			{"another policyRef", withParam(2, p2b(nil)), wire.RCValue.Parameter(4)},
			{"name of another key", spoiled(3), wire.RCValue.Parameter(4)},
			{"no hash in the name", noHash, wire.RCHash.Parameter(3)},
			{"name of another size", withParam(3, p2b(append([]byte{0, 0x0B}, digestOf("a")[1:]...))), wire.RCSize.Parameter(3)},
			{"no name", withParam(3, p2b(nil)), wire.RCSize.Parameter(3)},
			{"ticket changed", spoiled(4), wire.RCValue.Parameter(4)},
			{"name and policy", both(noHash, withParam(1, p2b(nil))), wire.RCHash.Parameter(3)},
			{"policy and ticket", both(withParam(1, p2b(nil)), spoiled(4)), wire.RCValue.Parameter(1)},
		},
	}
}

// readFaults are those of reading an index by its own authValue; index is the number of its handle, that before it authorizes.
func readFaults(index int) []rowFault {
	change := func(set, clear wire.TPMANV) rowChange {
		return func(b *testTPM, c *rowCommand) {
			x := b.nv.index(c.handles[index-1])
			x.public.Attributes = x.public.Attributes&^clear | set
		}
	}
	byOwner := authorizedBy(index-1, wire.RHOwner)
	return []rowFault{
		{"read-locked", change(wire.NVReadLocked, 0), wire.RCNVLocked},
		{"not the owner's to read", both(change(0, wire.NVOwnerRead), byOwner), wire.RCNVAuthorization},
		{"not the platform's to read", authorizedBy(index-1, wire.RHPlatform), wire.RCNVAuthorization},
		{"not by authValue", change(0, wire.NVAuthRead), wire.RCAuthUnavailable},
		{"another index", func(b *testTPM, c *rowCommand) {
			b.define(nvPublic(rowNV+1, nvOpen, 8))
			authorizedBy(index-1, rowNV+1)(b, c)
		}, wire.RCNVAuthorization},
		{"not written", change(0, wire.NVWritten), wire.RCNVUninitialized},
		{"locked and not the owner's", both(change(wire.NVReadLocked, wire.NVOwnerRead), byOwner), wire.RCNVLocked},
		{"not the owner's and not written", both(change(0, wire.NVOwnerRead|wire.NVWritten), byOwner), wire.RCNVAuthorization},
	}
}

func policyNVRow() commandRow {
	operand := []byte("nt")
	return commandRow{
		code: wire.CCPolicyNV,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			b.define(nvPublic(rowNV, nvOpen, 8))
			b.must(nvCommand(wire.CCNVWrite, rowNV).b2([]byte("content!")).u16(0))
			s := b.policy(wire.SEPolicy)
			c := newCommand(wire.CCPolicyNV, rowNV, rowNV, s.handle).password("").b2(operand).u16(2).put(wire.EOEq)
			return c, func(r *testResponse) {
				want := chain(zeroPolicy, wire.CCPolicyNV, hashOf(wire.AlgSHA256, operand, p16(2), p16(0)), b.nv.index(rowNV).name())
				if got := s.digest(); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
			}
		},
		faults: append(readFaults(2),
			rowFault{"an HMAC session", hmacForPolicy(3), wire.RCValue.Handle(3)},
			rowFault{"offset beyond the end", withParam(2, p16(9)), wire.RCValue.Parameter(2)},
			rowFault{"operand beyond the end", withParam(2, p16(7)), wire.RCSize.Parameter(1)},
			rowFault{"not so", withParam(3, wire.EONeq), wire.RCPolicy},
			rowFault{"not written and offset", both(when(func(b *testTPM) { b.nv.index(rowNV).public.Attributes &^= wire.NVWritten }), withParam(2, p16(9))), wire.RCNVUninitialized},
			rowFault{"operand beyond the end and not so", both(withParam(2, p16(7)), withParam(3, wire.EONeq)), wire.RCSize.Parameter(1)},
		),
	}
}

func policyAuthorizeNVRow() commandRow {
	holds := func(data []byte) rowChange {
		return when(func(b *testTPM) { copy(b.nv.index(rowNV).data, data) })
	}
	return commandRow{
		code: wire.CCPolicyAuthorizeNV,
		good: func(b *testTPM) (*testCommand, func(*testResponse)) {
			b.define(nvPublic(rowNV, nvOpen, 34))
			s := b.policy(wire.SEPolicy)
			b.must(newCommand(wire.CCPolicyAuthValue, s.handle))
			data := append(binary.BigEndian.AppendUint16(nil, uint16(wire.AlgSHA256)), s.digest()...)
			b.must(nvCommand(wire.CCNVWrite, rowNV).b2(data).u16(0))
			return newCommand(wire.CCPolicyAuthorizeNV, rowNV, rowNV, s.handle).password(""), func(r *testResponse) {
				if got, want := s.digest(), chain(zeroPolicy, wire.CCPolicyAuthorizeNV, b.nv.index(rowNV).name()); !bytes.Equal(got, want) {
					r.t.Errorf("digest %x, want %x", got, want)
				}
			}
		},
		faults: append(readFaults(2),
			rowFault{"no hash", holds([]byte{0, 6}), wire.RCHash},
			rowFault{"another hash", holds([]byte{0, 4}), wire.RCHash},
			rowFault{"a digest cut short", when(func(b *testTPM) {
				x := b.nv.index(rowNV)
				x.public.DataSize, x.data = 33, x.data[:33]
			}), wire.RCInsufficient},
			rowFault{"another policy", holds([]byte{0, 0x0B, 1, 2, 3}), wire.RCValue},
		),
	}
}
