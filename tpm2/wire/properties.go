package wire

import "fmt"

// PT is TPM_PT, a property of the TPM (Part 2, 6.13).
type PT uint32

// Properties of Part 2, Table 28.
const (
	PTNone  PT = 0x000
	PTGroup PT = 0x100 // number of properties in a group
	PTFixed PT = 0x100 // first of the fixed group
	PTVar   PT = 0x200 // first of the variable group

	PTFamilyIndicator   PT = 0x100
	PTLevel             PT = 0x101
	PTRevision          PT = 0x102
	PTErrata            PT = 0x103
	PTDayOfYear         PT = 0x103 // name of PTErrata before version 185
	PTYear              PT = 0x104
	PTManufacturer      PT = 0x105
	PTVendorString1     PT = 0x106
	PTVendorString2     PT = 0x107
	PTVendorString3     PT = 0x108
	PTVendorString4     PT = 0x109
	PTVendorTPMType     PT = 0x10A
	PTFirmwareVersion1  PT = 0x10B
	PTFirmwareVersion2  PT = 0x10C
	PTInputBuffer       PT = 0x10D
	PTHRTransientMin    PT = 0x10E
	PTHRPersistentMin   PT = 0x10F
	PTHRLoadedMin       PT = 0x110
	PTActiveSessionsMax PT = 0x111
	PTPCRCount          PT = 0x112
	PTPCRSelectMin      PT = 0x113
	PTContextGapMax     PT = 0x114
	PTNVCountersMax     PT = 0x116
	PTNVIndexMax        PT = 0x117
	PTMemory            PT = 0x118
	PTClockUpdate       PT = 0x119
	PTContextHash       PT = 0x11A
	PTContextSym        PT = 0x11B
	PTContextSymSize    PT = 0x11C
	PTOrderlyCount      PT = 0x11D
	PTMaxCommandSize    PT = 0x11E
	PTMaxResponseSize   PT = 0x11F
	PTMaxDigest         PT = 0x120
	PTMaxObjectContext  PT = 0x121
	PTMaxSessionContext PT = 0x122
	PTPSFamilyIndicator PT = 0x123
	PTPSLevel           PT = 0x124
	PTPSRevision        PT = 0x125
	PTPSDayOfYear       PT = 0x126
	PTPSYear            PT = 0x127
	PTSplitMax          PT = 0x128
	PTTotalCommands     PT = 0x129
	PTLibraryCommands   PT = 0x12A
	PTVendorCommands    PT = 0x12B
	PTNVBufferMax       PT = 0x12C
	PTModes             PT = 0x12D
	PTMaxCapBuffer      PT = 0x12E
	PTFirmwareSVN       PT = 0x12F
	PTFirmwareMaxSVN    PT = 0x130
	PTMLParameterSets   PT = 0x131

	PTPermanent         PT = 0x200
	PTStartupClear      PT = 0x201
	PTHRNVIndex         PT = 0x202
	PTHRLoaded          PT = 0x203
	PTHRLoadedAvail     PT = 0x204
	PTHRActive          PT = 0x205
	PTHRActiveAvail     PT = 0x206
	PTHRTransientAvail  PT = 0x207
	PTHRPersistent      PT = 0x208
	PTHRPersistentAvail PT = 0x209
	PTNVCounters        PT = 0x20A
	PTNVCountersAvail   PT = 0x20B
	PTAlgorithmSet      PT = 0x20C
	PTLoadedCurves      PT = 0x20D
	PTLockoutCounter    PT = 0x20E
	PTMaxAuthFail       PT = 0x20F
	PTLockoutInterval   PT = 0x210
	PTLockoutRecovery   PT = 0x211
	PTNVWriteRecovery   PT = 0x212
	PTAuditCounter0     PT = 0x213
	PTAuditCounter1     PT = 0x214
)

