package tpm2

import (
	"context"
	"encoding/binary"
	"errors"

	"govtpm/tpm2/wire"
)

// Execute runs one command as locality and returns the response; the response is always complete, whatever the
// bytes of the command are. ctx cancels a long command (TPM_RC_CANCELED).
//
// The order of the stages is Part 3, clause 5. When Execute returns, whatever the response promises is durable.
func (t *TPM) Execute(ctx context.Context, locality uint8, commandBytes []byte) []byte {
	return t.ExecuteOver(ctx, nil, locality, commandBytes)
}

// ExecuteOver is Execute for a command that came through a secure channel; nil is none, as is one whose Names are longer than any.
func (t *TPM) ExecuteOver(ctx context.Context, channel *SecureChannel, locality uint8, commandBytes []byte) []byte {
	if !t.volatile.on {
		return errorResponse(wire.RCFailure)
	}
	t.volatile.locality, t.volatile.channel = locality, channel.orNone()
	defer func() { t.volatile.channel = nil }()
	if t.volatile.failure != nil {
		return t.executeFailed(commandBytes)
	}
	response, err := t.processGuarded(ctx, commandBytes)
	rc := wire.RCSuccess
	if err != nil && !errors.As(err, &rc) {
		t.fail(err)
	}
	t.settle()
	switch {
	case t.volatile.failure != nil:
		return errorResponse(wire.RCFailure)
	case rc != wire.RCSuccess:
		return errorResponse(rc)
	}
	return response
}

// errorResponse is the ten bytes of a failed command (Part 1, 36.1).
func errorResponse(rc wire.RC) []byte {
	b := make([]byte, 10)
	binary.BigEndian.PutUint16(b, uint16(wire.STNoSessions))
	binary.BigEndian.PutUint32(b[2:], 10)
	binary.BigEndian.PutUint32(b[6:], uint32(rc))
	return b
}

// processGuarded is process; a panic of the engine becomes an internal fault, so that it costs its TPM and not the process with all
// that runs beside it.
func (t *TPM) processGuarded(ctx context.Context, commandBytes []byte) (response []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			response, err = nil, internalf("panic at %s: %v", panicPlace(), v)
		}
	}()
	return t.process(ctx, commandBytes)
}

// process takes a command through the stages. The error is a wire.RC, or anything else for an internal fault.
func (t *TPM) process(ctx context.Context, commandBytes []byte) ([]byte, error) {
	t.updateTime()
	t.dropDRTMSequence() // a command ends a sequence of signals (Part 1, 31.1)
	r := wire.NewReader(commandBytes, t.limits)
	c := &call{ctx: ctx, decryptSession: -1, encryptSession: -1, auditSession: -1, outHandle: wire.RHUnassigned}
	c.out = *wire.NewWriter(c.short[:0])
	defer t.releaseTransient(c)
	if err := t.header(c, r, len(commandBytes)); err != nil {
		return nil, err
	}
	if err := t.mode(c); err != nil {
		return nil, err
	}
	if err := t.handleArea(c, r); err != nil {
		return nil, err
	}
	if err := t.loadHandles(c); err != nil {
		return nil, err
	}
	if err := t.checkReadOnlyHandles(c); err != nil {
		return nil, err
	}
	if err := t.authorizationArea(c, r); err != nil {
		return nil, err
	}
	if err := t.decryptParameter(c); err != nil {
		return nil, err
	}
	p := c.cmd.run.new()
	if err := t.decode(c, p); err != nil {
		return nil, err
	}
	if err := c.cmd.run.act(t, c, p); err != nil {
		return nil, err
	}
	return t.respond(c)
}

// header checks tag, size and command code (Part 3, 5.2).
func (t *TPM) header(c *call, r *wire.Reader, received int) error {
	c.tag.Unmarshal(r) // RCValue for what is no TPM_ST at all, as libtpms does
	if rc := r.Err(); rc != wire.RCSuccess {
		return rc
	}
	if c.tag != wire.STNoSessions && c.tag != wire.STSessions {
		return wire.RCBadTag
	}
	size := r.Uint32()
	if rc := r.Err(); rc != wire.RCSuccess {
		return rc
	}
	if uint64(size) != uint64(received) || received > t.maxCommand() {
		return wire.RCCommandSize
	}
	code := wire.CC(r.Uint32())
	if rc := r.Err(); rc != wire.RCSuccess {
		return rc
	}
	if c.cmd = t.lookup(code); c.cmd == nil {
		return wire.RCCommandCode
	}
	return nil
}

