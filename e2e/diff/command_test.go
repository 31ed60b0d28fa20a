package diff

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"slices"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// Where a value differs between the two TPMs, it is kept for both.
const (
	ours   = 0
	theirs = 1
)

// two is a value of the one TPM and of the other.
type two [2][]byte

// both is a value that is the same for both.
func both(b []byte) two { return two{b, b} }

// same tells whether the value is the same.
func (v two) same() bool { return bytes.Equal(v[ours], v[theirs]) }

// sized puts a 16-bit size in front.
func (v two) sized() two { return two{sized(v[ours]), sized(v[theirs])} }

func sized(b []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
}

// A session is an authorization session that the generators opened.
type session struct {
	handle   wire.Handle
	kind     wire.SE
	hash     wire.Alg
	sym      wire.TPMTSymDef
	key      two
	nonceTPM two
	bound    wire.Handle // entity of an HMAC session that was opened with bind
	// What a policy session asks for.
	needAuthValue, needPassword bool
	tainted                     bool // its policy or audit digest may differ between the two
}

// An auth is an entry of the authorization area: a password, or a session.
type auth struct {
	session *session    // nil: a password
	value   []byte      // authValue of the entity
	entity  wire.Handle // that is authorized, 0 when none
	attrs   wire.TPMASession
	nonce   []byte // nonceCaller
	spoil   func([]byte) []byte
	handle  wire.Handle // instead of the right one, 0: the right one
}

// A command is a command in its parts.
type command struct {
	code     wire.CC
	tag      wire.ST // 0: as the authorizations say
	locality uint8
	handles  []wire.Handle
	auths    []auth
	params   []two // each encoded
	raw      func([]byte) []byte
	note     string        // how it was spoiled
	named    []wire.Handle // the handles that were sent, which a spoiled command has others of
}

func (c *command) param(p ...two) *command {
	c.params = append(c.params, p...)
	return c
}

// plain appends a parameter that is the same for both.
func (c *command) plain(m ...wire.Marshaler) *command {
	for _, v := range m {
		c.params = append(c.params, both(wire.Marshal(v)))
	}
	return c
}

func (c *command) u8(v uint8) *command   { return c.param(both([]byte{v})) }
func (c *command) u16(v uint16) *command { return c.param(both(binary.BigEndian.AppendUint16(nil, v))) }
func (c *command) u32(v uint32) *command { return c.param(both(binary.BigEndian.AppendUint32(nil, v))) }
func (c *command) u64(v uint64) *command { return c.param(both(binary.BigEndian.AppendUint64(nil, v))) }
func (c *command) b2(b []byte) *command  { return c.param(both(sized(b))) }

// clone copies what a mutation changes.
func (c *command) clone() *command {
	d := *c
	d.handles, d.auths, d.params = slices.Clone(c.handles), slices.Clone(c.auths), slices.Clone(c.params)
	return &d
}

// newHash returns a hash function.
func newHash(a wire.Alg) func() hash.Hash {
	switch a {
	case wire.AlgSHA1:
		return sha1.New
	case wire.AlgSHA384:
		return sha512.New384
	case wire.AlgSHA512:
		return sha512.New
	}
	return sha256.New
}

