package govtpm

import (
	"errors"
	"fmt"

	"govtpm/store"
	"govtpm/tpm2/wire"
)

// Results of the control channel for what the store has no code of its own for.
const (
	resultFail            = 0x09  // TPM_FAIL
	resultBadOrdinal      = 0x0a  // TPM_BAD_ORDINAL: not in this state of the TPM
	resultIOError         = 0x1f  // TPM_IOERROR
	resultInvalidPostinit = 0x26  // TPM_INVALID_POSTINIT: not on a running TPM
	resultBadType         = 0x34  // TPM_BAD_TYPE: a kind of state that TPM 2.0 does not have
	resultBadLocality     = 0x3d  // TPM_BAD_LOCALITY
	resultFailure         = 0x101 // TPM_RC_FAILURE: the TPM cannot be started
	resultRetry           = 0x800 // TPM_RETRY: no such state
)

var (
	errOff     = errors.New("the TPM is off")
	errRunning = errors.New("the TPM is running")
	errClosed  = errors.New("the TPM is closed")
)

// resultError is an error with its code for the client of the control channel.
type resultError struct {
	err   error
	code  uint32
	fatal bool
}

// Error implements error.
func (e *resultError) Error() string { return e.err.Error() }

// Unwrap is the cause.
func (e *resultError) Unwrap() error { return e.err }

// TPMResult is the code for the client.
func (e *resultError) TPMResult() uint32 { return e.code }

// Fatal tells whether the process has to end.
func (e *resultError) Fatal() bool { return e.fatal }

// withResult gives an error a code; nil stays nil.
func withResult(err error, code uint32) error {
	if err == nil {
		return nil
	}
	return &resultError{err: err, code: code}
}

// storeError gives an error of the store its code.
func storeError(doing string, err error) error {
	if err == nil {
		return nil
	}
	return withResult(fmt.Errorf("%s: %w", doing, err), store.Result(err))
}

// stateError gives the refusal of a state the response code by which libtpms refuses it.
func stateError(doing string, err error) error {
	if err == nil {
		return nil
	}
	code := uint32(resultFail)
	var refused interface{ RC() wire.RC }
	if errors.As(err, &refused) {
		code = uint32(refused.RC())
	}
	return withResult(fmt.Errorf("%s: %w", doing, err), code)
}
