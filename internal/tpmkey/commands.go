package tpmkey

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"govtpm/tpm2/wire"
)

// A connection takes a command and returns the response.
type connection interface {
	execute(command []byte) (response []byte, err error)
	io.Closer
}

// tpm speaks the few commands that a signature needs. Authorizations are passwords.
type tpm struct{ connection }

const (
	maxCommand = 4096 // of any TPM
	retries    = 20
	retryPause = 100 * time.Millisecond
)

// send sends a command and returns what follows the header of the response. A TPM that is busy is asked again.
func (t tpm) send(tag wire.ST, code wire.CC, body []byte) ([]byte, error) {
	cmd := wire.Marshal(&wire.CommandHeader{Tag: tag, Size: uint32(wire.HeaderSize + len(body)), Code: code})
	cmd = append(cmd, body...)
	defer clear(cmd)
	for try := 0; ; try++ {
		resp, err := t.execute(cmd)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", code, err)
		}
		if len(resp) < wire.HeaderSize || binary.BigEndian.Uint32(resp[2:]) != uint32(len(resp)) {
			return nil, fmt.Errorf("%v: what answers is no TPM 2", code)
		}
		switch rc := wire.RC(binary.BigEndian.Uint32(resp[6:])); {
		case rc == wire.RCSuccess && binary.BigEndian.Uint16(resp) != uint16(tag):
			return nil, fmt.Errorf("%v: the TPM's response has another tag", code)
		case rc == wire.RCSuccess:
			return resp[wire.HeaderSize:], nil
		case (rc == wire.RCRetry || rc == wire.RCYielded || rc == wire.RCTesting) && try < retries:
			time.Sleep(retryPause)
		default:
			return nil, fmt.Errorf("%v failed: 0x%x (%v)", code, uint32(rc), rc)
		}
	}
}

// command sends a command whose one handle is authorized by a password.
func (t tpm) command(code wire.CC, handle wire.Handle, password []byte, hasHandle bool, parameters func(*wire.Writer)) (wire.Handle, *wire.Reader, error) {
	w := wire.NewWriter(make([]byte, 0, maxCommand)) // such that it does not move and leave passwords behind
	w.Uint32(uint32(handle))
	mark := w.Begin32()
	w.Uint32(uint32(wire.RSPW))
	w.TPM2B(nil) // nonce
	w.Uint8(0)
	w.TPM2B(password)
	w.End32(mark)
	parameters(w)
	body, err := t.send(wire.STSessions, code, w.Bytes())
	clear(w.Bytes())
	if err != nil {
		return 0, nil, err
	}
	r := wire.NewReader(body, nil)
	var made wire.Handle
	if hasHandle {
		made = wire.Handle(r.Uint32())
	}
	size := r.Uint32()
	if r.Err() != wire.RCSuccess || int64(size) > int64(r.Len()) {
		return 0, nil, fmt.Errorf("%v: the TPM's response is too short", code)
	}
	return made, wire.NewReader(r.Bytes(int(size)), nil), nil
}

// readPublic returns the public area of a key (Part 3, 12.4).
func (t tpm) readPublic(handle wire.Handle) (*wire.TPMTPublic, error) {
	body, err := t.send(wire.STNoSessions, wire.CCReadPublic, binary.BigEndian.AppendUint32(nil, uint32(handle)))
	if err != nil {
		return nil, err
	}
	r := wire.NewReader(body, nil)
	var public wire.TPM2BPublic
	if public.Unmarshal(r); r.Err() != wire.RCSuccess {
		return nil, errors.New("the public part of the TPM's key cannot be read")
	}
	return &public.TPMTPublic, nil
}

// primary makes the parent of a key that is a primary key (Part 3, 24.1).
func (t tpm) primary(f *keyFile, auth []byte) (wire.Handle, error) {
	handle, _, err := t.command(wire.CCCreatePrimary, f.parent, auth, true, func(w *wire.Writer) {
		w.Sized(func(w *wire.Writer) { w.TPM2B(nil); w.TPM2B(nil) }) // inSensitive: no auth, no data
		w.Sized(f.parentTemplate().Marshal)
		w.TPM2B(nil) // outsideInfo
		w.Uint32(0)  // creationPCR
	})
	if err != nil {
		return 0, fmt.Errorf("making the parent of the TPM's key: %w", err)
	}
	return handle, nil
}

// load loads a key below its parent (Part 3, 12.2), which is made for it if it is a primary key.
func (t tpm) load(f *keyFile, parentAuth []byte) (wire.Handle, error) {
	parent := f.parent
	if f.primaryParent() {
		primary, err := t.primary(f, parentAuth)
		if err != nil {
			return 0, err
		}
		defer t.flush(primary)
		parent, parentAuth = primary, nil
	}
	handle, _, err := t.command(wire.CCLoad, parent, parentAuth, true, func(w *wire.Writer) {
		w.Raw(f.private)
		w.Raw(f.public)
	})
	if err != nil {
		return 0, fmt.Errorf("loading the TPM's key: %w", err)
	}
	return handle, nil
}

// sign signs a digest (Part 3, 20.2). The ticket says that nobody vouches for the digest.
func (t tpm) sign(handle wire.Handle, auth, digest []byte, scheme wire.TPMTSigScheme) (*wire.TPMTSignature, error) {
	_, r, err := t.command(wire.CCSign, handle, auth, false, func(w *wire.Writer) {
		w.TPM2B(digest)
		scheme.Marshal(w)
		ticket := wire.TPMTTKHashCheck{Tag: wire.STHashCheck, Hierarchy: wire.RHNull}
		ticket.Marshal(w)
	})
	if err != nil {
		return nil, err
	}
	var sig wire.TPMTSignature
	if sig.Unmarshal(r); r.Err() != wire.RCSuccess {
		return nil, errors.New("the TPM's signature cannot be read")
	}
	return &sig, nil
}

// flush takes a key out of the TPM again (Part 3, 28.4). One that stays costs the TPM a slot until it is reset; nothing can be done then.
func (t tpm) flush(handle wire.Handle) {
	_, _ = t.send(wire.STNoSessions, wire.CCFlushContext, binary.BigEndian.AppendUint32(nil, uint32(handle)))
}
