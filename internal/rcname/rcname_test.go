package rcname

import (
	"strings"
	"testing"
)

// TestOf checks codes of both TPMs, at the ends of their ranges and where a list could be out by one.
func TestOf(t *testing.T) {
	for code, want := range map[uint32]string{
		0: "", 0x01: "TPM_AUTHFAIL", 0x03: "TPM_BAD_PARAMETER", 0x09: "TPM_FAIL", 0x0a: "TPM_BAD_ORDINAL", 0x0d: "TPM_KEYNOTFOUND",
		0x17: "TPM_SIZE", 0x1a: "TPM_SHA_THREAD", 0x1e: "TPM_BADTAG", 0x1f: "TPM_IOERROR", 0x20: "TPM_ENCRYPT_ERROR",
		0x21: "TPM_DECRYPT_ERROR", 0x26: "TPM_INVALID_POSTINIT", 0x28: "TPM_BAD_KEY_PROPERTY", 0x2b: "TPM_BAD_DATASIZE",
		0x2c: "TPM_BAD_MODE", 0x2d: "TPM_BAD_PRESENCE", 0x2e: "TPM_BAD_VERSION", 0x34: "TPM_BAD_TYPE", 0x3d: "TPM_BAD_LOCALITY",
		0x50: "TPM_DAA_RESOURCES", 0x51: "", 0x800: "TPM_RETRY", 0x803: "TPM_DEFEND_LOCK_RUNNING", 0x804: "",
		0x84:  "TPM_RC_VALUE: value out of range or wrong here",
		0x2c4: "TPM_RC_VALUE (parameter 2): value out of range or wrong here",
		0x100: "TPM_RC_INITIALIZE: TPM2_Startup is needed first, or has been done already",
		0x101: "TPM_RC_FAILURE: ", 0x907: "TPM_RC_LOCALITY: ", 0x80010000: "", 0xffffffff: "", 0x10000084: "",
	} {
		if got := Of(code); got != want && (want == "" || !strings.HasSuffix(want, ": ") || !strings.HasPrefix(got, want)) {
			t.Errorf("0x%x: %q, want %q", code, got, want)
		}
	}
	for code, name := range fatal12 {
		if (name == "") != (code == 0) {
			t.Errorf("0x%x: %q", code, name)
		}
	}
}
