package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// A testSession is the caller's end of an authorization session (Part 1, 16.5).
type testSession struct {
	b          *testTPM
	handle     wire.Handle
	authHash   wire.Alg
	symmetric  wire.TPMTSymDef
	key        []byte
	nonceTPM   []byte
	attributes wire.TPMASession
	nonce      byte   // of the next command
	newAuth    []byte // what the command makes of the authValue, with which the response is authorized; nil: no change
}

// startSession starts a session; bind and authValue are those of the bound entity, RHNull and nil for none.
func (b *testTPM) startSession(kind wire.SE, alg wire.Alg, bind wire.Handle, authValue []byte, sym wire.TPMTSymDef) *testSession {
	b.t.Helper()
	s := &testSession{b: b, authHash: alg, symmetric: sym, attributes: wire.SessionContinue}
	nonce := s.nextNonce()
	r := b.must(newCommand(wire.CCStartAuthSession, wire.RHNull, bind).b2(nonce).b2(nil).u8(uint8(kind)).put(&sym, alg))
	s.handle = r.handle()
	s.nonceTPM = r.b2()
	if bind != wire.RHNull {
		s.key = kdf.KDFa(hashFunc(alg), authValue, "ATH", s.nonceTPM, nonce, 8*digestSize(alg))
	}
	return s
}

var plainSession = wire.TPMTSymDef{Algorithm: wire.AlgNull}

func (s *testSession) nextNonce() []byte {
	s.nonce++
	return bytes.Repeat([]byte{s.nonce}, digestSize(s.authHash))
}

// names of the handles of a command, as the caller knows them.
func handleNames(b *testTPM, handles []wire.Handle) (names [][]byte) {
	for _, h := range handles {
		names = append(names, bytes.Clone(b.entityName(h, b.object(h))))
	}
	return names
}

// run executes a command with s as its last session, authorizing with authValue, and checks the response's HMAC. With the
// decrypt attribute the first parameter is encrypted, with encrypt the first response parameter decrypted.
func (s *testSession) run(c *testCommand, authValue []byte) *testResponse {
	s.b.t.Helper()
	nonce := s.nextNonce()
	params := c.params.Bytes()
	key := append(bytes.Clone(s.key), authValue...)
	if s.attributes.Has(wire.SessionDecrypt) {
		s.crypt(key, params, nonce, s.nonceTPM, true)
	}
	cpHash := hashOf(s.authHash, append([][]byte{wire.Marshal(c.code)}, append(handleNames(s.b, c.handles), params)...)...)
	mac := hmacOf(s.authHash, key, cpHash, nonce, s.nonceTPM, []byte{byte(s.attributes)})
	if len(key) == 0 {
		mac = nil
	}
	r := s.b.run(c.session(s.handle, nonce, s.attributes, mac))
	if r.rc != wire.RCSuccess {
		return r
	}
	if s.newAuth != nil {
		key = append(bytes.Clone(s.key), s.newAuth...)
	}
	s.check(c, r, nonce, key)
	return r
}

// check verifies the response's session area and takes over the new nonce.
func (s *testSession) check(c *testCommand, r *testResponse, nonce, key []byte) {
	s.b.t.Helper()
	body := r.body
	if row := s.b.lookup(c.code); row.flags&flagRHandle != 0 {
		body = body[4:]
	}
	size := int(binary.BigEndian.Uint32(body))
	params, auth := body[4:4+size], wire.NewReader(body[4+size:], nil)
	for range c.auths[1:] { // those before s
		auth.TPM2B(64)
		auth.Uint8()
		auth.TPM2B(64)
	}
	s.nonceTPM = auth.TPM2B(64)
	attributes := auth.Uint8()
	mac := auth.TPM2B(64)
	if auth.End() != wire.RCSuccess {
		s.b.t.Fatalf("malformed session area %x", body[4+size:])
	}
	rpHash := hashOf(s.authHash, make([]byte, 4), wire.Marshal(c.code), params)
	want := hmacOf(s.authHash, key, rpHash, s.nonceTPM, nonce, []byte{attributes})
	if len(key) == 0 {
		want = nil
	}
	if !bytes.Equal(mac, want) {
		s.b.t.Errorf("%v: HMAC of the response %x, want %x", c.code, mac, want)
	}
	if s.attributes.Has(wire.SessionEncrypt) {
		s.crypt(key, params, s.nonceTPM, nonce, false)
	}
	if s.attributes.Has(wire.SessionContinue) != (attributes&byte(wire.SessionContinue) != 0) {
		s.b.t.Errorf("continueSession of the response is not that of the command")
	}
}

