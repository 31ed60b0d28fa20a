package decode

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// Options are what the reader wants to see.
type Options struct {
	Secrets bool // authorization values and other secrets
	Full    bool // long values in full
}

// A Decoder writes messages in words, in the order in which they travelled: a response is understood by its command.
type Decoder struct {
	w    io.Writer
	opts Options

	pending *command // the last command, if no response came yet
	powered bool     // some response was one of a TPM that is on
}

// New returns a decoder that writes to w.
func New(w io.Writer, opts Options) *Decoder { return &Decoder{w: w, opts: opts} }

// command is what a response has to know of its command.
type command struct {
	code wire.CC
	info *tpm2.CommandInfo // nil for a command that Part 3 does not have
}

// commandInfos are the commands by their codes; read only.
var commandInfos = sync.OnceValue(func() map[wire.CC]*tpm2.CommandInfo {
	all := make(map[wire.CC]*tpm2.CommandInfo)
	for _, c := range tpm2.Commands() {
		all[c.Code] = &c
	}
	return all
})

// Tags of TPM 1.2, of commands and responses.
const (
	tag12First = 0x00C1
	tag12Last  = 0x00C6
)

// Message decodes a message of which nobody said what it is: a response answers the command before it.
func (d *Decoder) Message(msg []byte) {
	if d.isResponse(msg) {
		d.Response(msg)
	} else {
		d.Command(msg)
	}
}

func (d *Decoder) isResponse(msg []byte) bool {
	if len(msg) < wire.HeaderSize {
		return d.pending != nil
	}
	code := binary.BigEndian.Uint32(msg[6:])
	_, known := commandInfos()[wire.CC(code)]
	switch {
	case code == uint32(wire.RCSuccess):
		return true
	case len(msg) > wire.HeaderSize || binary.BigEndian.Uint16(msg) != uint16(wire.STNoSessions):
		return false // what is no success is only a header
	}
	return d.pending != nil && wire.RC(code).Name() != "" || !known
}

// headline writes the first line of a message, and returns false if there is no more to say of it.
func (d *Decoder) headline(arrow string, msg []byte, title func(code uint32) string) bool {
	if len(msg) < wire.HeaderSize {
		fmt.Fprintf(d.w, "%s %d bytes, too few for a header\n", arrow, len(msg))
		return false
	}
	tag, size, code := binary.BigEndian.Uint16(msg), binary.BigEndian.Uint32(msg[2:]), binary.BigEndian.Uint32(msg[6:])
	if tag >= tag12First && tag <= tag12Last {
		fmt.Fprintf(d.w, "%s TPM 1.2, tag 0x%04x, code 0x%08x, %d bytes\n", arrow, tag, code, len(msg))
		return false
	}
	fmt.Fprintf(d.w, "%s %s, %d bytes\n", arrow, title(code), len(msg))
	if tag != uint16(wire.STNoSessions) && tag != uint16(wire.STSessions) {
		fmt.Fprintf(d.w, "    tag: 0x%04x, which is none of a command or response\n", tag)
		return false
	}
	if uint64(size) != uint64(len(msg)) {
		fmt.Fprintf(d.w, "    size in the header: %d\n", size)
	}
	return true
}

// Command decodes a command.
func (d *Decoder) Command(msg []byte) {
	d.pending = nil
	more := d.headline(">", msg, func(code uint32) string {
		info := commandInfos()[wire.CC(code)]
		d.pending = &command{wire.CC(code), info}
		if info == nil {
			return wire.CC(code).String()
		}
		return fmt.Sprintf("%v (Part 3, %s)", info.Code, info.Clause)
	})
	if !more {
		return
	}
	r := wire.NewReader(msg[wire.HeaderSize:], nil)
	p := &printer{w: d.w, opts: d.opts}
	info := d.pending.info
	if info == nil {
		p.unknown("parameters", r.Remaining())
		return
	}
	for _, h := range info.Handles {
		if r.Len() >= 4 {
			p.line(1, h.Name, wire.Handle(r.Uint32()).String())
		}
	}
	encrypted := false
	if binary.BigEndian.Uint16(msg) == uint16(wire.STSessions) {
		encrypted = p.commandSessions(r)
	}
	p.parameters(r, commandFields(info), encrypted)
}

// Response decodes a response to the last command.
func (d *Decoder) Response(msg []byte) {
	cmd := d.pending
	d.pending = nil
	var rc wire.RC
	more := d.headline("<", msg, func(code uint32) string {
		rc = wire.RC(code)
		if rc == wire.RCSuccess {
			return "TPM_RC_SUCCESS"
		}
		return fmt.Sprintf("0x%03x %v", code, rc)
	})
	if !more {
		return
	}
	r := wire.NewReader(msg[wire.HeaderSize:], nil)
	p := &printer{w: d.w, opts: d.opts}
	if rc == wire.RCFailure && !d.powered {
		// CMD_INIT, which powers it on, travels on the control channel and is not here.
		p.line(1, "note", "a TPM that is not powered on yet answers like this, too; QEMU asks it so to learn which version it is")
	}
	d.powered = d.powered || rc != wire.RCFailure
	if rc != wire.RCSuccess || cmd == nil || cmd.info == nil {
		p.unknown("parameters", r.Remaining())
		return
	}
	if cmd.info.ReturnsHandle && r.Len() >= 4 {
		p.line(1, "handle", wire.Handle(r.Uint32()).String())
	}
	params, encrypted := r, false
	if binary.BigEndian.Uint16(msg) == uint16(wire.STSessions) {
		params, encrypted = p.responseSessions(r)
	}
	p.parameters(params, responseFields(cmd.code), encrypted)
}
