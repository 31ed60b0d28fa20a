package decode

import (
	"fmt"
	"reflect"

	"govtpm/tpm2/wire"
)

// Names of Part 2 for constants whose types have no names of their own.
var (
	startupNames = map[wire.SU]string{wire.SUClear: "TPM_SU_CLEAR", wire.SUState: "TPM_SU_STATE"}
	sessionNames = map[wire.SE]string{wire.SEHMAC: "TPM_SE_HMAC", wire.SEPolicy: "TPM_SE_POLICY", wire.SETrial: "TPM_SE_TRIAL"}
	capNames     = map[wire.Cap]string{
		wire.CapAlgs: "TPM_CAP_ALGS", wire.CapHandles: "TPM_CAP_HANDLES", wire.CapCommands: "TPM_CAP_COMMANDS",
		wire.CapPPCommands: "TPM_CAP_PP_COMMANDS", wire.CapAuditCommands: "TPM_CAP_AUDIT_COMMANDS", wire.CapPCRs: "TPM_CAP_PCRS",
		wire.CapTPMProperties: "TPM_CAP_TPM_PROPERTIES", wire.CapPCRProperties: "TPM_CAP_PCR_PROPERTIES",
		wire.CapECCCurves: "TPM_CAP_ECC_CURVES", wire.CapAuthPolicies: "TPM_CAP_AUTH_POLICIES", wire.CapACT: "TPM_CAP_ACT",
		wire.CapPubKeys: "TPM_CAP_PUB_KEYS", wire.CapSPDMSessionInfo: "TPM_CAP_SPDM_SESSION_INFO",
		wire.CapVendorProperty: "TPM_CAP_VENDOR_PROPERTY",
	}
	comparisons = [...]string{
		"TPM_EO_EQ", "TPM_EO_NEQ", "TPM_EO_SIGNED_GT", "TPM_EO_UNSIGNED_GT", "TPM_EO_SIGNED_LT", "TPM_EO_UNSIGNED_LT",
		"TPM_EO_SIGNED_GE", "TPM_EO_UNSIGNED_GE", "TPM_EO_SIGNED_LE", "TPM_EO_UNSIGNED_LE", "TPM_EO_BITSET", "TPM_EO_BITCLEAR",
	}
)

// scalar is the text of a value that has no parts.
func scalar(v reflect.Value) (string, bool) {
	if text := constant(v.Interface()); text != "" {
		return text, true
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return "yes", true
		}
		return "no", true
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if s, ok := v.Interface().(fmt.Stringer); ok {
			if text := s.String(); text != "" {
				return text, true
			}
		}
		if n := v.Uint(); n > 9 {
			return fmt.Sprintf("%d (0x%x)", n, n), true
		}
		return fmt.Sprint(v.Uint()), true
	case reflect.Int8, reflect.Int32:
		return fmt.Sprint(v.Int()), true
	}
	return "", false
}

// constant is the name of a constant, empty if there is none.
func constant(v any) string {
	switch t := v.(type) {
	case wire.SU:
		return startupNames[t]
	case wire.SE:
		return sessionNames[t]
	case wire.Cap:
		return capNames[t]
	case wire.EO:
		if int(t) < len(comparisons) {
			return comparisons[t]
		}
	}
	return ""
}
