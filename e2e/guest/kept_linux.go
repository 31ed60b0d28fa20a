package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"govtpm/e2e/rawtpm"
)

// NV indexes of the guest: an ordinary one, a counter, and one that only a policy can read.
const (
	nvIndex   = 0x01500e2e
	nvCounter = 0x01500e2f
	nvPolicy  = 0x01500e30
)

// kept is what the guest remembers of the TPM while its machine moves to another host.
type kept struct {
	key    uint32
	public []byte
	pcr    []byte
	nv     []byte

	counter uint64
	session uint32 // a policy session, half way to reading nvPolicy
}

// keep leaves a loaded key, a PCR value, NV indexes and a policy session.
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
	if err := k.keepPolicy(c); err != nil {
		return err
	}
	g.kept = k
	return nil
}

// keepPolicy leaves a counter that counted, and an index with the session that can read it.
func (k *kept) keepPolicy(c *rawtpm.Conn) error {
	for name, cmd := range map[string]rawtpm.Command{"counter": rawtpm.NVDefineCounter(nvCounter),
		"index with a policy": rawtpm.NVDefineForPolicy(nvPolicy, len(k.nv), rawtpm.CommandPolicy(rawtpm.CodeNVRead))} {
		if _, err := c.Do(cmd); err != nil {
			return fmt.Errorf("NV_DefineSpace of a %s: %w", name, err)
		}
	}
	if _, err := c.Do(rawtpm.NVWrite(nvPolicy, k.nv)); err != nil {
		return fmt.Errorf("NV_Write of the index with a policy: %w", err)
	}
	var err error
	for range 3 {
		if k.counter, err = count(c); err != nil {
			return err
		}
	}
	f, err := c.Do(rawtpm.StartPolicy())
	if err != nil {
		return fmt.Errorf("StartAuthSession: %w", err)
	}
	k.session = f.Handle()
	if _, err := c.Do(rawtpm.PolicyCommandCode(k.session, rawtpm.CodeNVRead)); err != nil {
		return fmt.Errorf("PolicyCommandCode: %w", err)
	}
	return nil
}

// count increments the counter and gives its value.
func count(c *rawtpm.Conn) (uint64, error) {
	if _, err := c.Do(rawtpm.NVIncrement(nvCounter)); err != nil {
		return 0, fmt.Errorf("NV_Increment: %w", err)
	}
	value, err := c.ReadNV(nvCounter, 8)
	if err != nil || len(value) != 8 {
		return 0, fmt.Errorf("the counter holds %x (%v)", value, err)
	}
	return binary.BigEndian.Uint64(value), nil
}

// checkPolicy finds the counter where it was, and lets the session do what it was made for.
func (k *kept) checkPolicy(c *rawtpm.Conn) error {
	if now, err := count(c); err != nil || now != k.counter+1 {
		return fmt.Errorf("the counter counts to %d after %d (%v)", now, k.counter, err)
	}
	f, err := c.Do(rawtpm.PolicyGetDigest(k.session))
	if err != nil || !bytes.Equal(f.Sized(), rawtpm.CommandPolicy(rawtpm.CodeNVRead)) {
		return fmt.Errorf("the session has another policy (%v)", err)
	}
	f, err = c.Do(rawtpm.NVReadByPolicy(k.session, nvPolicy, len(k.nv)))
	if err != nil || !bytes.Equal(f.Params().Sized(), k.nv) {
		return fmt.Errorf("the session does not read the index with its policy (%v)", err)
	}
	_, counterErr := c.Do(rawtpm.NVUndefine(nvCounter))
	_, policyErr := c.Do(rawtpm.NVUndefine(nvPolicy))
	return errors.Join(counterErr, policyErr)
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
	if err := k.checkPolicy(c); err != nil {
		return err
	}
	_, flushErr := c.Do(rawtpm.FlushContext(k.key))
	_, undefineErr := c.Do(rawtpm.NVUndefine(nvIndex))
	g.kept = nil
	return errors.Join(flushErr, undefineErr)
}
