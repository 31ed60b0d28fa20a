// Package rcname names the result codes of TPMs, for programs whose number alone a reader cannot place: a control channel answers with
// codes of TPM 1.2 and of TPM 2, and firmware may meet either TPM. The codes of the two do not overlap. Start at Of.
package rcname

import "govtpm/tpm2/wire"

// Of returns the name of a result code and what it means, such as "TPM_RC_INITIALIZE: …", or "" for a code that neither standard has.
func Of(code uint32) string {
	if name := TPM12(code); name != "" {
		return name
	}
	if rc := wire.RC(code); code != 0 && code <= maxTPM2 && rc.Name() != "" {
		return rc.String()
	}
	return ""
}

// maxTPM2 is the largest response code of a TPM 2: those above come from software around it (Part 2, 6.6.2).
const maxTPM2 = 0xfff

// nonFatal is where the codes of TPM 1.2 begin that ask to try again (TPM 1.2 Part 2, 16).
const nonFatal = 0x800

// TPM12 returns the name of a result code of TPM 1.2 (TPM 1.2 Part 2, 16), or "".
func TPM12(code uint32) string {
	switch {
	case code > 0 && code < uint32(len(fatal12)):
		return fatal12[code]
	case code >= nonFatal && code-nonFatal < uint32(len(nonFatal12)):
		return nonFatal12[code-nonFatal]
	}
	return ""
}

var fatal12 = [...]string{
	0x01: "TPM_AUTHFAIL", "TPM_BADINDEX", "TPM_BAD_PARAMETER", "TPM_AUDITFAILURE", "TPM_CLEAR_DISABLED", "TPM_DEACTIVATED", "TPM_DISABLED",
	0x08: "TPM_DISABLED_CMD", "TPM_FAIL", "TPM_BAD_ORDINAL", "TPM_INSTALL_DISABLED", "TPM_INVALID_KEYHANDLE", "TPM_KEYNOTFOUND",
	0x0e: "TPM_INAPPROPRIATE_ENC", "TPM_MIGRATEFAIL", "TPM_INVALID_PCR_INFO", "TPM_NOSPACE", "TPM_NOSRK", "TPM_NOTSEALED_BLOB",
	0x14: "TPM_OWNER_SET", "TPM_RESOURCES", "TPM_SHORTRANDOM", "TPM_SIZE", "TPM_WRONGPCRVAL", "TPM_BAD_PARAM_SIZE", "TPM_SHA_THREAD",
	0x1b: "TPM_SHA_ERROR", "TPM_FAILEDSELFTEST", "TPM_AUTH2FAIL", "TPM_BADTAG", "TPM_IOERROR", "TPM_ENCRYPT_ERROR", "TPM_DECRYPT_ERROR",
	0x22: "TPM_INVALID_AUTHHANDLE", "TPM_NO_ENDORSEMENT", "TPM_INVALID_KEYUSAGE", "TPM_WRONG_ENTITYTYPE", "TPM_INVALID_POSTINIT",
	0x27: "TPM_INAPPROPRIATE_SIG", "TPM_BAD_KEY_PROPERTY", "TPM_BAD_MIGRATION", "TPM_BAD_SCHEME", "TPM_BAD_DATASIZE", "TPM_BAD_MODE",
	0x2d: "TPM_BAD_PRESENCE", "TPM_BAD_VERSION", "TPM_NO_WRAP_TRANSPORT", "TPM_AUDITFAIL_UNSUCCESSFUL", "TPM_AUDITFAIL_SUCCESSFUL",
	0x32: "TPM_NOTRESETABLE", "TPM_NOTLOCAL", "TPM_BAD_TYPE", "TPM_INVALID_RESOURCE", "TPM_NOTFIPS", "TPM_INVALID_FAMILY",
	0x38: "TPM_NO_NV_PERMISSION", "TPM_REQUIRES_SIGN", "TPM_KEY_NOTSUPPORTED", "TPM_AUTH_CONFLICT", "TPM_AREA_LOCKED", "TPM_BAD_LOCALITY",
	0x3e: "TPM_READ_ONLY", "TPM_PER_NOWRITE", "TPM_FAMILYCOUNT", "TPM_WRITE_LOCKED", "TPM_BAD_ATTRIBUTES", "TPM_INVALID_STRUCTURE",
	0x44: "TPM_KEY_OWNER_CONTROL", "TPM_BAD_COUNTER", "TPM_NOT_FULLWRITE", "TPM_CONTEXT_GAP", "TPM_MAXNVWRITES", "TPM_NOOPERATOR",
	0x4a: "TPM_RESOURCEMISSING", "TPM_DELEGATE_LOCK", "TPM_DELEGATE_FAMILY", "TPM_DELEGATE_ADMIN", "TPM_TRANSPORT_NOTEXCLUSIVE",
	0x4f: "TPM_OWNER_CONTROL", "TPM_DAA_RESOURCES",
}

var nonFatal12 = [...]string{"TPM_RETRY", "TPM_NEEDS_SELFTEST", "TPM_DOING_SELFTEST", "TPM_DEFEND_LOCK_RUNNING"}
