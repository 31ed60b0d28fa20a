package inspect

import (
	"errors"
	"strings"

	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/tpm2/nvstate"
)

const restore = "restore it from a backup; a directory kept with the option backup has one beside it, tpm2-00.permall.bak"

// problem puts an error into words.
func problem(blob string, err error) Problem {
	p := Problem{Blob: blob, Text: err.Error(), Advice: restore}
	if fault := (*nvstate.Error)(nil); errors.As(err, &fault) {
		return faultOf(p, fault)
	}
	for _, row := range [...]struct {
		err    error
		advice string
	}{
		{envelope.ErrNoKey, "give the key with --key, or --migration-key for state from migration"},
		{envelope.ErrNotEncrypted, "leave --key out"},
		{envelope.ErrKeySize, "set mode= of the key to the length that is told"},
		{envelope.ErrDecrypt, "check that it is the right key; if it is, the file is damaged: " + restore},
		{envelope.ErrVersion, "use the program that wrote it, or a later version of this one"},
		{envelope.ErrEmpty, "it says that the TPM it comes from has no such state; there is nothing to do"},
		{errTPM12, "only the state of a TPM 2 can be inspected"},
		{errUnknown, "check that it is the right file; if it is, the file is damaged: " + restore},
		{store.ErrIrregular, "give the name of the file itself"},
		{store.ErrForeign, "check the name of the file"},
	} {
		if errors.Is(err, row.err) {
			p.Advice = row.advice
			break
		}
	}
	// The errors of the envelope bring advice of their own, behind a colon or a semicolon; it stands beside.
	for _, told := range []error{envelope.ErrNoKey, envelope.ErrNotEncrypted} {
		if errors.Is(err, told) {
			p.Text = told.Error()
		}
	}
	text, own, both := strings.Cut(p.Text, "; ")
	if both && (strings.Contains(own, "restore it from a backup") || errors.Is(err, envelope.ErrKeySize)) {
		p.Text = text
	}
	return p
}

// faultOf tells of a fault in the format.
func faultOf(p Problem, fault *nvstate.Error) Problem {
	offset := fault.Offset
	p.Text = fault.Kind.Error() + ": " + fault.Detail
	p.Structure, p.Offset = fault.Structure, &offset
	if own, found := strings.CutSuffix(fault.Advice(), "restore it from a backup"); found {
		p.Advice = own + restore
	} else {
		p.Advice = own
	}
	return p
}
