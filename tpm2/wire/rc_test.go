package wire

import (
	"errors"
	"strings"
	"testing"
)

func TestRCPosition(t *testing.T) {
	for _, test := range []struct {
		got, want RC
		text      string
	}{
		{RCSuccess, 0x000, "TPM_RC_SUCCESS: no error"},
		{RCBadTag, 0x01E, "TPM_RC_BAD_TAG: command tag is not a command tag"},
		{RCInitialize, 0x100, "TPM_RC_INITIALIZE: TPM2_Startup is needed first, or has been done already"},
		{RCInitialize.Parameter(1), 0x100, "TPM_RC_INITIALIZE: TPM2_Startup is needed first, or has been done already"},
		{RCValue, 0x084, "TPM_RC_VALUE: value out of range or wrong here"},
		{RCValue.Parameter(1), 0x1C4, "TPM_RC_VALUE (parameter 1): value out of range or wrong here"},
		{RCValue.Parameter(15), 0xFC4, "TPM_RC_VALUE (parameter 15): value out of range or wrong here"},
		{RCValue.Parameter(16), 0x084, "TPM_RC_VALUE: value out of range or wrong here"},
		{RCValue.Parameter(0), 0x084, "TPM_RC_VALUE: value out of range or wrong here"},
		{RCValue.Handle(1), 0x184, "TPM_RC_VALUE (handle 1): value out of range or wrong here"},
		{RCHandle.Handle(3), 0x38B, "TPM_RC_HANDLE (handle 3): handle wrong here"},
		{RCHandle.Handle(8), 0x08B, "TPM_RC_HANDLE: handle wrong here"},
		{RCAuthFail.Session(1), 0x98E, "TPM_RC_AUTH_FAIL (session 1): authorization failed and was counted, or lockoutAuth is disabled"},
		{RCBadAuth.Session(2), 0xAA2, "TPM_RC_BAD_AUTH (session 2): authorization failed (not counted)"},
		{RCBadAuth.Session(8), 0x0A2, "TPM_RC_BAD_AUTH: authorization failed (not counted)"},
		{RCSize.Parameter(2).Parameter(3), 0x2D5, "TPM_RC_SIZE (parameter 2): wrong size"},
		{RCSize.Handle(2).Session(3), 0x295, "TPM_RC_SIZE (handle 2): wrong size"},
		{RCLockout, 0x921, "TPM_RC_LOCKOUT: locked out by dictionary attack protection"},
		{RCReferenceS0, 0x918, "TPM_RC_REFERENCE_S0: session handle 1 refers to a session that is not loaded"},
		{RC(0x8D5), 0x8D5, "TPM_RC_SIZE (parameter 8): wrong size"},
		{RC(0x886), 0x886, "response code 0x886"},
		{RC(0x895), 0x895, "TPM_RC_SIZE (session): wrong size"},
		{RC(0x0D5), 0x0D5, "TPM_RC_SIZE (parameter): wrong size"},
		{RC(0x542), 0x542, "vendor response code 0x542"},
		{RC(0xFFFFFFFF), 0xFFFFFFFF, "response code 0xffffffff"},
	} {
		if test.got != test.want || test.got.String() != test.text {
			t.Errorf("%#03x %q, want %#03x %q", uint32(test.got), test.got, uint32(test.want), test.text)
		}
	}
}

// TestRCRoundTrip gives every code every position and takes it off again.
func TestRCRoundTrip(t *testing.T) {
	seen := map[RC]string{}
	for _, e := range rcTable {
		if name, dup := seen[e.rc]; dup {
			t.Errorf("%s and %s are both %#x", name, e.name, uint32(e.rc))
		}
		seen[e.rc] = e.name
		if e.rc.Name() != e.name || e.meaning == "" || !strings.HasPrefix(e.name, "TPM_RC_") {
			t.Errorf("%#x: %q %q", uint32(e.rc), e.name, e.meaning)
		}
		for n := 1; n <= 15; n++ {
			checkPosition(t, e.rc, e.rc.Parameter(n), "parameter", n)
			if n <= 7 {
				checkPosition(t, e.rc, e.rc.Handle(n), "handle", n)
				checkPosition(t, e.rc, e.rc.Session(n), "session", n)
			}
		}
		if warning := e.rc >= 0x900 && e.rc <= 0x97F; e.rc.IsWarning() != warning {
			t.Errorf("%s: warning %v", e.name, !warning)
		}
	}
}

func checkPosition(t *testing.T, base, rc RC, wantKind string, wantN int) {
	t.Helper()
	if !base.IsFormatOne() {
		wantKind, wantN = "", 0
	}
	if kind, n := rc.Position(); kind != wantKind || n != wantN || rc.Base() != base {
		t.Errorf("%#x: %s %d of %#x, want %s %d of %#x", uint32(rc), kind, n, uint32(rc.Base()), wantKind, wantN, uint32(base))
	}
}

func TestRCErr(t *testing.T) {
	if RCSuccess.Err() != nil {
		t.Error("success is an error")
	}
	if err := RCSize.Parameter(1).Err(); !errors.Is(err, RC(0x1D5)) {
		t.Error(err)
	}
}

func TestErrorResponse(t *testing.T) {
	if got, want := string(ErrorResponse(RCValue.Parameter(2))), "\x80\x01\x00\x00\x00\x0a\x00\x00\x02\xc4"; got != want {
		t.Errorf("%x", got)
	}
}
