package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"govtpm/internal/logging"
	"govtpm/store"
)

// cannotStart says why a TPM could not be started: in simple words if there are some, else as what went wrong.
func cannotStart(s *stateSettings, err error) error {
	if what := s.wanting(); what != "" {
		return fmt.Errorf("Error: Could not start the TPM: %s", what)
	}
	if errors.Is(err, store.ErrLocked) && strings.HasPrefix(s.uri, "dir://") {
		err = fmt.Errorf("%s: %w", lockedText, err)
	}
	return fmt.Errorf("Error: Could not start the TPM of %s: %w", s.uri, err)
}

// lockedText is what programs look for in the log of a TPM whose directory another one has.
const lockedText = "SWTPM_NVRAM_Lock_Dir: Could not lock access to lockfile"

// announced is a TPM whose failures to start are logged: the client that wanted it started is told a number only.
type announced struct {
	Instance
	state *stateSettings
	log   *logging.Logger
}

// Init powers the TPM on.
func (t announced) Init(ctx context.Context, deleteVolatile bool) error {
	err := t.Instance.Init(ctx, deleteVolatile)
	if err != nil {
		t.log.Errorf("%v", cannotStart(t.state, err))
	}
	return err
}

// warn tells what the command line leaves out. It is no error: the directory may be made before the TPM is powered on, and
// a process that nobody can reach waits for a signal, as swtpm does.
func (r *process) warn() {
	if what := r.state.wanting(); what != "" {
		r.log.Errorf("Warning: The TPM cannot be powered on: %s", what)
	}
	switch {
	case r.ctrl != nil || r.device != nil:
	case r.data == nil:
		r.log.Errorf("Warning: Nobody can reach this TPM: there is no channel; see --server and --ctrl")
	case !r.tpm.Running() && r.data.platform == nil:
		r.log.Errorf("Warning: Nobody can power this TPM on: there is no control channel; see --ctrl and --flags not-need-init")
	}
}