// crypt encrypts or decrypts the first parameter in place (Part 1, 18).
func (s *testSession) crypt(key, params, newer, older []byte, encrypt bool) {
	data := params[2 : 2+binary.BigEndian.Uint16(params)]
	if s.symmetric.Algorithm == wire.AlgXOR {
		xorObfuscate(hashFunc(s.authHash), key, newer, older, data)
		return
	}
	bits := int(s.symmetric.KeyBits)
	k := kdf.KDFa(hashFunc(s.authHash), key, "CFB", newer, older, bits+128)
	if err := s.b.cryptCFB(s.symmetric.Algorithm, k[:bits/8], k[bits/8:], data, encrypt); err != nil {
		s.b.t.Fatal(err)
	}
}

func TestSessionArea(t *testing.T) {
	// A command of the owner with the given authorization area.
	with := func(area []byte) []byte {
		var w wire.Writer
		w.Uint16(uint16(wire.STSessions))
		w.Uint32(0)
		w.Uint32(uint32(wire.CCHierarchyChangeAuth))
		w.Uint32(uint32(wire.RHOwner))
		w.Raw(area)
		w.Uint16(0)
		b := w.Bytes()
		binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
		return b
	}
	sized := func(n uint32, entries ...[]byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, n), bytes.Join(entries, nil)...)
	}
	pw := []byte{0x40, 0, 0, 9, 0, 0, 0, 0, 0}
	entry := func(change func([]byte)) []byte {
		e := bytes.Clone(pw)
		change(e)
		return e
	}
	for _, tc := range []struct {
		name string
		cmd  []byte
		want wire.RC
	}{
		{"no session", newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).b2(nil).bytes(), wire.RCAuthMissing},
		{"no session and a bad handle", newCommand(wire.CCHierarchyChangeAuth, 0x40000002).b2(nil).bytes(), wire.RCValue.Handle(1)},
		{"no handle", newCommand(wire.CCHierarchyChangeAuth).bytes(), wire.RCInsufficient.Handle(1)},
		{"no size of the area", []byte{0x80, 2, 0, 0, 0, 14, 0, 0, 1, 0x29, 0x40, 0, 0, 1}, wire.RCInsufficient},
		{"size 0", with(sized(0)), wire.RCSize},
		{"size 8", with(sized(8, pw)), wire.RCSize},
		{"size beyond the end", with(sized(100, pw)), wire.RCSize},
		{"second session cut short", with(sized(11, pw, []byte{0x40, 0})), wire.RCInsufficient.Session(2)},
		{"transient handle", with(sized(9, entry(func(e []byte) { e[0] = 0x80 }))), wire.RCValue.Session(1)},
		{"HMAC session not there", with(sized(9, entry(func(e []byte) { copy(e, []byte{2, 0, 0, 0}) }))), wire.RCReferenceS0},
		{"second session not there", with(sized(18, pw, entry(func(e []byte) { copy(e, []byte{3, 0, 0, 0}) }))), wire.RCReferenceS0 + 1},
		{"password with decrypt", with(sized(9, entry(func(e []byte) { e[6] = byte(wire.SessionDecrypt) }))), wire.RCAttributes.Session(1)},
		{"reserved attributes", with(sized(9, entry(func(e []byte) { e[6] = 0x08 }))), wire.RCReservedBits.Session(1)},
		{"password with nonce", with(sized(10, []byte{0x40, 0, 0, 9, 0, 1, 7, 0, 0, 0})), wire.RCNonce.Session(1)},
		{"nonce too long", with(sized(9, entry(func(e []byte) { e[4] = 1 }))), wire.RCSize.Session(1)},
		{"four sessions", with(sized(36, pw, pw, pw, pw)), wire.RCSize.Session(4)},
		{"a password too many", with(sized(18, pw, pw)), wire.RCHandle.Session(2)},
		{"wrong password", newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("x").b2(nil).bytes(), wire.RCBadAuth.Session(1)},
		{"password with trailing zeros", newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("\x00\x00").b2(nil).bytes(), wire.RCSuccess},
		{"bytes left over", newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2(nil).u8(0).bytes(), wire.RCSize},
		{"no parameter", newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").bytes(), wire.RCInsufficient.Parameter(1)},
		{"password where none is due", newCommand(wire.CCReadClock).password("").bytes(), wire.RCHandle.Session(1)},
		{"session not allowed", newCommand(wire.CCFlushContext).password("").u32(0x80000000).bytes(), wire.RCAuthContext},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newTestTPM(t)
			b.want(tc.want, b.runBytes(tc.cmd))
		})
	}
}

