package inspect

import (
	"fmt"
	"strings"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// Extension is what a TPM with a profile beyond libtpms has besides.
type Extension struct {
	ReadOnly   bool        `json:"readOnly"`
	Countdowns []Countdown `json:"countdownTimers"` // those that are not idle
}

// Countdown is an authenticated countdown timer.
type Countdown struct {
	Handle    string `json:"handle"`
	Seconds   uint32 `json:"secondsLeft,omitempty"` // when the TPM resumes
	Deadline  uint64 `json:"deadline,omitempty"`    // in time of the TPM, ms, while it runs
	Signaled  bool   `json:"signaled"`
	Preserved bool   `json:"preserveSignaled"`
	Policy    string `json:"policyAlg,omitempty"`
	Digest    Hex    `json:"policyDigest,omitempty"`
}

// extensionOf is nil for state of libtpms.
func extensionOf(e *nvstate.StateClearExtension) *Extension {
	if e == nil {
		return nil
	}
	r := &Extension{ReadOnly: e.ReadOnly, Countdowns: []Countdown{}}
	for i := range e.Countdowns {
		t := &e.Countdowns[i]
		if t.IsIdle() {
			continue
		}
		c := Countdown{
			Handle: handleText(wire.RHACT0 + wire.Handle(i)), Seconds: t.Timeout, Deadline: t.Deadline,
			Signaled: t.Flags&nvstate.CountdownSignaled != 0, Preserved: t.Flags&nvstate.CountdownPreserved != 0, Digest: t.Policy,
		}
		if t.PolicyAlg != wire.AlgNull {
			c.Policy = t.PolicyAlg.String()
		}
		r.Countdowns = append(r.Countdowns, c)
	}
	return r
}

func (p *printer) extension(e *Extension) {
	if e == nil {
		return
	}
	p.row("read-only mode", "%s", pick(e.ReadOnly, "on", "off"))
	for i := range e.Countdowns {
		p.row("timer "+e.Countdowns[i].Handle, "%s", e.Countdowns[i].text())
	}
}

func (c *Countdown) text() string {
	parts := []string{"at rest"}
	switch {
	case c.Deadline != 0:
		parts[0] = fmt.Sprintf("expires at %d ms of the TPM's time", c.Deadline)
	case c.Seconds != 0:
		parts[0] = fmt.Sprintf("%d s left", c.Seconds)
	}
	if c.Signaled {
		parts = append(parts, "signaled")
	}
	if c.Preserved {
		parts = append(parts, "signaled before the last resume")
	}
	if c.Policy != "" {
		parts = append(parts, fmt.Sprintf("policy %s %s", c.Policy, c.Digest))
	}
	return strings.Join(parts, ", ")
}
