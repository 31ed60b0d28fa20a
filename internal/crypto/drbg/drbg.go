// Package drbg holds the deterministic generators of a TPM: the CTR_DRBG
// with AES-256 (SP 800-90A, 10.2.1) that makes primary keys from seeds and
// serves as the general random source, and the KDF stream that makes derived
// objects.
//
// Outputs are bit for bit those of libtpms: the same seed, template and
// caller data give the same keys. To that end the derivation function is not
// quite the one of SP 800-90A (see df.go), and how requests are split into
// calls of Generate matters. Start with New for a seeded generator and with
// Instantiate for one that lives on entropy.
//
// A generator is not safe for concurrent use. It leaks lengths, never values.
package drbg

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

const (
	keySize   = 32
	blockSize = aes.BlockSize
	// SeedSize is the size of the inner state, Key ‖ V.
	SeedSize = keySize + blockSize
	// reseedInterval is the number of requests after which a generator with
	// an entropy source reseeds itself. SP 800-90A allows 2^48.
	reseedInterval = 1 << 20
)

// ErrStuck is the failure of the continuous test: two consecutive blocks were
// equal. A TPM that sees it enters failure mode.
var ErrStuck = errors.New("drbg: generator repeats itself")

// DRBG is a CTR_DRBG with AES-256. The zero value is not usable.
type DRBG struct {
	block         cipher.Block
	key           [keySize]byte
	v             [blockSize]byte
	reseedCounter uint64
	last          [blockSize]byte
	continuous    bool
	entropy       io.Reader // nil: seeded, never reseeds itself
	restored      bool      // from a state that others may go on from too
}

// New makes a generator from seed material alone: the generator of a primary
// object, whose material is primary seed ‖ label ‖ template name ‖ caller's
// data (Part 1, 24.6.3). The parts are joined without framing.
func New(material ...[]byte) *DRBG {
	seed := derive(material...)
	defer clear(seed[:])
	d := new(DRBG)
	d.instantiate(&seed)
	return d
}

// Instantiate makes a generator from fresh entropy and an optional
// personalization. It keeps entropy and reseeds itself from it when due.
func Instantiate(entropy io.Reader, personalization []byte) (*DRBG, error) {
	d := &DRBG{entropy: entropy}
	seed, err := d.seedFrom(personalization)
	defer clear(seed[:])
	if err != nil {
		return nil, err
	}
	d.instantiate(&seed)
	return d, nil
}

// Generate fills buf. One call is one request: after it key and counter are
// replaced, so two calls of 8 bytes differ from one of 16.
func (d *DRBG) Generate(buf []byte) error {
	if d.entropy != nil && (d.restored || d.reseedCounter >= reseedInterval) {
		if err := d.Reseed(nil); err != nil {
			return err
		}
	}
	for out := buf; len(out) > 0; {
		var b [blockSize]byte
		d.next(b[:])
		if d.continuous {
			if b == d.last {
				clear(buf)
				return ErrStuck
			}
			d.last = b
		}
		out = out[copy(out, b[:]):]
	}
	d.update(nil)
	d.reseedCounter++
	return nil
}

// Read is Generate as an io.Reader, for whoever wants random bytes.
func (d *DRBG) Read(buf []byte) (int, error) {
	if err := d.Generate(buf); err != nil {
		return 0, err
	}
	return len(buf), nil
}

// Additional mixes data into the state without fresh entropy. Endorsement
// primaries take in the proofs this way, as libtpms does.
func (d *DRBG) Additional(data []byte) {
	seed := derive(data)
	d.update(&seed)
	clear(seed[:])
}

// Reseed mixes in fresh entropy and optional additional data, the action of
// TPM2_StirRandom (Part 3, 16.2). Without an entropy source it equals
// Additional.
func (d *DRBG) Reseed(additional []byte) error {
	if d.entropy == nil {
		d.Additional(additional)
		return nil
	}
	seed, err := d.seedFrom(additional)
	defer clear(seed[:])
	if err != nil {
		return err
	}
	d.update(&seed)
	d.reseedCounter, d.restored = 1, false
	return nil
}