func TestPasswordSessionEcho(t *testing.T) {
	b := newTestTPM(t)
	r := b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("new")))
	if want := []byte{0, 0, 0, 0, 0, 0, 1, 0, 0}; !bytes.Equal(r.body, want) {
		t.Errorf("response %x, want %x", r.body, want)
	}
	b.want(wire.RCBadAuth.Session(1), b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2(nil)))
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("new").b2(nil)))
}

// The response is authorized with the value that the command set (Part 1, 16.6.5).
func TestHMACSessionChangesAuth(t *testing.T) {
	b := newTestTPM(t)
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	nonce := s.nextNonce()
	c := newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).b2([]byte("secret"))
	r := b.must(c.session(s.handle, nonce, s.attributes, nil))
	s.check(c, r, nonce, []byte("secret"))
	b.want(wire.RCBadAuth.Session(1), s.run(newCommand(wire.CCClearControl, wire.RHPlatform).u8(1), []byte("guess")))
}

func TestHMACSessionErrors(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("own")))
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	change := func() *testCommand { return newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).b2([]byte("own")) }
	b.want(wire.RCBadAuth.Session(1), s.run(change(), []byte("guess")))
	// A failure leaves the nonce as it was, so the session goes on.
	b.want(wire.RCSuccess, s.run(change(), []byte("own")))
	// Encryption needs an algorithm in the session and a parameter that allows it.
	s.attributes |= wire.SessionDecrypt
	b.want(wire.RCSymmetric.Session(1), b.run(change().session(s.handle, nil, s.attributes, nil)))
	clock := newCommand(wire.CCClockSet, wire.RHOwner).u64(1)
	b.want(wire.RCAttributes.Session(1), b.run(clock.session(s.handle, nil, s.attributes, nil)))
	s.attributes = wire.SessionContinue
	twice := change().session(s.handle, nil, s.attributes, nil).session(s.handle, nil, s.attributes, nil)
	b.want(wire.RCHandle.Session(2), b.run(twice))
	idle := newCommand(wire.CCReadClock).session(s.handle, nil, s.attributes, nil)
	b.want(wire.RCAttributes.Session(1), b.run(idle))
	s.attributes = 0
	b.want(wire.RCSuccess, s.run(change(), []byte("own")))
	b.want(wire.RCReferenceS0, b.run(change().session(s.handle, nil, 0, nil)))
}

func TestBoundSession(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("").b2([]byte("own")))
	s := b.startSession(wire.SEHMAC, wire.AlgSHA384, wire.RHOwner, []byte("own"), plainSession)
	clock := func(v uint64) *testCommand { return newCommand(wire.CCClockSet, wire.RHOwner).u64(v) }
	b.want(wire.RCSuccess, s.run(clock(10), nil))
	// Bound to the owner, the session still authorizes others with their own value.
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHPlatform).password("").b2([]byte("plat")))
	b.want(wire.RCSuccess, s.run(newCommand(wire.CCClockSet, wire.RHPlatform).u64(20), []byte("plat")))
	// A change of the authValue unbinds it.
	b.must(newCommand(wire.CCHierarchyChangeAuth, wire.RHOwner).password("own").b2([]byte("other")))
	b.want(wire.RCBadAuth.Session(1), s.run(clock(30), nil))
	b.want(wire.RCSuccess, s.run(clock(30), []byte("other")))
}

func TestParameterEncryption(t *testing.T) {
	aes := func(bits uint16) wire.TPMTSymDef {
		return wire.TPMTSymDef{Algorithm: wire.AlgAES, KeyBits: bits, Mode: wire.AlgCFB}
	}
	for name, sym := range map[string]wire.TPMTSymDef{
		"AES-128": aes(128), "AES-256": aes(256), "XOR": {Algorithm: wire.AlgXOR, Hash: wire.AlgSHA256},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestTPM(t)
			s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHPlatform, nil, sym)
			s.attributes |= wire.SessionDecrypt
			nonce := s.nextNonce()
			c := newCommand(wire.CCHierarchyChangeAuth, wire.RHLockout).b2([]byte("encrypted secret"))
			s.crypt(s.key, c.params.Bytes(), nonce, s.nonceTPM, true)
			cpHash := hashOf(s.authHash, wire.Marshal(c.code), wire.Marshal(wire.RHLockout), c.params.Bytes())
			mac := hmacOf(s.authHash, s.key, cpHash, nonce, s.nonceTPM, []byte{byte(s.attributes)})
			b.must(c.session(s.handle, nonce, s.attributes, mac))
			if got := string(b.persistent.lockoutAuth); got != "encrypted secret" {
				t.Errorf("authValue %q after decryption", got)
			}
		})
	}
}

