package tpm2

import "govtpm/tpm2/wire"

// What libtpms tells of itself, which does not follow from anything else here.
const (
	familyIndicator  = 0x322E3000 // "2.0"
	specVersion      = 183
	specErrata       = 25
	specYear         = 2024
	platformRevision = 0x106 // of the PC Client platform
	// Sizes of TPMS_CONTEXT when its payload is the structure in memory.
	maxObjectContext  = 3404
	maxSessionContext = 404
	// maxChannelNames is what the condition of a secure channel adds to a session: the hash of Names with its size.
	maxChannelNames = 2 + 64
	firmwareSVN     = 10
	firmwareMaxSVN  = 255
)

// propertiesFrom lists the properties from first on to the end of the group of first (Part 2, 6.13): there are the groups of fixed and of
// variable properties.
func (t *TPM) propertiesFrom(first wire.PT) wire.TPMLTaggedTPMProperty {
	first = max(first, wire.PTFixed)
	var group wire.TPMLTaggedTPMProperty
	switch first / wire.PTGroup * wire.PTGroup {
	case wire.PTFixed:
		group = t.fixedProperties()
	case wire.PTVar:
		group = t.variableProperties()
	}
	return from(group, uint32(first), func(p wire.TPMSTaggedProperty) uint32 { return uint32(p.Property) })
}

// fixedProperties lists the properties that do not change while the TPM runs (Part 2, Table 28), ascending.
func (t *TPM) fixedProperties() wire.TPMLTaggedTPMProperty {
	commands := uint32(len(t.commandAttributes(0)))
	return wire.TPMLTaggedTPMProperty{
		{Property: wire.PTFamilyIndicator, Value: familyIndicator},
		{Property: wire.PTLevel, Value: 0},
		{Property: wire.PTRevision, Value: specVersion},
		{Property: wire.PTDayOfYear, Value: specErrata},
		{Property: wire.PTYear, Value: specYear},
		{Property: wire.PTManufacturer, Value: manufacturer},
		{Property: wire.PTVendorString1, Value: vendorString1},
		{Property: wire.PTVendorString2, Value: vendorString2},
		{Property: wire.PTVendorString3, Value: 0},
		{Property: wire.PTVendorString4, Value: 0},
		{Property: wire.PTVendorTPMType, Value: vendorTPMType},
		{Property: wire.PTFirmwareVersion1, Value: t.persistent.firmwareV1},
		{Property: wire.PTFirmwareVersion2, Value: t.persistent.firmwareV2},
		{Property: wire.PTInputBuffer, Value: uint32(t.limits.MaxBuffer)},
		{Property: wire.PTHRTransientMin, Value: maxLoadedObjects},
		{Property: wire.PTHRPersistentMin, Value: nvMinPersistent},
		{Property: wire.PTHRLoadedMin, Value: maxLoadedSessions},
		{Property: wire.PTActiveSessionsMax, Value: maxActiveSessions},
		{Property: wire.PTPCRCount, Value: implementationPCR},
		{Property: wire.PTPCRSelectMin, Value: uint32(t.limits.PCRSelectMin)},
		{Property: wire.PTContextGapMax, Value: uint32(t.stateReset.contextSlotMask)},
		{Property: wire.PTNVCountersMax, Value: 0}, // no maximum
		{Property: wire.PTNVIndexMax, Value: nvMaxIndex},
		{Property: wire.PTMemory, Value: uint32(wire.MemorySharedNV | wire.MemoryObjectCopiedToRAM)},
		{Property: wire.PTClockUpdate, Value: clockSaveInterval},
		{Property: wire.PTContextHash, Value: uint32(contextHashAlg)},
		{Property: wire.PTContextSym, Value: uint32(wire.AlgAES)},
		{Property: wire.PTContextSymSize, Value: contextKeyBits},
		{Property: wire.PTOrderlyCount, Value: orderlyCountMask},
		{Property: wire.PTMaxCommandSize, Value: uint32(t.maxCommand())},
		{Property: wire.PTMaxResponseSize, Value: uint32(t.maxCommand())},
		{Property: wire.PTMaxDigest, Value: uint32(t.limits.MaxDigest)},
		{Property: wire.PTMaxObjectContext, Value: maxObjectContext},
		{Property: wire.PTMaxSessionContext, Value: t.maxSessionContext()},
		{Property: wire.PTPSFamilyIndicator, Value: uint32(wire.PSPC)},
		{Property: wire.PTPSLevel, Value: 0},
		{Property: wire.PTPSRevision, Value: platformRevision},
		{Property: wire.PTPSDayOfYear, Value: specErrata},
		{Property: wire.PTPSYear, Value: specYear},
		{Property: wire.PTSplitMax, Value: splitMax},
		{Property: wire.PTTotalCommands, Value: commands},
		{Property: wire.PTLibraryCommands, Value: commands},
		{Property: wire.PTVendorCommands, Value: 0},
		{Property: wire.PTNVBufferMax, Value: nvMaxBuffer},
		{Property: wire.PTModes, Value: 0},
		{Property: wire.PTMaxCapBuffer, Value: uint32(t.limits.MaxCapBuffer)},
		{Property: wire.PTFirmwareSVN, Value: firmwareSVN},
		{Property: wire.PTFirmwareMaxSVN, Value: firmwareMaxSVN},
	}
}