var ptNames = [...]struct {
	pt   PT
	name string
}{
	{PTFamilyIndicator, "TPM_PT_FAMILY_INDICATOR"},
	{PTLevel, "TPM_PT_LEVEL"},
	{PTRevision, "TPM_PT_REVISION"},
	{PTErrata, "TPM_PT_ERRATA"},
	{PTYear, "TPM_PT_YEAR"},
	{PTManufacturer, "TPM_PT_MANUFACTURER"},
	{PTVendorString1, "TPM_PT_VENDOR_STRING_1"},
	{PTVendorString2, "TPM_PT_VENDOR_STRING_2"},
	{PTVendorString3, "TPM_PT_VENDOR_STRING_3"},
	{PTVendorString4, "TPM_PT_VENDOR_STRING_4"},
	{PTVendorTPMType, "TPM_PT_VENDOR_TPM_TYPE"},
	{PTFirmwareVersion1, "TPM_PT_FIRMWARE_VERSION_1"},
	{PTFirmwareVersion2, "TPM_PT_FIRMWARE_VERSION_2"},
	{PTInputBuffer, "TPM_PT_INPUT_BUFFER"},
	{PTHRTransientMin, "TPM_PT_HR_TRANSIENT_MIN"},
	{PTHRPersistentMin, "TPM_PT_HR_PERSISTENT_MIN"},
	{PTHRLoadedMin, "TPM_PT_HR_LOADED_MIN"},
	{PTActiveSessionsMax, "TPM_PT_ACTIVE_SESSIONS_MAX"},
	{PTPCRCount, "TPM_PT_PCR_COUNT"},
	{PTPCRSelectMin, "TPM_PT_PCR_SELECT_MIN"},
	{PTContextGapMax, "TPM_PT_CONTEXT_GAP_MAX"},
	{PTNVCountersMax, "TPM_PT_NV_COUNTERS_MAX"},
	{PTNVIndexMax, "TPM_PT_NV_INDEX_MAX"},
	{PTMemory, "TPM_PT_MEMORY"},
	{PTClockUpdate, "TPM_PT_CLOCK_UPDATE"},
	{PTContextHash, "TPM_PT_CONTEXT_HASH"},
	{PTContextSym, "TPM_PT_CONTEXT_SYM"},
	{PTContextSymSize, "TPM_PT_CONTEXT_SYM_SIZE"},
	{PTOrderlyCount, "TPM_PT_ORDERLY_COUNT"},
	{PTMaxCommandSize, "TPM_PT_MAX_COMMAND_SIZE"},
	{PTMaxResponseSize, "TPM_PT_MAX_RESPONSE_SIZE"},
	{PTMaxDigest, "TPM_PT_MAX_DIGEST"},
	{PTMaxObjectContext, "TPM_PT_MAX_OBJECT_CONTEXT"},
	{PTMaxSessionContext, "TPM_PT_MAX_SESSION_CONTEXT"},
	{PTPSFamilyIndicator, "TPM_PT_PS_FAMILY_INDICATOR"},
	{PTPSLevel, "TPM_PT_PS_LEVEL"},
	{PTPSRevision, "TPM_PT_PS_REVISION"},
	{PTPSDayOfYear, "TPM_PT_PS_DAY_OF_YEAR"},
	{PTPSYear, "TPM_PT_PS_YEAR"},
	{PTSplitMax, "TPM_PT_SPLIT_MAX"},
	{PTTotalCommands, "TPM_PT_TOTAL_COMMANDS"},
	{PTLibraryCommands, "TPM_PT_LIBRARY_COMMANDS"},
	{PTVendorCommands, "TPM_PT_VENDOR_COMMANDS"},
	{PTNVBufferMax, "TPM_PT_NV_BUFFER_MAX"},
	{PTModes, "TPM_PT_MODES"},
	{PTMaxCapBuffer, "TPM_PT_MAX_CAP_BUFFER"},
	{PTFirmwareSVN, "TPM_PT_FIRMWARE_SVN"},
	{PTFirmwareMaxSVN, "TPM_PT_FIRMWARE_MAX_SVN"},
	{PTMLParameterSets, "TPM_PT_ML_PARAMETER_SETS"},
	{PTPermanent, "TPM_PT_PERMANENT"},
	{PTStartupClear, "TPM_PT_STARTUP_CLEAR"},
	{PTHRNVIndex, "TPM_PT_HR_NV_INDEX"},
	{PTHRLoaded, "TPM_PT_HR_LOADED"},
	{PTHRLoadedAvail, "TPM_PT_HR_LOADED_AVAIL"},
	{PTHRActive, "TPM_PT_HR_ACTIVE"},
	{PTHRActiveAvail, "TPM_PT_HR_ACTIVE_AVAIL"},
	{PTHRTransientAvail, "TPM_PT_HR_TRANSIENT_AVAIL"},
	{PTHRPersistent, "TPM_PT_HR_PERSISTENT"},
	{PTHRPersistentAvail, "TPM_PT_HR_PERSISTENT_AVAIL"},
	{PTNVCounters, "TPM_PT_NV_COUNTERS"},
	{PTNVCountersAvail, "TPM_PT_NV_COUNTERS_AVAIL"},
	{PTAlgorithmSet, "TPM_PT_ALGORITHM_SET"},
	{PTLoadedCurves, "TPM_PT_LOADED_CURVES"},
	{PTLockoutCounter, "TPM_PT_LOCKOUT_COUNTER"},
	{PTMaxAuthFail, "TPM_PT_MAX_AUTH_FAIL"},
	{PTLockoutInterval, "TPM_PT_LOCKOUT_INTERVAL"},
	{PTLockoutRecovery, "TPM_PT_LOCKOUT_RECOVERY"},
	{PTNVWriteRecovery, "TPM_PT_NV_WRITE_RECOVERY"},
	{PTAuditCounter0, "TPM_PT_AUDIT_COUNTER_0"},
	{PTAuditCounter1, "TPM_PT_AUDIT_COUNTER_1"},
}