func TestLockout(t *testing.T) {
	b := newTestTPM(t)
	b.must(newCommand(wire.CCDictionaryAttackParameters, wire.RHLockout).password("").u32(2).u32(100).u32(50))
	const h = wire.Handle(0x01000001)
	b.must(defineCommand(wire.RHOwner, "pin", nvPublic(h, nvOpen&^wire.NVNoDA, 8)))
	write := func(pw string) *testCommand {
		return newCommand(wire.CCNVWrite, h, h).password(pw).b2([]byte{1}).u16(0)
	}
	b.want(wire.RCAuthFail.Session(1), b.run(write("a")))
	b.want(wire.RCSuccess, b.run(write("pin")))
	b.want(wire.RCAuthFail.Session(1), b.run(write("b")))
	b.want(wire.RCLockout, b.run(write("pin")))
	// One try comes back after the recovery time.
	b.clock.now += 100e9
	b.want(wire.RCSuccess, b.run(write("pin")))
	b.want(wire.RCAuthFail.Session(1), b.run(write("c")))
	b.must(newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password(""))
	b.want(wire.RCSuccess, b.run(write("pin")))
	// A wrong lockoutAuth disables it for its own recovery time.
	b.want(wire.RCAuthFail.Session(1), b.run(newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password("x")))
	b.want(wire.RCLockout, b.run(newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password("")))
	b.clock.now += 50e9
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCDictionaryAttackLockReset, wire.RHLockout).password("")))
	// Power lost after the use of a protected entity counts as a failed try.
	b.want(wire.RCSuccess, b.run(write("pin")))
	b.powerCycle()
	b.startup(wire.SUClear)
	if got := b.persistent.failedTries; got != 1 {
		t.Errorf("%d failed tries after a power loss, want 1", got)
	}
}

func TestAuditSession(t *testing.T) {
	b := newTestTPM(t)
	s := b.startSession(wire.SEHMAC, wire.AlgSHA256, wire.RHNull, nil, plainSession)
	s.attributes |= wire.SessionAudit
	c := newCommand(wire.CCReadClock)
	r := s.run(c, nil)
	b.want(wire.RCSuccess, r)
	cpHash := hashOf(wire.AlgSHA256, wire.Marshal(wire.CCReadClock))
	rpHash := hashOf(wire.AlgSHA256, make([]byte, 4), wire.Marshal(wire.CCReadClock), r.body[4:4+25])
	want := hashOf(wire.AlgSHA256, make([]byte, 32), cpHash, rpHash)
	if got := b.volatile.sessions.slots[0].digest; !bytes.Equal(got, want) {
		t.Errorf("audit digest %x, want %x", got, want)
	}
	if b.volatile.exclusiveAudit != s.handle {
		t.Error("the audit session is not exclusive")
	}
	b.must(newCommand(wire.CCReadClock))
	s.attributes |= wire.SessionAuditExclusive
	b.want(wire.RCExclusive, s.run(newCommand(wire.CCReadClock), nil))
}

func TestSameAuth(t *testing.T) {
	long := bytes.Repeat([]byte{1}, 64)
	for _, tc := range []struct {
		name string
		a, b []byte
		want bool
	}{
		{"both empty", nil, nil, true},
		{"empty and zeros", []byte{0, 0}, nil, true},
		{"the same", []byte("pw"), []byte("pw"), true},
		{"the same with zeros", []byte("pw\x00\x00"), []byte("pw"), true},
		{"zeros inside", []byte("p\x00w"), []byte("pw"), false},
		{"zeros before", []byte("\x00pw"), []byte("pw"), false},
		{"a beginning", []byte("p"), []byte("pw"), false},
		{"longest", long, bytes.Clone(long), true},
		{"longer than any", append(bytes.Clone(long), 1), long, false},
		{"both longer than any", append(bytes.Clone(long), 1), append(bytes.Clone(long), 2), false},
	} {
		if got := sameAuth(tc.a, tc.b); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