// maxSessionContext is the size of the largest saved context of a session.
func (t *TPM) maxSessionContext() uint32 {
	if t.secureChannels() {
		return maxSessionContext + maxChannelNames
	}
	return maxSessionContext
}

// variableProperties lists the properties that change (Part 2, Table 28), ascending.
func (t *TPM) variableProperties() wire.TPMLTaggedTPMProperty {
	p := &t.persistent
	_, freeSessions := t.volatile.sessions.free()
	active := uint32(len(t.sessionHandles(0, func(v uint16) bool { return v != 0 })))
	freeObjects := uint32(0)
	for _, o := range t.volatile.objects {
		if o == nil {
			freeObjects++
		}
	}
	return wire.TPMLTaggedTPMProperty{
		{Property: wire.PTPermanent, Value: uint32(t.permanentAttributes())},
		{Property: wire.PTStartupClear, Value: uint32(t.startupAttributes())},
		{Property: wire.PTHRNVIndex, Value: uint32(len(t.nv.indexes))},
		{Property: wire.PTHRLoaded, Value: uint32(maxLoadedSessions - freeSessions)},
		{Property: wire.PTHRLoadedAvail, Value: uint32(freeSessions)},
		{Property: wire.PTHRActive, Value: active},
		{Property: wire.PTHRActiveAvail, Value: maxActiveSessions - active},
		{Property: wire.PTHRTransientAvail, Value: freeObjects},
		{Property: wire.PTHRPersistent, Value: uint32(len(t.nv.persistent))},
		{Property: wire.PTHRPersistentAvail, Value: t.nvPersistentAvailable()},
		{Property: wire.PTNVCounters, Value: uint32(t.nv.counters())},
		{Property: wire.PTNVCountersAvail, Value: t.nvCountersAvailable()},
		{Property: wire.PTAlgorithmSet, Value: p.algorithmSet},
		{Property: wire.PTLoadedCurves, Value: uint32(len(t.limits.Curves.List()))},
		{Property: wire.PTLockoutCounter, Value: p.failedTries},
		{Property: wire.PTMaxAuthFail, Value: p.maxTries},
		{Property: wire.PTLockoutInterval, Value: p.recoveryTime},
		{Property: wire.PTLockoutRecovery, Value: p.lockoutRecovery},
		{Property: wire.PTNVWriteRecovery, Value: 0},
		{Property: wire.PTAuditCounter0, Value: uint32(p.auditCounter >> 32)},
		{Property: wire.PTAuditCounter1, Value: uint32(p.auditCounter)},
	}
}

// permanentAttributes is TPMA_PERMANENT (Part 2, 8.6).
func (t *TPM) permanentAttributes() wire.TPMAPermanent {
	p := &t.persistent
	a := wire.PermanentTPMGeneratedEPS
	for _, f := range []struct {
		set bool
		bit wire.TPMAPermanent
	}{
		{len(p.ownerAuth) != 0, wire.PermanentOwnerAuthSet},
		{len(p.endorsementAuth) != 0, wire.PermanentEndorsementAuthSet},
		{len(p.lockoutAuth) != 0, wire.PermanentLockoutAuthSet},
		{p.disableClear, wire.PermanentDisableClear},
		{p.failedTries >= p.maxTries, wire.PermanentInLockout},
	} {
		if f.set {
			a |= f.bit
		}
	}
	return a
}

// startupAttributes is TPMA_STARTUP_CLEAR (Part 2, 8.7).
func (t *TPM) startupAttributes() wire.TPMAStartupClear {
	var a wire.TPMAStartupClear
	for _, f := range []struct {
		set bool
		bit wire.TPMAStartupClear
	}{
		{t.volatile.phEnable, wire.StartupClearPHEnable},
		{t.stateClear.shEnable, wire.StartupClearSHEnable},
		{t.stateClear.ehEnable, wire.StartupClearEHEnable},
		{t.stateClear.phEnableNV, wire.StartupClearPHEnableNV},
		{t.stateClear.readOnly, wire.StartupClearReadOnly},
		{t.previousOrderly(), wire.StartupClearOrderly},
	} {
		if f.set {
			a |= f.bit
		}
	}
	return a
}
