package inspect

import (
	"bytes"
	"fmt"
	"strings"
)

func (s *Shutdown) text() string {
	text := map[string]string{"clear": "Shutdown(CLEAR)", "state": "Shutdown(STATE)", "none": "none: running, or stopped without"}[s.Kind]
	if s.DAUsed {
		text += "; an object under dictionary attack protection was used"
	}
	if s.Locality3 {
		text += "; Startup came from locality 3"
	}
	if s.HCRTM {
		text += "; an H-CRTM sequence preceded Startup"
	}
	return text
}

func (p *printer) hierarchies(list []Hierarchy) {
	for _, h := range list {
		var say []string
		if h.Enabled != nil {
			say = append(say, pick(*h.Enabled, "enabled", "disabled"))
		}
		if h.Auth != nil {
			say = append(say, "authorization "+set(*h.Auth), pick(h.Policy == "", "no policy", "policy "+h.Policy))
		}
		if say == nil {
			say = []string{"the next startup sets it up"}
		}
		p.row(h.Name, "%s", strings.Join(say, ", "))
		if len(h.Digest) != 0 {
			p.row("", "policy %s", h.Digest)
		}
	}
}

func (p *printer) banks(name string, banks []Bank) {
	for _, b := range banks {
		p.row(name, "%s: %s", b.Alg, pick(b.PCRs == "", "not allocated", "PCR "+b.PCRs))
	}
}

// values writes values of PCR, those in a row that are equal as one.
func (p *printer) values(list []Values) {
	for _, v := range list {
		for i := 0; i < len(v.Values); {
			j := i
			for j+1 < len(v.Values) && bytes.Equal(v.Values[j+1], v.Values[i]) {
				j++
			}
			name := fmt.Sprintf("%s PCR %d", v.Alg, i)
			if j > i {
				name += fmt.Sprintf("-%d", j)
			}
			p.row(name, "%s", v.Values[i].short())
			i = j + 1
		}
	}
}

// short writes a value of one repeated byte as that.
func (h Hex) short() string {
	if len(h) > 1 && bytes.Count(h, h[:1]) == len(h) {
		return fmt.Sprintf("%02x repeated", h[0])
	}
	return h.String()
}

func (p *printer) time(t Time) {
	p.row("clock", "%d ms, %s", t.Clock, pick(t.Safe, "safe", "not safe: it may go back to this value after a loss of power"))
	p.row("time since power-on", "%d ms", t.Time)
	if t.Epoch != nil {
		p.row("epoch", "%d", *t.Epoch)
	}
}

func (p *printer) counters(c *Counters) {
	if c.Resets != nil && c.TotalResets != nil {
		p.row("resets", "%d since TPM2_Clear, %d in all", *c.Resets, *c.TotalResets)
	}
	if c.Restarts != nil {
		p.row("since the last reset", "%d restarts, %d clears, %d updates of PCR", *c.Restarts, *c.Clears, *c.PCRUpdates)
	}
	p.row("deleted NV counters", "greatest value %d", c.MaxDeleted)
}

func (p *printer) index(x *NVIndex) {
	var state []string
	state = append(state, pick(x.Written, "written", "not written"))
	if x.WriteLocked {
		state = append(state, "locked for writing")
	}
	if x.ReadLocked {
		state = append(state, "locked for reading")
	}
	p.row(x.Handle, "%s, %d bytes, %s, authorization %s, %s", x.Type, x.Size, strings.Join(state, ", "), set(x.Auth),
		pick(x.Policy, "policy", "no policy"))
	p.row("  attributes", "%s", strings.Join(x.Attributes, " "))
	p.row("  name", "%s", x.Name)
	if x.Policy {
		p.row("  policy", "%s", x.Digest)
	}
	if x.AuthValue != nil {
		p.row("  secret", "auth: %s", orNone(x.AuthValue.String()))
		p.row("  secret", "data: %s", orNone(x.Data.String()))
	}
}

func (p *printer) object(o *Object) {
	text := o.Type
	for _, part := range []string{o.Size, o.Scheme, o.KDF} {
		if part != "" {
			text += " " + part
		}
	}
	place := o.Hierarchy + " hierarchy"
	if o.Primary {
		place = "primary of the " + place
	}
	p.row(o.Handle, "%s, %s, authorization %s, %s%s", text, place, set(o.Auth), pick(o.Policy, "policy", "no policy"),
		pick(o.PublicOnly, ", public part only", ""))
	p.row("  attributes", "%s", strings.Join(o.Attributes, " "))
	p.row("  name", "%s", o.Name)
	if o.Policy {
		p.row("  policy", "%s", o.Digest)
	}
	if o.Evict != "" {
		p.row("  copy of", "%s", o.Evict)
	}
	p.secrets(o.Secrets)
}

func (p *printer) session(s *Session) {
	text := fmt.Sprintf("%s session, %s", s.Type, s.AuthHash)
	if s.Symmetric != "" {
		text += ", encryption " + s.Symmetric
	}
	text += pick(s.Bound, ", bound", "") + pick(s.Audit, ", audit", "")
	p.row(s.Handle, "%s", text)
	if len(s.Digest) != 0 {
		p.row("  policy", "%s", s.Digest)
	}
	if len(s.Needs) != 0 {
		p.row("  conditions", "%s", strings.Join(s.Needs, " "))
	}
	if s.Command != "" {
		p.row("  only for", "%s", s.Command)
	}
	if s.Locality != 0 {
		p.row("  localities", "0x%02x", s.Locality)
	}
	if s.Timeout != 0 {
		p.row("  ends", "at time %d ms", s.Timeout)
	}
	p.secrets(s.Secrets)
}
