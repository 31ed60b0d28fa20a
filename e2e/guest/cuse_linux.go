package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"govtpm/e2e/rawtpm"
)

// The ioctl numbers of swtpm's character device.
const (
	ptmGetCapability = 0x80085000
	ptmInit          = 0xc0045001
	ptmShutdown      = 0x80045002
	ptmSetLocality   = 0xc0045004
	ptmGetStateBlob  = 0xcc10500b
	ptmStop          = 0x8004500d
	ptmSetBufferSize = 0xc0105010
)

// cuseCapabilities are those without which QEMU and swtpm_ioctl do not work on the device: all of a CUSE device.
const cuseCapabilities = 0x2fff

// notRunning is the answer to any command before INIT and after STOP.
var notRunning = [...]byte{0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 1}

// ioctl calls with an argument of so many bytes in host order and returns it as it came back.
func ioctl(f device, number uintptr, size int, words ...uint32) ([]byte, error) {
	arg := make([]byte, size)
	for i, w := range words {
		binary.NativeEndian.PutUint32(arg[4*i:], w)
	}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(f), number, uintptr(unsafe.Pointer(&arg[0])))
	if errno != 0 {
		return nil, fmt.Errorf("ioctl 0x%x: %w", number, errno)
	}
	return arg, nil
}

// control calls an ioctl whose answer begins with a result word, and wants success.
func control(f device, number uintptr, size int, words ...uint32) ([]byte, error) {
	arg, err := ioctl(f, number, size, words...)
	if err != nil {
		return nil, err
	}
	if result := binary.NativeEndian.Uint32(arg); result != 0 {
		return nil, fmt.Errorf("ioctl 0x%x: result 0x%x", number, result)
	}
	return arg, nil
}

// checkCUSE leads a character device of a TPM through its life.
func checkCUSE(name string) error {
	if err := waitFor(name); err != nil {
		return err
	}
	f, err := openDevice(name)
	if err != nil {
		return err
	}
	defer f.Close()
	c := rawtpm.New(f)
	arg, err := ioctl(f, ptmGetCapability, 8)
	if err != nil {
		return err
	}
	if mask := binary.NativeEndian.Uint64(arg); mask&cuseCapabilities != cuseCapabilities {
		return fmt.Errorf("capabilities 0x%x", mask)
	}
	if err := wantNotRunning(c); err != nil {
		return fmt.Errorf("before INIT: %w", err)
	}
	if _, err := control(f, ptmInit, 4, 0); err != nil {
		return err
	}
	if err := checkRunning(f, c); err != nil {
		return err
	}
	if _, err := control(f, ptmStop, 4); err != nil {
		return err
	}
	if err := wantNotRunning(c); err != nil {
		return fmt.Errorf("after STOP: %w", err)
	}
	if arg, err = control(f, ptmSetBufferSize, 16, 0); err != nil {
		return err
	}
	if size := binary.NativeEndian.Uint32(arg[4:]); size < 2048 || size > 1<<16 {
		return fmt.Errorf("buffer of %d bytes", size)
	}
	_, err = control(f, ptmShutdown, 4)
	return err
}

func wantNotRunning(c *rawtpm.Conn) error {
	resp, err := c.Exchange(rawtpm.ReadClock())
	if err != nil {
		return err
	}
	if !bytes.Equal(resp, notRunning[:]) {
		return fmt.Errorf("response %x", resp)
	}
	return nil
}

// checkRunning uses the TPM that runs behind the device.
func checkRunning(f device, c *rawtpm.Conn) error {
	if _, err := control(f, ptmSetLocality, 4, 0); err != nil {
		return err
	}
	if _, err := c.Do(rawtpm.Startup(false)); err != nil {
		return fmt.Errorf("TPM2_Startup: %w", err)
	}
	if err := errors.Join(checkRandom(c), checkTestPCR(c)); err != nil {
		return err
	}
	if err := checkPartialRead(f); err != nil {
		return err
	}
	arg, err := control(f, ptmGetStateBlob, 3088, 1, 1, 0)
	if err != nil {
		return err
	}
	if total, n := binary.NativeEndian.Uint32(arg[8:]), binary.NativeEndian.Uint32(arg[12:]); n == 0 || n > total || n > 3072 {
		return fmt.Errorf("state blob of %d bytes came as %d", total, n)
	}
	return nil
}

// checkPartialRead reads a response in two parts.
func checkPartialRead(f device) error {
	if _, err := f.Write(rawtpm.GetRandom(16)); err != nil {
		return err
	}
	resp := make([]byte, 64)
	n, err := f.Read(resp[:10])
	if err != nil || n != 10 {
		return fmt.Errorf("first read: %d bytes, %v", n, err)
	}
	m, err := f.Read(resp[10:])
	if err != nil || n+m != 28 || binary.BigEndian.Uint32(resp[2:]) != 28 {
		return fmt.Errorf("second read: %d bytes, %v", m, err)
	}
	return nil
}