func digest(a wire.Alg, parts ...[]byte) []byte {
	h := newHash(a)()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func mac(a wire.Alg, key []byte, parts ...[]byte) []byte {
	h := hmac.New(newHash(a), key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// trim takes the zeros off the end of an authValue (Part 1, 16.6.4.3).
func trim(b []byte) []byte { return bytes.TrimRight(b, "\x00") }

// bytes is the command for one of the TPMs.
func (c *command) bytes(w *world, side int) []byte {
	params := make([][]byte, len(c.params))
	for i, p := range c.params {
		params[i] = p[side]
	}
	if len(params) > 0 {
		for _, a := range c.auths {
			if a.session != nil && a.attrs.Has(wire.SessionDecrypt) && len(params[0]) > 2 {
				params[0] = slices.Clone(params[0])
				a.crypt(params[0][2:], side, true)
			}
		}
	}
	flat := bytes.Join(params, nil)
	var out wire.Writer
	tag := c.tag
	if tag == 0 {
		if tag = wire.STNoSessions; len(c.auths) != 0 {
			tag = wire.STSessions
		}
	}
	out.Uint16(uint16(tag))
	out.Uint32(0)
	out.Uint32(uint32(c.code))
	for _, h := range c.handles {
		out.Uint32(uint32(h))
	}
	if len(c.auths) != 0 {
		mark := out.Begin32()
		for i := range c.auths {
			c.auths[i].write(&out, w, c, i, flat, side)
		}
		out.End32(mark)
	}
	out.Raw(flat)
	b := out.Bytes()
	binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
	if c.raw != nil {
		b = c.raw(b)
	}
	return b
}

// crypt encrypts or decrypts the content of a first parameter (Part 1, 18).
func (a *auth) crypt(data []byte, side int, isCommand bool) {
	s := a.session
	key := append(slices.Clone(s.key[side]), trim(a.value)...)
	newer, older := a.nonce, s.nonceTPM[side]
	if !isCommand {
		newer, older = older, newer
	}
	switch s.sym.Algorithm {
	case wire.AlgXOR:
		mask := kdf.KDFa(newHash(s.hash), key, "XOR", newer, older, 8*len(data))
		for i := range data {
			data[i] ^= mask[i]
		}
	case wire.AlgAES:
		n := int(s.sym.KeyBits) / 8
		k := kdf.KDFa(newHash(s.hash), key, "CFB", newer, older, 8*(n+16))
		block, err := aes.NewCipher(k[:n])
		if err != nil {
			return
		}
		if isCommand {
			cipher.NewCFBEncrypter(block, k[n:]).XORKeyStream(data, data) //nolint:staticcheck // Part 1, 18.3
		} else {
			cipher.NewCFBDecrypter(block, k[n:]).XORKeyStream(data, data) //nolint:staticcheck // Part 1, 18.3
		}
	}
}

// write appends the entry to the authorization area (Part 1, 15.6).
func (a *auth) write(out *wire.Writer, w *world, c *command, i int, params []byte, side int) {
	handle := wire.RSPW
	var code []byte
	if s := a.session; s == nil {
		code = a.value
	} else {
		handle = s.handle
		switch {
		case s.needPassword && a.entity != 0:
			code = a.value
		default:
			code = a.hmac(w, c, i, params, side)
		}
	}
	if a.handle != 0 {
		handle = a.handle
	}
	if a.spoil != nil {
		code = a.spoil(code)
	}
	out.Uint32(uint32(handle))
	out.TPM2B(a.nonce)
	out.Uint8(uint8(a.attrs))
	out.TPM2B(code)
}

// hmacKey is sessionKey, with the authValue where it counts (Part 1, 16.6.5).
func (a *auth) hmacKey(side int) []byte {
	s := a.session
	key := slices.Clone(s.key[side])
	if a.entity != 0 && (s.kind == wire.SEHMAC && s.bound != a.entity || s.kind == wire.SEPolicy && s.needAuthValue) {
		key = append(key, trim(a.value)...)
	}
	return key
}

// hmac authorizes the command.
func (a *auth) hmac(w *world, c *command, i int, params []byte, side int) []byte {
	s := a.session
	key := a.hmacKey(side)
	if len(key) == 0 {
		return nil
	}
	cp := [][]byte{binary.BigEndian.AppendUint32(nil, uint32(c.code))}
	for _, h := range c.handles {
		cp = append(cp, w.name(h)[side])
	}
	cpHash := digest(s.hash, append(cp, params)...)
	parts := [][]byte{cpHash, a.nonce, s.nonceTPM[side]}
	if i == 0 && a.entity != 0 {
		var decrypt *session
		for j := range c.auths {
			if b := &c.auths[j]; j > 0 && b.session != nil && b.attrs.Has(wire.SessionDecrypt) {
				decrypt = b.session
				parts = append(parts, decrypt.nonceTPM[side])
			}
		}
		for j := range c.auths {
			if b := &c.auths[j]; j > 0 && b.session != nil && b.session != decrypt && b.attrs.Has(wire.SessionEncrypt) {
				parts = append(parts, b.session.nonceTPM[side])
			}
		}
	}
	return mac(s.hash, key, append(parts, []byte{byte(a.attrs)})...)
}