// SetContinuousTest switches the comparison of consecutive blocks on or off
// (SP 800-140B; a profile attribute in libtpms).
func (d *DRBG) SetContinuousTest(on bool) { d.continuous = on }

// Clone returns an independent generator in the same state. A clone shares the
// entropy source.
func (d *DRBG) Clone() *DRBG {
	c := *d // the expanded key is immutable: update replaces it
	return &c
}

// Wipe forgets the state; the generator must not be used afterwards.
func (d *DRBG) Wipe() { *d = DRBG{} }

// seedFrom reads a full seed of entropy and adds data through the derivation
// function, if there is any.
func (d *DRBG) seedFrom(data []byte) (seed [SeedSize]byte, err error) {
	if _, err := io.ReadFull(d.entropy, seed[:]); err != nil {
		clear(seed[:])
		return seed, fmt.Errorf("drbg: read entropy: %w", err)
	}
	if len(data) > 0 {
		x := derive(data)
		for i := range seed {
			seed[i] ^= x[i]
		}
		clear(x[:])
	}
	return seed, nil
}

// instantiate starts from key and counter zero (SP 800-90A, 10.2.1.3.1).
func (d *DRBG) instantiate(seed *[SeedSize]byte) {
	d.key, d.v = [keySize]byte{}, [blockSize]byte{}
	d.expandKey()
	d.update(seed)
	d.reseedCounter = 1
}

// update replaces key and counter by the next three blocks, xored with data
// (SP 800-90A, 10.2.1.2).
func (d *DRBG) update(data *[SeedSize]byte) {
	var t [SeedSize]byte
	for i := 0; i < SeedSize; i += blockSize {
		d.next(t[i : i+blockSize])
	}
	if data != nil {
		for i := range t {
			t[i] ^= data[i]
		}
	}
	copy(d.key[:], t[:keySize])
	copy(d.v[:], t[keySize:])
	clear(t[:])
	d.expandKey()
}

// next increments the counter and encrypts it into out.
func (d *DRBG) next(out []byte) {
	lo, carry := bits.Add64(binary.BigEndian.Uint64(d.v[8:]), 1, 0)
	binary.BigEndian.PutUint64(d.v[8:], lo)
	binary.BigEndian.PutUint64(d.v[:], binary.BigEndian.Uint64(d.v[:])+carry)
	d.block.Encrypt(out, d.v[:])
}

func (d *DRBG) expandKey() {
	d.block = newCipher(d.key[:])
}

// newCipher expands an AES-256 key.
func newCipher(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // unreachable: every caller's key has 32 bytes
	}
	return block
}

// State is a generator at rest, with the fields of the DRBG state in saved
// TPM state. LastValue is the block the continuous test remembers, as four
// words whose first byte is the least significant.
type State struct {
	ReseedCounter uint64
	Seed          [SeedSize]byte // Key ‖ V
	LastValue     [4]uint32
}

// State exports the generator. The caller wipes it when done.
func (d *DRBG) State() State {
	s := State{ReseedCounter: d.reseedCounter}
	copy(s.Seed[:keySize], d.key[:])
	copy(s.Seed[keySize:], d.v[:])
	for i := range s.LastValue {
		s.LastValue[i] = binary.LittleEndian.Uint32(d.last[4*i:])
	}
	return s
}

// Restore makes a generator that continues at s. With entropy nil it never
// reseeds itself; otherwise it does so before its first output, because a
// snapshot may be resumed many times, and signatures with the same nonce give
// the key away.
func Restore(s State, entropy io.Reader) *DRBG {
	d := &DRBG{reseedCounter: s.ReseedCounter, entropy: entropy, restored: entropy != nil}
	copy(d.key[:], s.Seed[:keySize])
	copy(d.v[:], s.Seed[keySize:])
	for i, w := range s.LastValue {
		binary.LittleEndian.PutUint32(d.last[4*i:], w)
	}
	d.expandKey()
	return d
}
