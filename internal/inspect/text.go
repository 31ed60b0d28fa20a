package inspect

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// printer writes the report for people: headings, and rows of a name and what there is to say of it.
type printer struct {
	strings.Builder
}

func (p *printer) head(title string) { fmt.Fprintf(p, "\n%s\n", title) }

// row writes a row, folded behind commas and blanks.
func (p *printer) row(name string, format string, args ...any) {
	const indent, width = 24, 110
	text := fmt.Sprintf(format, args...)
	line := fmt.Sprintf("  %-*s", indent-2, name+" ")
	for len(line)+len(text) > width {
		cut := strings.LastIndexAny(text[:width-len(line)], ", ") + 1
		if cut == 0 {
			break
		}
		p.WriteString(strings.TrimRight(line+text[:cut], " ") + "\n")
		text, line = text[cut:], strings.Repeat(" ", indent)
	}
	p.WriteString(strings.TrimRight(line+text, " ") + "\n")
}

func (p *printer) secrets(m map[string]Hex) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		p.row("  secret", "%s: %s", name, orNone(m[name].String()))
	}
}

func printText(w io.Writer, r *Report) error {
	p := new(printer)
	fmt.Fprintf(p, "State of a TPM 2: %s\n", r.State)
	for _, b := range r.Blobs {
		p.row(b.Name, "%s", b.text())
	}
	for _, problem := range r.Problems {
		p.head("Problem: " + problem.Blob)
		p.row("what", "%s", problem.Text)
		if problem.Structure != "" {
			p.row("where", "%s, offset 0x%04x of %s without its envelope", problem.Structure, *problem.Offset, problem.Blob)
		}
		p.row("what to do", "%s", problem.Advice)
	}
	if r.Permanent != nil {
		p.permanent(r.Permanent)
	}
	if r.Volatile != nil {
		p.volatile(r.Volatile)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (b *Blob) text() string {
	text := fmt.Sprintf("%d bytes", b.Size)
	if b.Migration {
		text += ", from migration"
	}
	if b.KeyBits != 0 {
		text += fmt.Sprintf(", encrypted with a key of %d bits", b.KeyBits)
	}
	if b.MigrationKey != 0 {
		text += fmt.Sprintf(", encrypted with a migration key of %d bits", b.MigrationKey)
	}
	return text
}

func (p *printer) permanent(s *Permanent) {
	p.head("Permanent state")
	p.row("profile", "%s, state format level %d", s.Profile.Name, s.Profile.Level)
	if !s.Profile.Stored {
		p.row("", "none is stored: as libtpms 0.9 has it")
	}
	p.row("commands", "%d: %s", s.Profile.Commands, s.Profile.CommandList)
	p.row("algorithms", "%s", s.Profile.Algorithms)
	if s.Profile.Attributes != "" {
		p.row("attributes", "%s", s.Profile.Attributes)
	}
	p.row("saved by firmware", "%s", s.Firmware)
	p.row("last shutdown", "%s", s.Shutdown.text())
	p.secrets(s.Secrets)

	p.head("Hierarchies")
	p.hierarchies(s.Hierarchies)
	p.extension(s.Extension)
	p.row("TPM2_Clear", "%s", pick(s.NoClear, "disabled", "enabled"))
	for _, name := range []string{"endorsement", "owner", "platform"} {
		if s.Seeds[name] == 0 {
			p.row(name+" seed", "of libtpms before 0.8: RSA keys are derived as then")
		}
	}

	p.head("Dictionary attack protection")
	l := s.Lockout
	p.row("failed tries", "%d of %d%s", l.Failed, l.Max, pick(l.InLockout, ": in lockout", ""))
	p.row("recovery", "one try every %d s; lockout authorization after %d s", l.Recovery, l.AuthWait)
	p.row("lockout authorization", "%s", pick(l.AuthEnabled, "usable", "blocked after a failure"))

	p.head("PCR")
	p.banks("bank", s.PCR.Banks)
	p.banks("after the next reset", s.PCR.AfterReset)
	p.values(s.PCR.Values)

	p.head("Time and counters")
	p.time(s.Time)
	p.counters(&s.Counters)
	p.row("audit", "%s, counter %d, of %s", s.Audit.Alg, s.Audit.Counter, orNone(strings.Join(s.Audit.Commands, ", ")))
	if len(s.Audit.Digest) != 0 {
		p.row("audit digest", "%s", s.Audit.Digest)
	}
	if len(s.PPCommands) != 0 {
		p.row("physical presence", "wanted by %s", strings.Join(s.PPCommands, ", "))
	}

	p.head(fmt.Sprintf("NV indexes: %d", len(s.NV)))
	for i := range s.NV {
		p.index(&s.NV[i])
	}
	p.head(fmt.Sprintf("Persistent objects: %d", len(s.Objects)))
	for i := range s.Objects {
		p.object(&s.Objects[i])
	}
	p.head("NV memory")
	p.row("free", "%d of %d bytes: room for %s", s.Space.Free, s.Space.Total, plural(s.Space.Objects, "more persistent object"))
	p.row("free orderly RAM", "%d of %d bytes: room for %s", s.Space.OrderlyFree, s.Space.OrderlyTotal,
		plural(s.Space.Counters, "more orderly counter"))
}

func (p *printer) volatile(s *Volatile) {
	p.head("Volatile state")
	p.row("TPM", "%s", pick(s.Started, "started", "powered on and not started"))
	if !s.Started {
		p.row("last shutdown", "%s", s.LastStart.text())
	}
	if s.Failure != nil {
		p.row("failure mode", "function %d, line %d, code %d", s.Failure.Function, s.Failure.Line, s.Failure.Code)
	}
	p.row("saved", "%s", time.UnixMilli(int64(min(s.SavedAt, 1<<50))).UTC().Format("2006-01-02 15:04:05 UTC"))
	p.time(s.Time)
	p.counters(&s.Counters)
	p.row("TPM established", "%s", pick(s.Established, "yes", "no"))
	if len(s.AuditDigest) != 0 {
		p.row("audit digest", "%s", s.AuditDigest)
	}
	if s.Exclusive != "" {
		p.row("exclusive audit", "session %s", s.Exclusive)
	}
	p.secrets(s.Secrets)
	p.head("Hierarchies now")
	p.hierarchies(s.Hierarchies)
	p.extension(s.Extension)
	p.head("PCR now")
	p.values(s.PCR)
	p.head(fmt.Sprintf("Loaded objects: %d", len(s.Objects)+len(s.Sequences)))
	for i := range s.Objects {
		p.object(&s.Objects[i])
	}
	for i := range s.Sequences {
		p.sequence(&s.Sequences[i])
	}
	p.head(fmt.Sprintf("Sessions: %d loaded, %d saved", len(s.Sessions), len(s.Saved)))
	for i := range s.Sessions {
		p.session(&s.Sessions[i])
	}
	if len(s.Saved) > 0 {
		p.row("saved", "%s", strings.Join(s.Saved, ", "))
	}
	p.head(fmt.Sprintf("Orderly NV indexes now: %d", len(s.Orderly)))
	for _, o := range s.Orderly {
		p.row(o.Handle, "%d bytes, %s", o.Size, strings.Join(o.Attributes, " "))
		if o.Data != nil {
			p.row("  secret", "data: %s", orNone(o.Data.String()))
		}
	}
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

func set(b bool) string { return pick(b, "set", "empty") }

func orNone(s string) string { return pick(s == "", "none", s) }
