package control

import (
	"errors"
	"fmt"
)

// Result is the 32-bit code in the first word of a response. The values are
// TPM 1.2's, except for ResultFailure2.
type Result uint32

// The results in use.
const (
	Success         Result = 0x00
	BadParameter    Result = 0x03  // body too short or long, unknown type
	Fail            Result = 0x09  // anything without a better code
	BadOrdinal      Result = 0x0a  // unknown command, or not in this state of the TPM
	KeyNotFound     Result = 0x0d  // a blob is encrypted with a key that was not given
	Size            Result = 0x17  // no memory for the answer
	SHAThread       Result = 0x1a  // HASH_DATA or HASH_END without HASH_START
	IOError         Result = 0x1f  // descriptor or storage trouble
	EncryptError    Result = 0x20  // a blob could not be encrypted
	DecryptError    Result = 0x21  // wrong key, padding or authentication code
	InvalidPostinit Result = 0x26  // state blob refused because the TPM is powered
	BadKeyProperty  Result = 0x28  // key length differs from what the blob says
	BadDataSize     Result = 0x2b  // blob header of unknown size
	BadMode         Result = 0x2c  // no usable cipher
	BadVersion      Result = 0x2e  // blob of a later format
	BadType         Result = 0x34  // kind of state that this TPM does not have
	BadLocality     Result = 0x3d  // locality out of range, or refused
	Failure2        Result = 0x101 // a TPM 2.0 that could not be started
	Retry           Result = 0x800 // no such state; clients go on
)

var resultNames = map[Result]string{
	Success: "success", BadParameter: "bad parameter", Fail: "failure", BadOrdinal: "unknown, or not in this state of the TPM",
	KeyNotFound: "key not found", Size: "no space", SHAThread: "no hash sequence", IOError: "input/output error",
	EncryptError: "encryption error", DecryptError: "decryption error", InvalidPostinit: "TPM is powered",
	BadKeyProperty: "bad key property", BadDataSize: "bad data size", BadMode: "bad mode", BadVersion: "format of a later version",
	BadType: "no such kind of state", BadLocality: "bad locality", Failure2: "TPM 2.0 failure", Retry: "no such state",
}

// Meaning tells in words what a result means on the control channel, "" for one that is not in use.
func (r Result) Meaning() string { return resultNames[r] }

// String gives number and meaning.
func (r Result) String() string {
	if name, ok := resultNames[r]; ok {
		return fmt.Sprintf("0x%x (%s)", uint32(r), name)
	}
	return fmt.Sprintf("0x%x", uint32(r))
}

// Error makes a Result other than Success usable as an error.
func (r Result) Error() string { return "TPM result " + r.String() }

// TPMResult is the method by which ResultOf finds the code of an error.
func (r Result) TPMResult() uint32 { return uint32(r) }

// ResultOf finds the result that err carries: Success for nil, the value of the
// first error in the chain that has a method TPMResult() uint32, else Fail.
func ResultOf(err error) Result {
	if err == nil {
		return Success
	}
	var c interface{ TPMResult() uint32 }
	if errors.As(err, &c) && c.TPMResult() != 0 {
		return Result(c.TPMResult())
	}
	return Fail
}