// String returns the name of the property, such as "TPM_PT_PCR_COUNT".
func (p PT) String() string {
	for i := range ptNames {
		if ptNames[i].pt == p {
			return ptNames[i].name
		}
	}
	return fmt.Sprintf("property 0x%x", uint32(p))
}

// Unmarshal reads a property tag; any value is allowed.
func (p *PT) Unmarshal(r *Reader) { *p = PT(r.Uint32()) }

// Marshal writes the property tag.
func (p PT) Marshal(w *Writer) { w.Uint32(uint32(p)) }

// PTPCR is TPM_PT_PCR, a property of PCR (Part 2, 6.14).
type PTPCR uint32

// Properties of Part 2, Table 29.
const (
	PTPCRFirst       PTPCR = 0x00
	PTPCRSave        PTPCR = 0x00
	PTPCRExtendL0    PTPCR = 0x01
	PTPCRResetL0     PTPCR = 0x02
	PTPCRExtendL1    PTPCR = 0x03
	PTPCRResetL1     PTPCR = 0x04
	PTPCRExtendL2    PTPCR = 0x05
	PTPCRResetL2     PTPCR = 0x06
	PTPCRExtendL3    PTPCR = 0x07
	PTPCRResetL3     PTPCR = 0x08
	PTPCRExtendL4    PTPCR = 0x09
	PTPCRResetL4     PTPCR = 0x0A
	PTPCRNoIncrement PTPCR = 0x11
	PTPCRDRTMReset   PTPCR = 0x12
	PTPCRPolicy      PTPCR = 0x13
	PTPCRAuth        PTPCR = 0x14
	PTPCRLast        PTPCR = 0x14
)

// Unmarshal reads a PCR property tag; any value is allowed.
func (p *PTPCR) Unmarshal(r *Reader) { *p = PTPCR(r.Uint32()) }

// Marshal writes the property tag.
func (p PTPCR) Marshal(w *Writer) { w.Uint32(uint32(p)) }

// PS is TPM_PS, the platform family of a TPM (Part 2, 6.15).
type PS uint32

// Platform families of Part 2, Table 30.
const (
	PSMain           PS = 0x0
	PSPC             PS = 0x1
	PSPDA            PS = 0x2
	PSCellPhone      PS = 0x3
	PSServer         PS = 0x4
	PSPeripheral     PS = 0x5
	PSTSS            PS = 0x6
	PSStorage        PS = 0x7
	PSAuthentication PS = 0x8
	PSEmbedded       PS = 0x9
	PSHardcopy       PS = 0xA
	PSInfrastructure PS = 0xB
	PSVirtualization PS = 0xC
	PSTNC            PS = 0xD
	PSMultiTenant    PS = 0xE
	PSTC             PS = 0xF
)

// PubKey is TPM_PUB_KEY, which public key a TPM reports (Part 2, 6.16).
type PubKey uint32

// Properties of Part 2, Table 31.
const (
	PubKeyTPMSPDM00 PubKey = 0x00
	PubKeyTPMSPDMFF PubKey = 0xFF
)
