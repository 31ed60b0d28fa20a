package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"govtpm/e2e/rawtpm"
)

const ptmCancel = 0x80045008

// rcCanceled is TPM_RC_CANCELED (Part 2, 6.6.3).
const rcCanceled = 0x909

// checkClients opens a device twice: each client has its own responses, and one can cancel what the other waits for.
func checkClients(name string) error {
	a, err := openDevice(name)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := openDevice(name)
	if err != nil {
		return fmt.Errorf("second client: %w", err)
	}
	defer b.Close()
	if _, err := a.Write(rawtpm.GetRandom(16)); err != nil {
		return err
	}
	if err := checkRandom(rawtpm.New(b)); err != nil {
		return fmt.Errorf("second client: %w", err)
	}
	resp := make([]byte, 4096)
	if n, err := a.Read(resp); n != 28 || err != nil {
		return fmt.Errorf("first client: %d bytes, %v", n, err)
	}
	if err := wantEvents(a, unix.POLLOUT, 0); err != nil {
		return err
	}
	if _, err := a.Write(rawtpm.GetRandom(16)); err != nil {
		return err
	}
	if err := wantEvents(a, unix.POLLOUT|unix.POLLIN, 0); err != nil {
		return err
	}
	if err := checkWaiting(a); err != nil {
		return fmt.Errorf("a command that takes long: %w", err)
	}
	for range 20 {
		if rc, err := cancelled(a, b); err != nil || rc == rcCanceled {
			return err
		}
	}
	return errors.New("no command could be canceled")
}

// events are the events that are there within some time.
func events(d device, want int16, wait time.Duration) (int16, error) {
	p := []unix.PollFd{{Fd: int32(d), Events: want}}
	_, err := unix.Poll(p, int(wait.Milliseconds()))
	return p[0].Revents, err
}

func wantEvents(d device, want int16, wait time.Duration) error {
	got, err := events(d, unix.POLLIN|unix.POLLOUT, wait)
	if err != nil || got != want {
		return fmt.Errorf("poll: events 0x%x, %v; want 0x%x", got, err, want)
	}
	return nil
}

// startLong starts the generation of an RSA key, and says whether it is still under way.
func startLong(d device) (bool, error) {
	unique := make([]byte, 32)
	rand.Read(unique)
	if _, err := d.Write(rawtpm.CreatePrimary(rawtpm.Owner, rawtpm.RSA(2048, rawtpm.Storage, unique))); err != nil {
		return false, err
	}
	got, err := events(d, unix.POLLIN, 0)
	return got == 0, err
}

// finish reads a response, and flushes the key if there is one.
func finish(d device) (uint32, error) {
	resp := make([]byte, 4096)
	n, err := d.Read(resp)
	if err != nil || n < 10 {
		return 0, fmt.Errorf("response of %d bytes, %v", n, err)
	}
	rc := binary.BigEndian.Uint32(resp[6:])
	if rc == 0 {
		_, err = rawtpm.New(d).Do(rawtpm.FlushContext(binary.BigEndian.Uint32(resp[10:])))
	}
	return rc, err
}

// checkWaiting waits for a command in the ways there are.
func checkWaiting(d device) error {
	for range 20 {
		long, err := startLong(d)
		if err != nil {
			return err
		}
		if long {
			if _, err := d.Write(rawtpm.GetRandom(16)); err != unix.EBUSY {
				return fmt.Errorf("second command: %v", err)
			}
			if err := unix.SetNonblock(int(d), true); err != nil {
				return err
			}
			_, err := d.Read(make([]byte, 10))
			if err := unix.SetNonblock(int(d), false); err != nil {
				return err
			}
			if err != unix.EAGAIN {
				return fmt.Errorf("read without waiting: %v", err)
			}
			if err := wantEvents(d, unix.POLLIN|unix.POLLOUT, 30*time.Second); err != nil {
				return err
			}
		}
		rc, err := finish(d)
		if err != nil || rc != 0 {
			return fmt.Errorf("response code 0x%x, %v", rc, err)
		}
		if long {
			return nil
		}
	}
	return errors.New("no command took long")
}

// cancelled cancels a command of one client by another.
func cancelled(a, b device) (uint32, error) {
	if _, err := startLong(a); err != nil {
		return 0, err
	}
	if _, err := control(b, ptmCancel, 4); err != nil {
		return 0, err
	}
	return finish(a)
}
