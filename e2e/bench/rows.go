package main

import (
	"bytes"
	"time"

	"govtpm/e2e/rawtpm"
)

const nvIndex = rawtpm.HandlesNV + 0x500001

// rows is every kind of work.
func rows() []row {
	digest32, digest48 := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 48)
	return []row{
		short("GetRandom 32, Unix", false, rawtpm.GetRandom(32)),
		short("GetRandom 32, TCP", true, rawtpm.GetRandom(32)),
		short("PCR_Read, Unix", false, rawtpm.PCRRead(rawtpm.AlgSHA256, 0, 1, 2, 3)),
		short("PCR_Read, TCP", true, rawtpm.PCRRead(rawtpm.AlgSHA256, 0, 1, 2, 3)),
		short("ReadClock, Unix", false, rawtpm.ReadClock()),
		short("ReadClock, TCP", true, rawtpm.ReadClock()),
		create("ECC P-256 create", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil)),
		create("ECC P-384 create", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, nil)),
		sign("ECC P-256 sign", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil), digest32),
		sign("ECC P-384 sign", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, nil), digest48),
		sign("RSA-1024 sign", rawtpm.RSA(1024, rawtpm.Signing, nil), digest32),
		sign("RSA-2048 sign", rawtpm.RSA(2048, rawtpm.Signing, nil), digest32),
		sign("RSA-3072 sign", rawtpm.RSA(3072, rawtpm.Signing, nil), digest32),
		{"RSA-2048 decrypt", "ms", 200, prepareDecrypt, anywhere},
		{"RSA-2048 primary, new seed", "ms", 41, prepareNewPrimary, anywhere},
		repeated("RSA-2048 primary, repeated", rawtpm.RSA(2048, rawtpm.Storage, nil)),
		repeated("ECC P-256 primary, repeated", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil)),
		nvWrite("NV write 64, neither synced", ",sync=off", "", anywhere),
		nvWrite("NV write 64, both synced", "", ",fsync", anywhere),
		nvWrite("NV write 64, ours synced", "", "", anywhere),
		nvWrite("NV write 64, state in memory", "", "", inMemory),
		{"start from nothing", "ms", 21, prepareFirstStart, anywhere},
		{"start on a state", "ms", 41, prepareStart, anywhere},
		{"swtpm_setup, all certificates", "ms", 11, prepareSetup, anywhere},
		memory("idle process, RSS", "Rss"),
		memory("idle process, PSS", "Pss"),
		memory("idle process, memory of its own", "Anonymous"),
	}
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Nanoseconds()) / 1e6 }

func microseconds(since time.Time) float64 { return float64(time.Since(since).Nanoseconds()) / 1e3 }

// once measures a command in microseconds.
func (e *emulator) once(cmd rawtpm.Command) (float64, error) {
	start := time.Now()
	_, err := e.Do(cmd)
	return microseconds(start), err
}

// short is a row of a command that takes next to no time: it measures the way to the TPM and back.
func short(name string, tcp bool, cmd rawtpm.Command) row {
	return row{name, "µs", 5000, func(e *emulator) (func() (float64, error), error) {
		e.tcp = tcp
		if err := e.start(); err != nil {
			return nil, err
		}
		return func() (float64, error) { return e.once(cmd) }, nil
	}, anywhere}
}

// parent starts the emulator and makes a storage key.
func (e *emulator) parent() (uint32, error) {
	if err := e.start(); err != nil {
		return 0, err
	}
	h, _, err := e.Primary(rawtpm.Owner, rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil))
	return h, err
}

func create(name string, t rawtpm.Template) row {
	return row{name, "µs", 300, func(e *emulator) (func() (float64, error), error) {
		parent, err := e.parent()
		cmd := rawtpm.Create(parent, t)
		return func() (float64, error) { return e.once(cmd) }, err
	}, anywhere}
}

func sign(name string, t rawtpm.Template, digest []byte) row {
	return row{name, "µs", 300, func(e *emulator) (func() (float64, error), error) {
		if err := e.start(); err != nil {
			return nil, err
		}
		key, _, err := e.Primary(rawtpm.Owner, t)
		cmd := rawtpm.Sign(key, digest)
		return func() (float64, error) { return e.once(cmd) }, err
	}, anywhere}
}

