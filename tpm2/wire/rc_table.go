package wire

// Response codes of Part 2, Table 18, without position.
const (
	RCSuccess RC = 0x000
	RCBadTag  RC = 0x01E

	// Format zero: never with a position.
	RCInitialize      RC = 0x100
	RCFailure         RC = 0x101
	RCSequence        RC = 0x103
	RCPrivate         RC = 0x10B
	RCHMAC            RC = 0x119
	RCDisabled        RC = 0x120
	RCExclusive       RC = 0x121
	RCAuthType        RC = 0x124
	RCAuthMissing     RC = 0x125
	RCPolicy          RC = 0x126
	RCPCR             RC = 0x127
	RCPCRChanged      RC = 0x128
	RCUpgrade         RC = 0x12D
	RCTooManyContexts RC = 0x12E
	RCAuthUnavailable RC = 0x12F
	RCReboot          RC = 0x130
	RCUnbalanced      RC = 0x131
	RCCommandSize     RC = 0x142
	RCCommandCode     RC = 0x143
	RCAuthSize        RC = 0x144
	RCAuthContext     RC = 0x145
	RCNVRange         RC = 0x146
	RCNVSize          RC = 0x147
	RCNVLocked        RC = 0x148
	RCNVAuthorization RC = 0x149
	RCNVUninitialized RC = 0x14A
	RCNVSpace         RC = 0x14B
	RCNVDefined       RC = 0x14C
	RCBadContext      RC = 0x150
	RCCpHash          RC = 0x151
	RCParent          RC = 0x152
	RCNeedsTest       RC = 0x153
	RCNoResult        RC = 0x154
	RCSensitive       RC = 0x155
	RCReadOnly        RC = 0x156

	// Format one: take the position of a parameter, handle or session.
	RCAsymmetric       RC = 0x081
	RCAttributes       RC = 0x082
	RCHash             RC = 0x083
	RCValue            RC = 0x084
	RCHierarchy        RC = 0x085
	RCKeySize          RC = 0x087
	RCMGF              RC = 0x088
	RCMode             RC = 0x089
	RCType             RC = 0x08A
	RCHandle           RC = 0x08B
	RCKDF              RC = 0x08C
	RCRange            RC = 0x08D
	RCAuthFail         RC = 0x08E
	RCNonce            RC = 0x08F
	RCPP               RC = 0x090
	RCScheme           RC = 0x092
	RCSize             RC = 0x095
	RCSymmetric        RC = 0x096
	RCTag              RC = 0x097
	RCSelector         RC = 0x098
	RCInsufficient     RC = 0x09A
	RCSignature        RC = 0x09B
	RCKey              RC = 0x09C
	RCPolicyFail       RC = 0x09D
	RCIntegrity        RC = 0x09F
	RCTicket           RC = 0x0A0
	RCReservedBits     RC = 0x0A1
	RCBadAuth          RC = 0x0A2
	RCExpired          RC = 0x0A3
	RCPolicyCC         RC = 0x0A4
	RCBinding          RC = 0x0A5
	RCCurve            RC = 0x0A6
	RCECCPoint         RC = 0x0A7
	RCFWLimited        RC = 0x0A8
	RCSVNLimited       RC = 0x0A9
	RCParms            RC = 0x0AA
	RCExtMu            RC = 0x0AB
	RCOneShotSignature RC = 0x0AC
	RCSignContextKey   RC = 0x0AD
	RCChannel          RC = 0x0B0
	RCChannelKey       RC = 0x0B1

	// Warnings: never with a position.
	RCContextGap     RC = 0x901
	RCObjectMemory   RC = 0x902
	RCSessionMemory  RC = 0x903
	RCMemory         RC = 0x904
	RCSessionHandles RC = 0x905
	RCObjectHandles  RC = 0x906
	RCLocality       RC = 0x907
	RCYielded        RC = 0x908
	RCCanceled       RC = 0x909
	RCTesting        RC = 0x90A
	RCReferenceH0    RC = 0x910
	RCReferenceH1    RC = 0x911
	RCReferenceH2    RC = 0x912
	RCReferenceH3    RC = 0x913
	RCReferenceH4    RC = 0x914
	RCReferenceH5    RC = 0x915
	RCReferenceH6    RC = 0x916
	RCReferenceS0    RC = 0x918
	RCReferenceS1    RC = 0x919
	RCReferenceS2    RC = 0x91A
	RCReferenceS3    RC = 0x91B
	RCReferenceS4    RC = 0x91C
	RCReferenceS5    RC = 0x91D
	RCReferenceS6    RC = 0x91E
	RCNVRate         RC = 0x920
	RCLockout        RC = 0x921
	RCRetry          RC = 0x922
	RCNVUnavailable  RC = 0x923
	RCNotUsed        RC = 0x97F
)

