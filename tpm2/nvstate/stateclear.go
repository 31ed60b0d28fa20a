package nvstate

import "govtpm/tpm2/wire"

// StateClear lives until TPM Restart or TPM Reset: STATE_CLEAR_DATA.
type StateClear struct {
	SHEnable       bool
	EHEnable       bool
	PHEnableNV     bool
	PlatformAlg    wire.Alg
	PlatformPolicy []byte
	PlatformAuth   []byte
	PCRSave        []PCRBank // PCR 0 to 15, as the last Shutdown(STATE) left them
	PCRAuth        []byte    // of the one group of PCR with an authorization value

	Extension *StateClearExtension // nil in state of libtpms
}

func (d *StateClear) code(c *coder) {
	defer c.enter(stateClearHeader.name)()
	v := c.plain(stateClearHeader)
	c.boolean(&d.SHEnable)
	c.boolean(&d.EHEnable)
	c.boolean(&d.PHEnableNV)
	num16(c, &d.PlatformAlg)
	c.digest(&d.PlatformPolicy, "platform policy")
	c.digest(&d.PlatformAuth, "platform authorization")
	codePCRSave(c, &d.PCRSave)
	d.codePCRAuth(c)
	d.codeExtension(c, v)
}

func (d *StateClear) codePCRAuth(c *coder) {
	defer c.enter(pcrAuthHeader.name)()
	v := c.plain(pcrAuthHeader)
	c.count16(1, ErrSize, "number of PCR authorization values")
	c.digest(&d.PCRAuth, "PCR authorization")
	c.end(v)
}
