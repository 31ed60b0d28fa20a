package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"govtpm/e2e/rawtpm"
)

const nvIndex = 0x01500e2e

// kept is what the guest remembers of the TPM while its machine moves to another host.
type kept struct {
	key    uint32
	public []byte
	pcr    []byte
	nv     []byte
}

// keep leaves a loaded key, a PCR value and an NV index.
func (g *guest) keep(device string) error {
	c, err := open(device)
	if err != nil {
		return err
	}
	defer c.Close()
	k := &kept{}
	if k.key, k.public, err = c.Primary(rawtpm.Owner, rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil)); err != nil {
		return fmt.Errorf("CreatePrimary: %w", err)
	}
	value := sha256.Sum256(k.public)
	if _, err := c.Do(rawtpm.PCRExtend(testPCR, rawtpm.Digest{Bank: rawtpm.AlgSHA256, Value: value[:]})); err != nil {
		return fmt.Errorf("PCR_Extend: %w", err)
	}
	if k.pcr, err = c.PCR(rawtpm.AlgSHA256, testPCR); err != nil {
		return fmt.Errorf("PCR_Read: %w", err)
	}
	if _, err := c.Do(rawtpm.NVDefine(nvIndex, 32)); err != nil {
		return fmt.Errorf("NV_DefineSpace: %w", err)
	}
	if k.nv, err = c.Random(32); err != nil {
		return err
	}
	if _, err := c.Do(rawtpm.NVWrite(nvIndex, k.nv)); err != nil {
		return fmt.Errorf("NV_Write: %w", err)
	}
	g.kept = k
	return nil
}

// check finds again what keep left, and removes it.
func (g *guest) check(device string) error {
	k := g.kept
	if k == nil {
		return errors.New("nothing was kept")
	}
	c, err := open(device)
	if err != nil {
		return err
	}
	defer c.Close()
	digest := sha256.Sum256([]byte("message"))
	if _, err := c.Do(rawtpm.Sign(k.key, digest[:])); err != nil {
		return fmt.Errorf("sign with the loaded key: %w", err)
	}
	f, err := c.Do(rawtpm.ReadPublic(k.key))
	if err != nil || !bytes.Equal(f.Sized(), k.public) {
		return fmt.Errorf("the loaded key is another (%v)", err)
	}
	pcr, err := c.PCR(rawtpm.AlgSHA256, testPCR)
	if err != nil || !bytes.Equal(pcr, k.pcr) {
		return fmt.Errorf("PCR %d is %x (%v), was %x", testPCR, pcr, err, k.pcr)
	}
	nv, err := c.ReadNV(nvIndex, 32)
	if err != nil || !bytes.Equal(nv, k.nv) {
		return fmt.Errorf("NV index holds %x (%v), was %x", nv, err, k.nv)
	}
	_, flushErr := c.Do(rawtpm.FlushContext(k.key))
	_, undefineErr := c.Do(rawtpm.NVUndefine(nvIndex))
	g.kept = nil
	return errors.Join(flushErr, undefineErr)
}
