package wire

import "fmt"

// CC is TPM_CC, a command code (Part 2, 6.5).
type CC uint32

// Command codes of Part 2, Table 12. CCMAC and CCMACStart share their values with CCHMAC and CCHMACStart: a TPM has one
// pair or the other.
const (
	CCNVUndefineSpaceSpecial     CC = 0x0000011F
	CCEvictControl               CC = 0x00000120
	CCHierarchyControl           CC = 0x00000121
	CCNVUndefineSpace            CC = 0x00000122
	CCChangeEPS                  CC = 0x00000124
	CCChangePPS                  CC = 0x00000125
	CCClear                      CC = 0x00000126
	CCClearControl               CC = 0x00000127
	CCClockSet                   CC = 0x00000128
	CCHierarchyChangeAuth        CC = 0x00000129
	CCNVDefineSpace              CC = 0x0000012A
	CCPCRAllocate                CC = 0x0000012B
	CCPCRSetAuthPolicy           CC = 0x0000012C
	CCPPCommands                 CC = 0x0000012D
	CCSetPrimaryPolicy           CC = 0x0000012E
	CCFieldUpgradeStart          CC = 0x0000012F
	CCClockRateAdjust            CC = 0x00000130
	CCCreatePrimary              CC = 0x00000131
	CCNVGlobalWriteLock          CC = 0x00000132
	CCGetCommandAuditDigest      CC = 0x00000133
	CCNVIncrement                CC = 0x00000134
	CCNVSetBits                  CC = 0x00000135
	CCNVExtend                   CC = 0x00000136
	CCNVWrite                    CC = 0x00000137
	CCNVWriteLock                CC = 0x00000138
	CCDictionaryAttackLockReset  CC = 0x00000139
	CCDictionaryAttackParameters CC = 0x0000013A
	CCNVChangeAuth               CC = 0x0000013B
	CCPCREvent                   CC = 0x0000013C
	CCPCRReset                   CC = 0x0000013D
	CCSequenceComplete           CC = 0x0000013E
	CCSetAlgorithmSet            CC = 0x0000013F
	CCSetCommandCodeAuditStatus  CC = 0x00000140
	CCFieldUpgradeData           CC = 0x00000141
	CCIncrementalSelfTest        CC = 0x00000142
	CCSelfTest                   CC = 0x00000143
	CCStartup                    CC = 0x00000144
	CCShutdown                   CC = 0x00000145
	CCStirRandom                 CC = 0x00000146
	CCActivateCredential         CC = 0x00000147
	CCCertify                    CC = 0x00000148
	CCPolicyNV                   CC = 0x00000149
	CCCertifyCreation            CC = 0x0000014A
	CCDuplicate                  CC = 0x0000014B
	CCGetTime                    CC = 0x0000014C
	CCGetSessionAuditDigest      CC = 0x0000014D
	CCNVRead                     CC = 0x0000014E
	CCNVReadLock                 CC = 0x0000014F
	CCObjectChangeAuth           CC = 0x00000150
	CCPolicySecret               CC = 0x00000151
	CCRewrap                     CC = 0x00000152
	CCCreate                     CC = 0x00000153
	CCECDHZGen                   CC = 0x00000154
	CCHMAC                       CC = 0x00000155
	CCMAC                        CC = 0x00000155
	CCImport                     CC = 0x00000156
	CCLoad                       CC = 0x00000157
	CCQuote                      CC = 0x00000158
	CCRSADecrypt                 CC = 0x00000159
	CCHMACStart                  CC = 0x0000015B
	CCMACStart                   CC = 0x0000015B
	CCSequenceUpdate             CC = 0x0000015C
	CCSign                       CC = 0x0000015D
	CCUnseal                     CC = 0x0000015E
	CCPolicySigned               CC = 0x00000160
	CCContextLoad                CC = 0x00000161
	CCContextSave                CC = 0x00000162
	CCECDHKeyGen                 CC = 0x00000163
	CCEncryptDecrypt             CC = 0x00000164
	CCFlushContext               CC = 0x00000165
	CCLoadExternal               CC = 0x00000167
	CCMakeCredential             CC = 0x00000168
	CCNVReadPublic               CC = 0x00000169
	CCPolicyAuthorize            CC = 0x0000016A
	CCPolicyAuthValue            CC = 0x0000016B
	CCPolicyCommandCode          CC = 0x0000016C
	CCPolicyCounterTimer         CC = 0x0000016D
	CCPolicyCpHash               CC = 0x0000016E
	CCPolicyLocality             CC = 0x0000016F
	CCPolicyNameHash             CC = 0x00000170
	CCPolicyOR                   CC = 0x00000171
	CCPolicyTicket               CC = 0x00000172
	CCReadPublic                 CC = 0x00000173
	CCRSAEncrypt                 CC = 0x00000174
	CCStartAuthSession           CC = 0x00000176
	CCVerifySignature            CC = 0x00000177
	CCECCParameters              CC = 0x00000178
	CCFirmwareRead               CC = 0x00000179
	CCGetCapability              CC = 0x0000017A
	CCGetRandom                  CC = 0x0000017B
	CCGetTestResult              CC = 0x0000017C
	CCHash                       CC = 0x0000017D
	CCPCRRead                    CC = 0x0000017E
	CCPolicyPCR                  CC = 0x0000017F
	CCPolicyRestart              CC = 0x00000180
	CCReadClock                  CC = 0x00000181
	CCPCRExtend                  CC = 0x00000182
	CCPCRSetAuthValue            CC = 0x00000183
	CCNVCertify                  CC = 0x00000184
	CCEventSequenceComplete      CC = 0x00000185
	CCHashSequenceStart          CC = 0x00000186
	CCPolicyPhysicalPresence     CC = 0x00000187
	CCPolicyDuplicationSelect    CC = 0x00000188
	CCPolicyGetDigest            CC = 0x00000189
	CCTestParms                  CC = 0x0000018A
	CCCommit                     CC = 0x0000018B
	CCPolicyPassword             CC = 0x0000018C
	CCZGen2Phase                 CC = 0x0000018D
	CCECEphemeral                CC = 0x0000018E
	CCPolicyNVWritten            CC = 0x0000018F
	CCPolicyTemplate             CC = 0x00000190
	CCCreateLoaded               CC = 0x00000191
	CCPolicyAuthorizeNV          CC = 0x00000192
	CCEncryptDecrypt2            CC = 0x00000193
	CCACGetCapability            CC = 0x00000194
	CCACSend                     CC = 0x00000195
	CCPolicyACSendSelect         CC = 0x00000196
	CCCertifyX509                CC = 0x00000197
	CCACTSetTimeout              CC = 0x00000198
	CCECCEncrypt                 CC = 0x00000199
	CCECCDecrypt                 CC = 0x0000019A
	CCPolicyCapability           CC = 0x0000019B
	CCPolicyParameters           CC = 0x0000019C
	CCNVDefineSpace2             CC = 0x0000019D
	CCNVReadPublic2              CC = 0x0000019E
	CCSetCapability              CC = 0x0000019F
	CCReadOnlyControl            CC = 0x000001A0
	CCPolicyTransportSPDM        CC = 0x000001A1
	CCVerifySequenceComplete     CC = 0x000001A3
	CCSignSequenceComplete       CC = 0x000001A4
	CCVerifyDigestSignature      CC = 0x000001A5
	CCSignDigest                 CC = 0x000001A6
	CCEncapsulate                CC = 0x000001A7
	CCDecapsulate                CC = 0x000001A8
	CCVerifySequenceStart        CC = 0x000001A9
	CCSignSequenceStart          CC = 0x000001AA

	CCFirst            = CCNVUndefineSpaceSpecial
	CCLast             = CCSignSequenceStart
	CCVendor        CC = 0x20000000 // CC_VEND: vendor commands have this bit
	CCVendorTCGTest    = CCVendor + 0x0000
)

