package tpm2

import (
	"crypto/subtle"
	"encoding/binary"
	"hash"

	"govtpm/internal/crypto/kdf"
	"govtpm/tpm2/wire"
)

// decryptParameter decrypts the first parameter where a session has the decrypt attribute (Part 1, 18).
func (t *TPM) decryptParameter(c *call) error {
	if c.decryptSession < 0 {
		return nil
	}
	data, rc := firstParameter(c.params)
	if rc != wire.RCSuccess {
		return rc.Session(c.decryptSession + 1)
	}
	u := &c.sessions[c.decryptSession]
	return t.cryptParameter(c, c.decryptSession, data, u.nonce, u.session.nonceTPM, false)
}

// encryptResponse encrypts the first response parameter where a session has the encrypt attribute.
func (t *TPM) encryptResponse(c *call, params []byte) error {
	if c.encryptSession < 0 {
		return nil
	}
	data, rc := firstParameter(params)
	if rc != wire.RCSuccess {
		return rc.Session(c.encryptSession + 1)
	}
	u := &c.sessions[c.encryptSession]
	return t.cryptParameter(c, c.encryptSession, data, u.session.nonceTPM, u.nonce, true)
}

// firstParameter returns the content of the leading sized buffer of params, without its size.
func firstParameter(params []byte) ([]byte, wire.RC) {
	if len(params) < 2 {
		return nil, wire.RCInsufficient
	}
	size := int(binary.BigEndian.Uint16(params))
	if size > len(params)-2 {
		return nil, wire.RCSize
	}
	return params[2 : 2+size], wire.RCSuccess
}

// cryptParameter encrypts or decrypts data in place with the key of session i. The key always includes the authValue
// of the entity that the session authorizes, even if the session is bound to it (Part 1, 18.3).
func (t *TPM) cryptParameter(c *call, i int, data, nonceNewer, nonceOlder []byte, encrypt bool) error {
	s := c.sessions[i].session
	key := t.sessionKey(c, i, true)
	newHash := hashFunc(s.authHash)
	if s.symmetric.Algorithm == wire.AlgXOR {
		xorObfuscate(newHash, key, nonceNewer, nonceOlder, data)
		return nil
	}
	keyBits := int(s.symmetric.KeyBits)
	blockSize := symmetricBlockSize(s.symmetric.Algorithm)
	keyIV := kdf.KDFa(newHash, key, "CFB", nonceNewer, nonceOlder, keyBits+8*blockSize)
	return t.cryptCFB(s.symmetric.Algorithm, keyIV[:keyBits/8], keyIV[keyBits/8:], data, encrypt)
}

// xorObfuscate is XOR obfuscation (Part 1, 8.4.7.3): a mask from KDFa, made and applied in place.
func xorObfuscate(newHash func() hash.Hash, key, contextU, contextV, data []byte) {
	mask := kdf.KDFa(newHash, key, "XOR", contextU, contextV, 8*len(data))
	subtle.XORBytes(data, data, mask)
}