// mode checks that the command is allowed in the TPM's present mode (Part 3, 5.3).
func (t *TPM) mode(c *call) error {
	if t.volatile.started == (c.cmd.code == wire.CCStartup) {
		return wire.RCInitialize
	}
	return t.checkReadOnlyMode(c)
}

// handleArea reads the handles (Part 3, 5.4).
func (t *TPM) handleArea(c *call, r *wire.Reader) error {
	c.handles = make([]wire.Handle, len(c.cmd.handles))
	for i, spec := range c.cmd.handles {
		c.handles[i] = r.Handle(spec.kind)
		if rc := r.Err(); rc != wire.RCSuccess {
			return rc.Handle(i + 1)
		}
	}
	return nil
}

// loadHandles checks that what the handles name is there (Part 3, 5.4), and makes persistent objects usable.
func (t *TPM) loadHandles(c *call) error {
	for i, h := range c.handles {
		if err := t.loadStatus(c, i, h); err != nil {
			return positioned(err, func(rc wire.RC) wire.RC { return rc.Handle(i + 1) })
		}
	}
	return nil
}

// positioned applies a position to the response code in err; format 0 codes and internal faults stay as they are.
func positioned(err error, at func(wire.RC) wire.RC) error {
	var rc wire.RC
	if errors.As(err, &rc) {
		return at(rc)
	}
	return err
}

// authorizationArea reads and checks the sessions (Part 3, 5.5 to 5.6), and leaves the parameter area in c.params.
func (t *TPM) authorizationArea(c *call, r *wire.Reader) error {
	var area []byte
	if c.tag == wire.STSessions {
		size := r.Uint32()
		if rc := r.Err(); rc != wire.RCSuccess {
			return rc
		}
		// The smallest session is handle, empty nonce, attributes, empty HMAC.
		if size < 9 || uint64(size) > uint64(r.Len()) {
			return wire.RCSize
		}
		area = r.Bytes(int(size))
	}
	c.params = append([]byte(nil), r.Bytes(r.Len())...)
	if c.tag == wire.STSessions {
		if c.cmd.flags&flagNoSession != 0 {
			return wire.RCAuthContext
		}
		if err := t.parseSessions(c, area); err != nil {
			return err
		}
	}
	if err := t.authorize(c); err != nil {
		return err
	}
	if t.commandAuditRequired(c.cmd.code) {
		c.commandHash(t, t.persistent.auditHashAlg)
	}
	return nil
}

// responseHeader and sessionRoom are what comes around the parameters of a response, to allocate it at once: tag, size, code,
// handle, size of the parameters; a nonce and an HMAC of the largest digest with their sizes and the attributes.
const (
	responseHeader = 2 + 4 + 4 + 4 + 4
	sessionRoom    = 2 + 64 + 1 + 2 + 64
)

// respond builds the response of a successful command: encryption, audit, session area (Part 3, 5.9).
func (t *TPM) respond(c *call) ([]byte, error) {
	params := c.out.Bytes()
	if c.tag == wire.STSessions {
		if err := t.renewNonces(c); err != nil {
			return nil, err
		}
		if err := t.encryptResponse(c, params); err != nil {
			return nil, err
		}
	}
	t.auditSessions(c, params)
	t.auditCommand(c, params)

	w := wire.NewWriter(make([]byte, 0, responseHeader+len(params)+len(c.sessions)*sessionRoom))
	w.Uint16(uint16(c.tag))
	w.Uint32(0) // size, below
	w.Uint32(uint32(wire.RCSuccess))
	if c.cmd.flags&flagRHandle != 0 {
		w.Uint32(uint32(c.outHandle))
	}
	if c.tag == wire.STSessions {
		w.Uint32(uint32(len(params)))
	}
	w.Raw(params)
	if c.tag == wire.STSessions {
		t.responseSessions(c, params, w)
	}
	b := w.Bytes()
	binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
	return b, nil
}
