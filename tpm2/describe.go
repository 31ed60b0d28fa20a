package tpm2

import (
	"fmt"
	"strings"

	"govtpm/tpm2/wire"
)

// A CommandInfo describes a command of Part 3, from the table that the engine itself works with.
type CommandInfo struct {
	Code    wire.CC
	Clause  string       // of Part 3
	Handles []HandleInfo // the handle area
	// Attributes is what GetCapability reports (Part 2, 8.9), with the numbers of handles in it.
	Attributes wire.TPMACC

	NoSessions    bool // an authorization area is an error
	ReturnsHandle bool
	Decrypt       bool // the first parameter may be encrypted
	Encrypt       bool // the first response parameter may be encrypted
	Implemented   bool // the engine runs it, if the profile has it

	fields func() []field
}

// A HandleInfo describes a handle of the handle area.
type HandleInfo struct {
	Name string
	Kind wire.HandleInterface
	Auth bool // needs authorization
}

// A Parameter is one parameter of a command: its name in Part 3, its type in Part 2, and a place for its value.
type Parameter struct {
	Name string
	Type string // such as "TPM2B_PUBLIC", "TPMI_ALG_HASH+" or "UINT32"; structures have the name of the Go type
	// Value is a pointer to what Unmarshal fills: a type of package wire, or a plain Go type.
	Value any

	into wire.Unmarshaler
}

// Unmarshal reads the parameter into Value.
func (p *Parameter) Unmarshal(r *wire.Reader) { p.into.Unmarshal(r) }

// Commands describes every command of Part 3, in the order of its chapters.
func Commands() []CommandInfo {
	var all []CommandInfo
	for _, c := range commandTable() {
		info := CommandInfo{
			Code: c.code, Clause: c.clause, Attributes: c.attributes(),
			NoSessions: c.flags&flagNoSession != 0, ReturnsHandle: c.flags&flagRHandle != 0,
			Decrypt: c.flags&flagDecrypt != 0, Encrypt: c.flags&flagEncrypt != 0,
			Implemented: c.run.act != nil,
		}
		for _, h := range c.handles {
			info.Handles = append(info.Handles, HandleInfo{h.name, h.kind, h.role != roleNone})
		}
		if c.run.new != nil {
			info.fields = func() []field { return c.run.new().fields() }
		}
		all = append(all, info)
	}
	return all
}

// Parameters returns a fresh set of the command's parameters, ready to be read in their order.
func (c *CommandInfo) Parameters() []Parameter {
	if c.fields == nil {
		return nil
	}
	var all []Parameter
	for _, f := range c.fields() {
		p := Parameter{Name: f.name, Type: typeName(f.into), Value: f.into, into: f.into}
		if d, ok := f.into.(decoder); ok {
			p.Type, p.Value = d.name, d.to
		}
		all = append(all, p)
	}
	return all
}

// typeName is the name of the type that v points to, without its package.
func typeName(v any) string {
	name := fmt.Sprintf("%T", v)
	return name[strings.LastIndexByte(name, '.')+1:]
}