// ccNames names the commands in the order of their codes; where two share a code, the HMAC form.
var ccNames = [...]struct {
	cc   CC
	name string
}{
	{CCNVUndefineSpaceSpecial, "TPM2_NV_UndefineSpaceSpecial"},
	{CCEvictControl, "TPM2_EvictControl"},
	{CCHierarchyControl, "TPM2_HierarchyControl"},
	{CCNVUndefineSpace, "TPM2_NV_UndefineSpace"},
	{CCChangeEPS, "TPM2_ChangeEPS"},
	{CCChangePPS, "TPM2_ChangePPS"},
	{CCClear, "TPM2_Clear"},
	{CCClearControl, "TPM2_ClearControl"},
	{CCClockSet, "TPM2_ClockSet"},
	{CCHierarchyChangeAuth, "TPM2_HierarchyChangeAuth"},
	{CCNVDefineSpace, "TPM2_NV_DefineSpace"},
	{CCPCRAllocate, "TPM2_PCR_Allocate"},
	{CCPCRSetAuthPolicy, "TPM2_PCR_SetAuthPolicy"},
	{CCPPCommands, "TPM2_PP_Commands"},
	{CCSetPrimaryPolicy, "TPM2_SetPrimaryPolicy"},
	{CCFieldUpgradeStart, "TPM2_FieldUpgradeStart"},
	{CCClockRateAdjust, "TPM2_ClockRateAdjust"},
	{CCCreatePrimary, "TPM2_CreatePrimary"},
	{CCNVGlobalWriteLock, "TPM2_NV_GlobalWriteLock"},
	{CCGetCommandAuditDigest, "TPM2_GetCommandAuditDigest"},
	{CCNVIncrement, "TPM2_NV_Increment"},
	{CCNVSetBits, "TPM2_NV_SetBits"},
	{CCNVExtend, "TPM2_NV_Extend"},
	{CCNVWrite, "TPM2_NV_Write"},
	{CCNVWriteLock, "TPM2_NV_WriteLock"},
	{CCDictionaryAttackLockReset, "TPM2_DictionaryAttackLockReset"},
	{CCDictionaryAttackParameters, "TPM2_DictionaryAttackParameters"},
	{CCNVChangeAuth, "TPM2_NV_ChangeAuth"},
	{CCPCREvent, "TPM2_PCR_Event"},
	{CCPCRReset, "TPM2_PCR_Reset"},
	{CCSequenceComplete, "TPM2_SequenceComplete"},
	{CCSetAlgorithmSet, "TPM2_SetAlgorithmSet"},
	{CCSetCommandCodeAuditStatus, "TPM2_SetCommandCodeAuditStatus"},
	{CCFieldUpgradeData, "TPM2_FieldUpgradeData"},
	{CCIncrementalSelfTest, "TPM2_IncrementalSelfTest"},
	{CCSelfTest, "TPM2_SelfTest"},
	{CCStartup, "TPM2_Startup"},
	{CCShutdown, "TPM2_Shutdown"},
	{CCStirRandom, "TPM2_StirRandom"},
	{CCActivateCredential, "TPM2_ActivateCredential"},
	{CCCertify, "TPM2_Certify"},
	{CCPolicyNV, "TPM2_PolicyNV"},
	{CCCertifyCreation, "TPM2_CertifyCreation"},
	{CCDuplicate, "TPM2_Duplicate"},
	{CCGetTime, "TPM2_GetTime"},
	{CCGetSessionAuditDigest, "TPM2_GetSessionAuditDigest"},
	{CCNVRead, "TPM2_NV_Read"},
	{CCNVReadLock, "TPM2_NV_ReadLock"},
	{CCObjectChangeAuth, "TPM2_ObjectChangeAuth"},
	{CCPolicySecret, "TPM2_PolicySecret"},
	{CCRewrap, "TPM2_Rewrap"},
	{CCCreate, "TPM2_Create"},
	{CCECDHZGen, "TPM2_ECDH_ZGen"},
	{CCHMAC, "TPM2_HMAC"},
	{CCImport, "TPM2_Import"},
	{CCLoad, "TPM2_Load"},
	{CCQuote, "TPM2_Quote"},
	{CCRSADecrypt, "TPM2_RSA_Decrypt"},
	{CCHMACStart, "TPM2_HMAC_Start"},
	{CCSequenceUpdate, "TPM2_SequenceUpdate"},
	{CCSign, "TPM2_Sign"},
	{CCUnseal, "TPM2_Unseal"},
	{CCPolicySigned, "TPM2_PolicySigned"},
	{CCContextLoad, "TPM2_ContextLoad"},
	{CCContextSave, "TPM2_ContextSave"},
	{CCECDHKeyGen, "TPM2_ECDH_KeyGen"},
	{CCEncryptDecrypt, "TPM2_EncryptDecrypt"},
	{CCFlushContext, "TPM2_FlushContext"},
	{CCLoadExternal, "TPM2_LoadExternal"},
	{CCMakeCredential, "TPM2_MakeCredential"},
	{CCNVReadPublic, "TPM2_NV_ReadPublic"},
	{CCPolicyAuthorize, "TPM2_PolicyAuthorize"},
	{CCPolicyAuthValue, "TPM2_PolicyAuthValue"},
	{CCPolicyCommandCode, "TPM2_PolicyCommandCode"},
	{CCPolicyCounterTimer, "TPM2_PolicyCounterTimer"},
	{CCPolicyCpHash, "TPM2_PolicyCpHash"},
	{CCPolicyLocality, "TPM2_PolicyLocality"},
	{CCPolicyNameHash, "TPM2_PolicyNameHash"},
	{CCPolicyOR, "TPM2_PolicyOR"},
	{CCPolicyTicket, "TPM2_PolicyTicket"},
	{CCReadPublic, "TPM2_ReadPublic"},
	{CCRSAEncrypt, "TPM2_RSA_Encrypt"},
	{CCStartAuthSession, "TPM2_StartAuthSession"},
	{CCVerifySignature, "TPM2_VerifySignature"},
	{CCECCParameters, "TPM2_ECC_Parameters"},
	{CCFirmwareRead, "TPM2_FirmwareRead"},
	{CCGetCapability, "TPM2_GetCapability"},
	{CCGetRandom, "TPM2_GetRandom"},
	{CCGetTestResult, "TPM2_GetTestResult"},
	{CCHash, "TPM2_Hash"},
	{CCPCRRead, "TPM2_PCR_Read"},
	{CCPolicyPCR, "TPM2_PolicyPCR"},
	{CCPolicyRestart, "TPM2_PolicyRestart"},
	{CCReadClock, "TPM2_ReadClock"},
	{CCPCRExtend, "TPM2_PCR_Extend"},
	{CCPCRSetAuthValue, "TPM2_PCR_SetAuthValue"},
	{CCNVCertify, "TPM2_NV_Certify"},
	{CCEventSequenceComplete, "TPM2_EventSequenceComplete"},
	{CCHashSequenceStart, "TPM2_HashSequenceStart"},
	{CCPolicyPhysicalPresence, "TPM2_PolicyPhysicalPresence"},
	{CCPolicyDuplicationSelect, "TPM2_PolicyDuplicationSelect"},
	{CCPolicyGetDigest, "TPM2_PolicyGetDigest"},
	{CCTestParms, "TPM2_TestParms"},
	{CCCommit, "TPM2_Commit"},
	{CCPolicyPassword, "TPM2_PolicyPassword"},
	{CCZGen2Phase, "TPM2_ZGen_2Phase"},
	{CCECEphemeral, "TPM2_EC_Ephemeral"},
	{CCPolicyNVWritten, "TPM2_PolicyNvWritten"},
	{CCPolicyTemplate, "TPM2_PolicyTemplate"},
	{CCCreateLoaded, "TPM2_CreateLoaded"},
	{CCPolicyAuthorizeNV, "TPM2_PolicyAuthorizeNV"},
	{CCEncryptDecrypt2, "TPM2_EncryptDecrypt2"},
	{CCACGetCapability, "TPM2_AC_GetCapability"},
	{CCACSend, "TPM2_AC_Send"},
	{CCPolicyACSendSelect, "TPM2_Policy_AC_SendSelect"},
	{CCCertifyX509, "TPM2_CertifyX509"},
	{CCACTSetTimeout, "TPM2_ACT_SetTimeout"},
	{CCECCEncrypt, "TPM2_ECC_Encrypt"},
	{CCECCDecrypt, "TPM2_ECC_Decrypt"},
	{CCPolicyCapability, "TPM2_PolicyCapability"},
	{CCPolicyParameters, "TPM2_PolicyParameters"},
	{CCNVDefineSpace2, "TPM2_NV_DefineSpace2"},
	{CCNVReadPublic2, "TPM2_NV_ReadPublic2"},
	{CCSetCapability, "TPM2_SetCapability"},
	{CCReadOnlyControl, "TPM2_ReadOnlyControl"},
	{CCPolicyTransportSPDM, "TPM2_PolicyTransportSPDM"},
	{CCVerifySequenceComplete, "TPM2_VerifySequenceComplete"},
	{CCSignSequenceComplete, "TPM2_SignSequenceComplete"},
	{CCVerifyDigestSignature, "TPM2_VerifyDigestSignature"},
	{CCSignDigest, "TPM2_SignDigest"},
	{CCEncapsulate, "TPM2_Encapsulate"},
	{CCDecapsulate, "TPM2_Decapsulate"},
	{CCVerifySequenceStart, "TPM2_VerifySequenceStart"},
	{CCSignSequenceStart, "TPM2_SignSequenceStart"},
	{CCVendorTCGTest, "TPM2_Vendor_TCG_Test"},
}

// String returns the name of the command as Part 3 writes it, such as "TPM2_CreatePrimary".
func (c CC) String() string {
	for i := range ccNames {
		if ccNames[i].cc == c {
			return ccNames[i].name
		}
	}
	return fmt.Sprintf("command 0x%08x", uint32(c))
}

// CCByName returns the command that String would name so.
func CCByName(name string) (CC, bool) {
	for i := range ccNames {
		if ccNames[i].name == name {
			return ccNames[i].cc, true
		}
	}
	return 0, false
}

// CCs returns the code of every command of Part 2, Table 12, in ascending order.
func CCs() []CC {
	list := make([]CC, 0, len(ccNames))
	for i := range ccNames {
		if ccNames[i].cc < CCVendor {
			list = append(list, ccNames[i].cc)
		}
	}
	return list
}

// IsVendor reports whether the code is vendor-specific (Part 2, Table 11, bit V).
func (c CC) IsVendor() bool { return c&CCVendor != 0 }

// Unmarshal reads a command code without checking its value, as libtpms does for parameters of this type.
func (c *CC) Unmarshal(r *Reader) { *c = CC(r.Uint32()) }

// Marshal writes the command code.
func (c CC) Marshal(w *Writer) { w.Uint32(uint32(c)) }
