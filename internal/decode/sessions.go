package decode

import (
	"fmt"
	"strings"

	"govtpm/tpm2/wire"
)

// commandSessions writes the authorization area (Part 1, 16.4), and says whether the first parameter is encrypted.
func (p *printer) commandSessions(r *wire.Reader) (encrypted bool) {
	size := r.Uint32()
	if uint64(size) > uint64(r.Len()) {
		p.line(1, "sessions", fmt.Sprintf("%d bytes, of which %d are there", size, r.Len()))
		size = uint32(r.Len())
	}
	area := wire.NewReader(r.Bytes(int(size)), nil)
	for n := 1; area.Len() > 0; n++ {
		name := fmt.Sprintf("session %d", n)
		// Read part by part: what breaks a rule of the TPM is to be seen as well.
		handle, nonce := wire.Handle(area.Uint32()), area.TPM2B(maxBytes)
		attributes := wire.TPMASession(area.Uint8())
		hmac := area.TPM2B(maxBytes)
		if area.Err() != wire.RCSuccess {
			p.unknown(name, area.Remaining())
			return encrypted
		}
		p.line(1, name, strings.TrimSuffix(fmt.Sprintf("%v, %v", handle, attributes), ", "))
		p.bytes(2, "nonceCaller", nonce)
		if handle == wire.RSPW {
			p.secretBytes(2, "authorization value", hmac)
			continue
		}
		encrypted = encrypted || attributes&wire.SessionDecrypt != 0
		if handle.Type() == wire.HTPolicySession {
			// It is the authorization value itself after TPM2_PolicyPassword (Part 3, 23.18).
			p.secretBytes(2, "hmac", hmac)
		} else {
			p.bytes(2, "hmac", hmac)
		}
	}
	return encrypted
}

// responseSessions writes the sessions behind the parameters of a response (Part 1, 16.5), and returns the parameters.
func (p *printer) responseSessions(r *wire.Reader) (params *wire.Reader, encrypted bool) {
	size := r.Uint32()
	if uint64(size) > uint64(r.Len()) {
		p.line(1, "parameters", fmt.Sprintf("%d bytes, of which %d are there", size, r.Len()))
		size = uint32(r.Len())
	}
	params = wire.NewReader(r.Bytes(int(size)), nil)
	for n := 1; r.Len() > 0; n++ {
		name := fmt.Sprintf("session %d", n)
		nonce := r.TPM2B(maxBytes)
		attributes := wire.TPMASession(r.Uint8())
		hmac := r.TPM2B(maxBytes)
		if r.Err() != wire.RCSuccess {
			p.unknown(name, r.Remaining())
			break
		}
		encrypted = encrypted || attributes&wire.SessionEncrypt != 0
		p.line(1, name, attributes.String())
		p.bytes(2, "nonceTPM", nonce)
		p.bytes(2, "hmac", hmac)
	}
	return params, encrypted
}

// maxBytes is the largest buffer with a 16-bit size.
const maxBytes = 0xFFFF
