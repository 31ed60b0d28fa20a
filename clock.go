package govtpm

import "time"

// systemClock is the clock of the machine.
type systemClock struct{ start time.Time }

func newSystemClock() systemClock { return systemClock{time.Now()} }

// Monotonic implements tpm2.Clock.
func (c systemClock) Monotonic() time.Duration { return time.Since(c.start) }

// Wall implements tpm2.Clock.
func (c systemClock) Wall() time.Time { return time.Now() }