// rcTable names and explains every code of Table 18.
var rcTable = [...]struct {
	rc            RC
	name, meaning string
}{
	{RCSuccess, "TPM_RC_SUCCESS", "no error"},
	{RCBadTag, "TPM_RC_BAD_TAG", "command tag is not a command tag"},
	{RCInitialize, "TPM_RC_INITIALIZE", "TPM2_Startup is needed first, or has been done already"},
	{RCFailure, "TPM_RC_FAILURE", "the TPM is in failure mode"},
	{RCSequence, "TPM_RC_SEQUENCE", "sequence handle used wrongly"},
	{RCPrivate, "TPM_RC_PRIVATE", "not used"},
	{RCHMAC, "TPM_RC_HMAC", "not used"},
	{RCDisabled, "TPM_RC_DISABLED", "the command is disabled"},
	{RCExclusive, "TPM_RC_EXCLUSIVE", "the audit session is not exclusive"},
	{RCAuthType, "TPM_RC_AUTH_TYPE", "this kind of authorization does not fit the handle"},
	{RCAuthMissing, "TPM_RC_AUTH_MISSING", "a handle needs an authorization session that is not there"},
	{RCPolicy, "TPM_RC_POLICY", "the policy comparison failed or authPolicy is invalid"},
	{RCPCR, "TPM_RC_PCR", "a PCR check failed"},
	{RCPCRChanged, "TPM_RC_PCR_CHANGED", "a PCR has changed since it was checked"},
	{RCUpgrade, "TPM_RC_UPGRADE", "the TPM is in field upgrade mode, or needs to be"},
	{RCTooManyContexts, "TPM_RC_TOO_MANY_CONTEXTS", "the context counter is at its maximum"},
	{RCAuthUnavailable, "TPM_RC_AUTH_UNAVAILABLE", "authValue or authPolicy of the entity cannot be used"},
	{RCReboot, "TPM_RC_REBOOT", "a TPM reset is needed before going on"},
	{RCUnbalanced, "TPM_RC_UNBALANCED", "hash and symmetric algorithm are of unequal strength"},
	{RCCommandSize, "TPM_RC_COMMAND_SIZE", "commandSize does not match the command"},
	{RCCommandCode, "TPM_RC_COMMAND_CODE", "command is not supported"},
	{RCAuthSize, "TPM_RC_AUTHSIZE", "authorizationSize is out of range"},
	{RCAuthContext, "TPM_RC_AUTH_CONTEXT", "the command takes no authorization sessions"},
	{RCNVRange, "TPM_RC_NV_RANGE", "offset and size exceed the NV index"},
	{RCNVSize, "TPM_RC_NV_SIZE", "size is larger than NV allows"},
	{RCNVLocked, "TPM_RC_NV_LOCKED", "the NV index is locked"},
	{RCNVAuthorization, "TPM_RC_NV_AUTHORIZATION", "this authorization gives no access to the NV index"},
	{RCNVUninitialized, "TPM_RC_NV_UNINITIALIZED", "the NV index has not been written, or saved state cannot be restored"},
	{RCNVSpace, "TPM_RC_NV_SPACE", "no room left in NV"},
	{RCNVDefined, "TPM_RC_NV_DEFINED", "the NV index or persistent handle is taken"},
	{RCBadContext, "TPM_RC_BAD_CONTEXT", "the saved context is not valid"},
	{RCCpHash, "TPM_RC_CPHASH", "cpHash is set already or does not fit"},
	{RCParent, "TPM_RC_PARENT", "the handle is not that of a parent"},
	{RCNeedsTest, "TPM_RC_NEEDS_TEST", "a function has to be tested first"},
	{RCNoResult, "TPM_RC_NO_RESULT", "the request cannot be processed"},
	{RCSensitive, "TPM_RC_SENSITIVE", "the sensitive area does not decode"},
	{RCReadOnly, "TPM_RC_READ_ONLY", "the TPM is in read-only mode"},
	{RCAsymmetric, "TPM_RC_ASYMMETRIC", "asymmetric algorithm not supported or wrong"},
	{RCAttributes, "TPM_RC_ATTRIBUTES", "attributes do not agree"},
	{RCHash, "TPM_RC_HASH", "hash algorithm not supported or wrong here"},
	{RCValue, "TPM_RC_VALUE", "value out of range or wrong here"},
	{RCHierarchy, "TPM_RC_HIERARCHY", "hierarchy disabled or wrong here"},
	{RCKeySize, "TPM_RC_KEY_SIZE", "key size not supported"},
	{RCMGF, "TPM_RC_MGF", "mask generation function not supported"},
	{RCMode, "TPM_RC_MODE", "mode not supported"},
	{RCType, "TPM_RC_TYPE", "type wrong here"},
	{RCHandle, "TPM_RC_HANDLE", "handle wrong here"},
	{RCKDF, "TPM_RC_KDF", "key derivation function not supported or wrong here"},
	{RCRange, "TPM_RC_RANGE", "value outside its range"},
	{RCAuthFail, "TPM_RC_AUTH_FAIL", "authorization failed and was counted, or lockoutAuth is disabled"},
	{RCNonce, "TPM_RC_NONCE", "nonce has a wrong size or value"},
	{RCPP, "TPM_RC_PP", "physical presence is required"},
	{RCScheme, "TPM_RC_SCHEME", "scheme not supported or does not fit"},
	{RCSize, "TPM_RC_SIZE", "wrong size"},
	{RCSymmetric, "TPM_RC_SYMMETRIC", "symmetric algorithm or key size not supported or wrong here"},
	{RCTag, "TPM_RC_TAG", "wrong structure tag"},
	{RCSelector, "TPM_RC_SELECTOR", "wrong union selector"},
	{RCInsufficient, "TPM_RC_INSUFFICIENT", "input ends too early"},
	{RCSignature, "TPM_RC_SIGNATURE", "signature is not valid"},
	{RCKey, "TPM_RC_KEY", "key does not fit this use"},
	{RCPolicyFail, "TPM_RC_POLICY_FAIL", "a policy check failed"},
	{RCIntegrity, "TPM_RC_INTEGRITY", "integrity check failed"},
	{RCTicket, "TPM_RC_TICKET", "ticket is not valid"},
	{RCReservedBits, "TPM_RC_RESERVED_BITS", "a reserved bit is set"},
	{RCBadAuth, "TPM_RC_BAD_AUTH", "authorization failed (not counted)"},
	{RCExpired, "TPM_RC_EXPIRED", "the policy has expired"},
	{RCPolicyCC, "TPM_RC_POLICY_CC", "the policy is for another command, or names one that does not exist"},
	{RCBinding, "TPM_RC_BINDING", "public and sensitive parts do not belong together"},
	{RCCurve, "TPM_RC_CURVE", "curve not supported"},
	{RCECCPoint, "TPM_RC_ECC_POINT", "point is not on the curve"},
	{RCFWLimited, "TPM_RC_FW_LIMITED", "the secret of the firmware-limited hierarchy is not available"},
	{RCSVNLimited, "TPM_RC_SVN_LIMITED", "the secret of the SVN-limited hierarchy is not available"},
	{RCParms, "TPM_RC_PARMS", "parameter set not supported"},
	{RCExtMu, "TPM_RC_EXT_MU", "external mu is not supported"},
	{RCOneShotSignature, "TPM_RC_ONE_SHOT_SIGNATURE", "the whole message has to come with the last command of the sequence"},
	{RCSignContextKey, "TPM_RC_SIGN_CONTEXT_KEY", "the sequence was started with another key"},
	{RCChannel, "TPM_RC_CHANNEL", "the command needs a secure channel"},
	{RCChannelKey, "TPM_RC_CHANNEL_KEY", "the secure channel was made with another key"},
	{RCContextGap, "TPM_RC_CONTEXT_GAP", "the oldest saved session is too far behind"},
	{RCObjectMemory, "TPM_RC_OBJECT_MEMORY", "no memory for another object"},
	{RCSessionMemory, "TPM_RC_SESSION_MEMORY", "no memory for another session"},
	{RCMemory, "TPM_RC_MEMORY", "out of memory"},
	{RCSessionHandles, "TPM_RC_SESSION_HANDLES", "out of session handles"},
	{RCObjectHandles, "TPM_RC_OBJECT_HANDLES", "out of object handles"},
	{RCLocality, "TPM_RC_LOCALITY", "wrong locality"},
	{RCYielded, "TPM_RC_YIELDED", "the command was suspended and can be sent again"},
	{RCCanceled, "TPM_RC_CANCELED", "the command was cancelled"},
	{RCTesting, "TPM_RC_TESTING", "self-tests are running"},
	{RCReferenceH0, "TPM_RC_REFERENCE_H0", "handle 1 refers to an object or session that is not loaded"},
	{RCReferenceH1, "TPM_RC_REFERENCE_H1", "handle 2 refers to an object or session that is not loaded"},
	{RCReferenceH2, "TPM_RC_REFERENCE_H2", "handle 3 refers to an object or session that is not loaded"},
	{RCReferenceH3, "TPM_RC_REFERENCE_H3", "handle 4 refers to an object or session that is not loaded"},
	{RCReferenceH4, "TPM_RC_REFERENCE_H4", "handle 5 refers to an object or session that is not loaded"},
	{RCReferenceH5, "TPM_RC_REFERENCE_H5", "handle 6 refers to an object or session that is not loaded"},
	{RCReferenceH6, "TPM_RC_REFERENCE_H6", "handle 7 refers to an object or session that is not loaded"},
	{RCReferenceS0, "TPM_RC_REFERENCE_S0", "session handle 1 refers to a session that is not loaded"},
	{RCReferenceS1, "TPM_RC_REFERENCE_S1", "session handle 2 refers to a session that is not loaded"},
	{RCReferenceS2, "TPM_RC_REFERENCE_S2", "session handle 3 refers to a session that is not loaded"},
	{RCReferenceS3, "TPM_RC_REFERENCE_S3", "session handle 4 refers to a session that is not loaded"},
	{RCReferenceS4, "TPM_RC_REFERENCE_S4", "session handle 5 refers to a session that is not loaded"},
	{RCReferenceS5, "TPM_RC_REFERENCE_S5", "session handle 6 refers to a session that is not loaded"},
	{RCReferenceS6, "TPM_RC_REFERENCE_S6", "session handle 7 refers to a session that is not loaded"},
	{RCNVRate, "TPM_RC_NV_RATE", "NV is written too often"},
	{RCLockout, "TPM_RC_LOCKOUT", "locked out by dictionary attack protection"},
	{RCRetry, "TPM_RC_RETRY", "the command was not started and can be sent again"},
	{RCNVUnavailable, "TPM_RC_NV_UNAVAILABLE", "NV cannot be accessed now"},
	{RCNotUsed, "TPM_RC_NOT_USED", "reserved"},
}
