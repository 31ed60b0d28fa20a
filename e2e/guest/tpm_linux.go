package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"

	"govtpm/e2e/eventlog"
	"govtpm/e2e/rawtpm"
)

// Where the kernel shows the measurements.
const (
	firmwareLog = "/sys/kernel/security/tpm0/binary_bios_measurements"
	kernelLog   = "/sys/kernel/security/ima/binary_runtime_measurements"

	imaPCR    = 10
	testPCR   = 16
	lastFixed = 9 // PCRs 0 to 9 are the firmware's and the boot loader's
)

// open opens a device of a TPM.
func open(name string) (*rawtpm.Conn, error) {
	d, err := openDevice(name)
	if err != nil {
		return nil, err
	}
	return rawtpm.New(d), nil
}

// checkTPM compares the logs with the PCRs and uses the TPM.
func checkTPM(device string) error {
	c, err := open(device)
	if err != nil {
		return err
	}
	if err := errors.Join(checkLogs(c), c.Close()); err != nil {
		return err
	}
	return useTPM(device)
}

// useTPM uses the TPM directly and through the kernel's resource manager.
func useTPM(device string) error {
	c, err := open(device)
	if err != nil {
		return err
	}
	if err := errors.Join(checkRandom(c), checkTestPCR(c), c.Close()); err != nil {
		return err
	}
	return checkManaged(strings.Replace(device, "/dev/tpm", "/dev/tpmrm", 1))
}

// checkLogs replays the logs of firmware and kernel and compares the result with the PCRs of every bank.
func checkLogs(c *rawtpm.Conn) error {
	data, err := os.ReadFile(firmwareLog)
	if err != nil {
		return err
	}
	log, err := eventlog.Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", firmwareLog, err)
	}
	data, err = os.ReadFile(kernelLog)
	if err != nil {
		return err
	}
	measured, err := eventlog.ParseMeasurements(data)
	if err != nil {
		return fmt.Errorf("%s: %w", kernelLog, err)
	}
	banks, err := c.Banks()
	if err != nil {
		return err
	}
	if len(banks) == 0 || len(measured) == 0 || len(log.Events) == 0 {
		return fmt.Errorf("%d banks, %d events, %d measurements", len(banks), len(log.Events), len(measured))
	}
	for _, b := range banks {
		if err := compare(c, b, log, measured); err != nil {
			return err
		}
	}
	fmt.Printf("guest: info %d banks, %d firmware events, %d kernel measurements agree\n",
		len(banks), len(log.Events), len(measured))
	return nil
}

func compare(c *rawtpm.Conn, b rawtpm.Bank, log *eventlog.Log, measured eventlog.Measurements) error {
	for _, pcr := range b.PCRs {
		if pcr > imaPCR {
			continue
		}
		want, err := log.Replay(b.Hash, pcr)
		if err != nil {
			return err
		}
		padded := measured.Replay(b.Hash, pcr, want, true)
		want = measured.Replay(b.Hash, pcr, want, false)
		got, err := c.PCR(b.Hash, pcr)
		if err != nil {
			return fmt.Errorf("PCR %d: %w", pcr, err)
		}
		if !bytes.Equal(got, want) && !bytes.Equal(got, padded) {
			return fmt.Errorf("bank 0x%x, PCR %d is %x, the log says %x", b.Hash, pcr, got, want)
		}
		if bytes.Equal(got, make([]byte, len(got))) && pcr < 8 {
			return fmt.Errorf("bank 0x%x, PCR %d was never extended", b.Hash, pcr)
		}
	}
	return nil
}

func checkRandom(c *rawtpm.Conn) error {
	one, err := c.Random(32)
	if err != nil {
		return err
	}
	two, err := c.Random(32)
	if err != nil {
		return err
	}
	if len(one) != 32 || bytes.Equal(one, two) {
		return fmt.Errorf("random bytes %x and %x", one, two)
	}
	return nil
}

// checkTestPCR resets and extends the PCR that is there for tests.
func checkTestPCR(c *rawtpm.Conn) error {
	if _, err := c.Do(rawtpm.PCRReset(testPCR)); err != nil {
		return fmt.Errorf("PCR_Reset: %w", err)
	}
	value := sha256.Sum256([]byte("test"))
	if _, err := c.Do(rawtpm.PCRExtend(testPCR, rawtpm.Digest{Bank: rawtpm.AlgSHA256, Value: value[:]})); err != nil {
		return fmt.Errorf("PCR_Extend: %w", err)
	}
	want := sha256.Sum256(append(make([]byte, 32), value[:]...))
	got, err := c.PCR(rawtpm.AlgSHA256, testPCR)
	if err != nil || !bytes.Equal(got, want[:]) {
		return fmt.Errorf("PCR %d is %x (%v), want %x", testPCR, got, err, want)
	}
	return nil
}

// managedKeys is what the kernel's resource manager lets one user have at a time.
const managedKeys = 3

// checkManaged uses the resource manager as two users at once, which need more places than a TPM has: it has to save
// and load contexts.
func checkManaged(device string) error {
	var users [2]*rawtpm.Conn
	var keys [len(users)][]uint32
	for i := range users {
		c, err := open(device)
		if err != nil {
			return err
		}
		defer c.Close()
		users[i] = c
		parent, _, err := c.Primary(rawtpm.Owner, rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil))
		if err != nil {
			return fmt.Errorf("CreatePrimary: %w", err)
		}
		keys[i] = append(keys[i], parent)
	}
	for range managedKeys - 1 {
		for i, c := range users {
			key, err := c.NewKey(keys[i][0], rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil))
			if err != nil {
				return fmt.Errorf("user %d, key %d: %w", i, len(keys[i]), err)
			}
			keys[i] = append(keys[i], key)
		}
	}
	digest := sha256.Sum256([]byte("message"))
	for k := 1; k < managedKeys; k++ {
		for i, c := range users {
			if _, err := c.Do(rawtpm.Sign(keys[i][k], digest[:])); err != nil {
				return fmt.Errorf("user %d, Sign with key %d: %w", i, k, err)
			}
		}
	}
	for i, c := range users {
		for _, key := range keys[i] {
			if _, err := c.Do(rawtpm.FlushContext(key)); err != nil {
				return fmt.Errorf("FlushContext: %w", err)
			}
		}
	}
	return nil
}
