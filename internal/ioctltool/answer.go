package ioctltool

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"govtpm/control"
	"govtpm/internal/rcname"
)

// call sends a request and turns a result other than success into an error.
func (t *tool) call(req control.Request) (control.Response, error) {
	rsp, err := t.ch.Do(req)
	var timed net.Error
	switch {
	case errors.As(err, &timed) && timed.Timeout():
		return nil, fmt.Errorf("Could not execute PTM_%v: No answer within %d seconds. Is this the control channel? "+
			"The channel for TPM commands does not answer requests.", req.Command(), int(timeout.Seconds()))
	case err != nil:
		return nil, fmt.Errorf("Could not execute PTM_%v: %s", req.Command(), cause(err))
	}
	if r := rsp.TPMResult(); r != 0 {
		return rsp, fmt.Errorf("TPM result from PTM_%v: %s", req.Command(), t.describe(r))
	}
	return rsp, nil
}

// describe gives a result in the digits that programs look for. They compare the whole line: only a person is told behind them what the
// result is called and what it means here. A mistake that no program makes is told to all.
func (t *tool) describe(r uint32) string {
	text := fmt.Sprintf("0x%x", r)
	name, meaning := rcname.TPM12(r), control.Result(r).Meaning()
	switch {
	case isTPMHeader(r):
		return text + " (a TPM's response to a command: this is the channel for TPM commands, not the control channel)"
	case !t.words:
		return text
	case name == "": // of TPM 2, with its meaning
		name, meaning = rcname.Of(r), ""
	}
	switch {
	case name == "":
		return text
	case meaning == "":
		return text + " (" + name + ")"
	}
	return text + " (" + name + ": " + meaning + ")"
}

// isTerminal says whether a person reads what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// isTPMHeader says whether a result is in truth how a TPM's response to a command begins: its tag, and the upper half of its size
// (Part 2, 6.9; TPM 1.2 Part 2, 6). A data channel takes what is sent to it for a command.
func isTPMHeader(r uint32) bool {
	return r == 0x8001<<16 || r == 0x8002<<16 || r == 0x00c4<<16
}