func prepareDecrypt(e *emulator) (func() (float64, error), error) {
	if err := e.start(); err != nil {
		return nil, err
	}
	key, _, err := e.Primary(rawtpm.Owner, rawtpm.RSA(2048, rawtpm.Decryption, nil))
	if err != nil {
		return nil, err
	}
	f, err := e.Do(rawtpm.RSAEncrypt(key, []byte("a message")))
	if err != nil {
		return nil, err
	}
	cmd := rawtpm.RSADecrypt(key, f.Sized())
	return func() (float64, error) {
		start := time.Now()
		_, err := e.Do(cmd)
		return milliseconds(start), err
	}, nil
}

// prepareNewPrimary measures a primary key whose seed is new: the search for primes.
func prepareNewPrimary(e *emulator) (func() (float64, error), error) {
	if err := e.start(); err != nil {
		return nil, err
	}
	return func() (float64, error) {
		if _, err := e.Do(rawtpm.ChangeSeed()); err != nil {
			return 0, err
		}
		start := time.Now()
		h, _, err := e.Primary(rawtpm.Platform, rawtpm.RSA(2048, rawtpm.Storage, nil))
		if err != nil {
			return 0, err
		}
		took := milliseconds(start)
		_, err = e.Do(rawtpm.FlushContext(h))
		return took, err
	}, nil
}

// repeated measures a primary key that was made before.
func repeated(name string, t rawtpm.Template) row {
	return row{name, "ms", 41, func(e *emulator) (func() (float64, error), error) {
		if err := e.start(); err != nil {
			return nil, err
		}
		return func() (float64, error) {
			start := time.Now()
			h, _, err := e.Primary(rawtpm.Owner, t)
			if err != nil {
				return 0, err
			}
			took := milliseconds(start)
			_, err = e.Do(rawtpm.FlushContext(h))
			return took, err
		}, nil
	}, alike}
}

// nvWrite is a row of a write to an index, with options of --tpmstate for each side.
func nvWrite(name, ours, theirs string, where place) row {
	return row{name, "µs", 500, func(e *emulator) (func() (float64, error), error) {
		e.options = theirs
		if e.ours {
			e.options = ours
		}
		if err := e.start(); err != nil {
			return nil, err
		}
		_, err := e.Do(rawtpm.NVDefine(nvIndex, 64))
		n := byte(0)
		return func() (float64, error) {
			n++ // a write that changes nothing may cost nothing
			return e.once(rawtpm.NVWrite(nvIndex, bytes.Repeat([]byte{n}, 64)))
		}, err
	}, where}
}

// prepareFirstStart measures from the start of the process without a state to the first response.
func prepareFirstStart(e *emulator) (func() (float64, error), error) {
	return func() (float64, error) {
		if err := e.reset(); err != nil {
			return 0, err
		}
		return e.timeToResponse()
	}, nil
}

// prepareStart measures the same with a state that is there.
func prepareStart(e *emulator) (func() (float64, error), error) {
	if err := e.start(); err != nil {
		return nil, err
	}
	_, err := e.Do(rawtpm.Shutdown(false))
	return func() (float64, error) {
		e.stop()
		return e.timeToResponse()
	}, err
}

func (e *emulator) timeToResponse() (float64, error) {
	start := time.Now()
	if err := e.start(); err != nil {
		return 0, err
	}
	_, err := e.Do(rawtpm.ReadClock())
	return milliseconds(start), err
}

// memory is a row of a process that has served a command and waits.
func memory(name, field string) row {
	return row{name, "KB", 5, func(e *emulator) (func() (float64, error), error) {
		return func() (float64, error) {
			if err := e.reset(); err != nil {
				return 0, err
			}
			if err := e.start(); err != nil {
				return 0, err
			}
			if _, err := e.Random(32); err != nil {
				return 0, err
			}
			time.Sleep(200 * time.Millisecond)
			return e.memory(field)
		}, nil
	}, anywhere}
}
