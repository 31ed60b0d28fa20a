package biostool

import (
	"encoding/binary"
	"fmt"
	"io"
)

// command builds a command from its tag, code and parameters.
func command(tag uint16, code uint32, parameters ...byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, tag)
	b = binary.BigEndian.AppendUint32(b, uint32(headerSize+len(parameters)))
	b = binary.BigEndian.AppendUint32(b, code)
	return append(b, parameters...)
}

// Tags and command codes of TPM 2 (Part 2, 6.9 and 6.5.2).
const (
	stNoSessions               = 0x8001
	stSessions                 = 0x8002
	ccHierarchyChangeAuth      = 0x129
	ccIncrementalSelfTest      = 0x142
	ccStartup                  = 0x144
	platformAuthSize           = 20
	algSHA256             byte = 0x0b
)

// runTPM2 is the sequence for TPM 2: Startup, IncrementalSelfTest, and a new platform authorization nobody knows.
func (s *session) runTPM2(o *options) error {
	type2 := map[startup]byte{startupClear: 0, startupState: 1} // TPM_SU (Part 2, 6.10)
	su, wanted := type2[o.startup]
	err := s.steps([]step{
		{wanted, "TPM2_Startup", command(stNoSessions, ccStartup, 0, su)},
		{o.selfTest, "TPM2_IncrementalSelfTest", command(stNoSessions, ccIncrementalSelfTest, 0, 0, 0, 1, 0, algSHA256)},
	})
	if err != nil || !o.giveUp {
		return err
	}
	auth := make([]byte, platformAuthSize)
	if _, err := io.ReadFull(s.rand, auth); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	defer clear(auth)
	parameters := []byte{
		0x40, 0, 0, 0x0c, // TPM_RH_PLATFORM
		0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 1, 0, 0, // an empty password (Part 1, 19.4)
		0, platformAuthSize,
	}
	_, err = s.do("TPM2_HierarchyChangeAuth", command(stSessions, ccHierarchyChangeAuth, append(parameters, auth...)...))
	return err
}

// Tag, command codes and physical presence flags of TPM 1.2 (Part 2, 6, 17 and 4.9).
const (
	tagRqu                 = 0x00c1
	tagRsp                 = 0x00c4
	ordContinueSelfTest    = 0x53
	ordGetCapability       = 0x65
	ordPhysicalEnable      = 0x6f
	ordPhysicalDeactivated = 0x72
	ordStartup             = 0x99
	ordPhysicalPresence    = 0x4000000a

	presenceCmdEnable      byte = 0x20
	presencePresent        byte = 0x08
	presenceNotPresentLock byte = 0x14
)

func physicalPresence(flags byte) []byte { return command(tagRqu, ordPhysicalPresence, 0, flags) }

// runTPM12 is the sequence for TPM 1.2: Startup; physical presence, enable and activate; self test; presence given up.
func (s *session) runTPM12(o *options) error {
	type1 := map[startup]byte{startupClear: 1, startupState: 2, startupDeactivated: 3} // TPM_STARTUP_TYPE (Part 2, 4.5)
	st, wanted := type1[o.startup]
	full := !o.startupOnly && o.startup != startupDeactivated
	err := s.steps([]step{
		{wanted, fmt.Sprintf("TPM_Startup(0x%02x)", st), command(tagRqu, ordStartup, 0, st)},
		{full, "TSC_PhysicalPresence(CMD_ENABLE)", physicalPresence(presenceCmdEnable)},
		{full, "TSC_PhysicalPresence(PRESENT)", physicalPresence(presencePresent)},
	})
	if err != nil {
		return err
	}
	if full && o.ensureActive {
		if err := s.checkActive(); err != nil {
			return err
		}
	}
	return s.steps([]step{
		{full, "TPM_PhysicalEnable", command(tagRqu, ordPhysicalEnable)},
		{full, "TPM_PhysicalSetDeactivated", command(tagRqu, ordPhysicalDeactivated, 0)},
		{o.selfTest, "TPM_ContinueSelfTest", command(tagRqu, ordContinueSelfTest)},
		{o.giveUp, "TSC_PhysicalPresence(CMD_ENABLE)", physicalPresence(presenceCmdEnable)},
		{o.giveUp, "TSC_PhysicalPresence(NOT_PRESENT|LOCK)", physicalPresence(presenceNotPresentLock)},
	})
}

// checkActive finds out whether the TPM is deactivated: being activated takes effect at the next reset only.
func (s *session) checkActive() error {
	// TPM_CAP_FLAG, a sub-capability of 4 bytes, TPM_CAP_FLAG_PERMANENT (Part 2, 21.1 and 21.4).
	resp, err := s.do("TPM_GetCapability()", command(tagRqu, ordGetCapability, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 1, 8))
	// The answer holds its length, a tag, and one byte each for disable, ownership and deactivated (Part 2, 7.1).
	const deactivated = headerSize + 4 + 2 + 2
	if err == nil && len(resp) > deactivated && resp[deactivated] != 0 {
		s.needsReset = true
	}
	return err
}
