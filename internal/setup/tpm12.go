package setup

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the hash of TPM 1.2
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"

	"govtpm/internal/ekcert"
	"govtpm/tpm2/wire"
)

// plan12 is what is to be done to a TPM 1.2.
type plan12 struct {
	createEK, ekCert, platformCert bool
	takeOwnership                  bool
	ownerAuth, srkAuth             [sha1.Size]byte
	lock                           bool
}

// manufacturing12 carries a plan out on a TPM 1.2.
type manufacturing12 struct {
	plan12
	tpm    TPM
	certs  certificates
	printf func(format string, args ...any)
}

// Tags, command codes (TPM 1.2 Part 2, 6 and 17) and NV indexes of a TPM 1.2.
const (
	tagCommand12, tagAuth1Command12 = 0x00c1, 0x00c2

	ordOIAP                  = 0x0a
	ordTakeOwnership         = 0x0d
	ordPhysicalEnable        = 0x6f
	ordPhysicalDeactivate    = 0x72
	ordCreateEndorsementPair = 0x78
	ordNVDefineSpace         = 0xcc
	ordNVWriteValue          = 0xcd
	ordPhysicalPresence      = 0x4000000a

	ekCertIndex12       = 0x1000f000
	platformCertIndex12 = 0x1000f002
	lockIndex12         = 0xffffffff // TPM_NV_INDEX_LOCK
	ownerReadWrite      = 0x00020002 // TPM_NV_PER_OWNERREAD, TPM_NV_PER_OWNERWRITE
)

// rsaParms is TPM_KEY_PARMS of an RSA 2048 key for OAEP (TPM 1.2 Part 2, 10.1).
var rsaParms = []byte{0, 0, 0, 1, 0, 3, 0, 1, 0, 0, 0, 12, 0, 0, 8, 0, 0, 0, 0, 2, 0, 0, 0, 0}

// run carries out the plan.
func (m *manufacturing12) run() error {
	for _, c := range []struct {
		code       uint32
		parameters []byte
	}{
		{ordPhysicalPresence, []byte{0, 0x20}}, // command enable
		{ordPhysicalPresence, []byte{0, 0x08}}, // present
		{ordPhysicalEnable, nil},
		{ordPhysicalDeactivate, []byte{0}},
	} {
		if _, err := m.command(tagCommand12, c.code, c.parameters); err != nil {
			return err
		}
	}
	if m.createEK {
		if err := m.makeEK(); err != nil {
			return err
		}
	}
	if !m.lock {
		return nil
	}
	if err := m.nvDefine(lockIndex12, 0, 0); err != nil {
		return fmt.Errorf("locking NV: %w", err)
	}
	m.printf("Successfully locked NVRAM access.")
	return nil
}

// command sends a command and returns what follows the header of the response.
func (m *manufacturing12) command(tag uint16, code uint32, parameters []byte) ([]byte, error) {
	b := binary.BigEndian.AppendUint16(nil, tag)
	b = binary.BigEndian.AppendUint32(b, uint32(wire.HeaderSize+len(parameters)))
	b = binary.BigEndian.AppendUint32(b, code)
	resp, err := m.tpm.Execute(append(b, parameters...))
	if err != nil {
		return nil, fmt.Errorf("command 0x%x: %w", code, err)
	}
	if len(resp) < wire.HeaderSize || binary.BigEndian.Uint32(resp[2:]) != uint32(len(resp)) {
		return nil, fmt.Errorf("command 0x%x: the TPM's response is malformed", code)
	}
	if rc := binary.BigEndian.Uint32(resp[6:]); rc != 0 {
		return nil, fmt.Errorf("command 0x%x failed: 0x%x", code, rc)
	}
	return resp[wire.HeaderSize:], nil
}

// makeEK creates the endorsement key pair (TPM 1.2 Part 3, 14.1), takes ownership, and stores certificates.
func (m *manufacturing12) makeEK() error {
	antiReplay := make([]byte, sha1.Size) // the checksum over it is not used
	resp, err := m.command(tagCommand12, ordCreateEndorsementPair, append(antiReplay, rsaParms...))
	if err != nil {
		return fmt.Errorf("creating the EK: %w", err)
	}
	// TPM_KEY_PARMS, then the size of the modulus and the modulus.
	const size = 256
	if len(resp) < len(rsaParms)+4+size || binary.BigEndian.Uint32(resp[len(rsaParms):]) != size {
		return errors.New("the TPM's new EK cannot be read")
	}
	modulus := resp[len(rsaParms)+4:][:size]
	m.printf("Successfully created EK.")
	if m.takeOwnership {
		if err := m.own(modulus); err != nil {
			return fmt.Errorf("taking ownership: %w", err)
		}
		m.printf("Successfully took ownership of the TPM.")
	}
	return m.certify(hex.EncodeToString(modulus))
}

func (m *manufacturing12) certify(key string) error {
	var ek, platform []byte
	var err error
	if m.ekCert {
		if ek, err = m.certs.issue(ekcert.EK, key, ""); err != nil {
			return err
		}
	}
	if m.platformCert {
		if platform, err = m.certs.issue(ekcert.Platform, key, ""); err != nil {
			return err
		}
	}
	if ek != nil {
		if err := m.store(ekCertIndex12, ek); err != nil {
			return fmt.Errorf("storing the EK certificate: %w", err)
		}
		m.printf("Successfully created NVRAM area for EK certificate.")
		if len(ek) > ekcert.StoredHeaderSize {
			if err := m.certs.keep(ekcert.EK, algorithms["rsa2048"], ek[ekcert.StoredHeaderSize:]); err != nil {
				return err
			}
		}
	}
	if platform != nil {
		if err := m.store(platformCertIndex12, platform); err != nil {
			return fmt.Errorf("storing the platform certificate: %w", err)
		}
		m.printf("Successfully created NVRAM area for Platform certificate.")
	}
	return nil
}

// store defines an NV area for the data and writes it (TPM 1.2 Part 3, 20.1 and 20.2). No owner is needed: NV is not locked yet.
func (m *manufacturing12) store(index uint32, data []byte) error {
	if err := m.nvDefine(index, ownerReadWrite, uint32(len(data))); err != nil {
		return err
	}
	for offset := 0; offset < len(data); offset += nvPiece {
		piece := data[offset:min(offset+nvPiece, len(data))]
		b := binary.BigEndian.AppendUint32(nil, index)
		b = binary.BigEndian.AppendUint32(b, uint32(offset))
		b = binary.BigEndian.AppendUint32(b, uint32(len(piece)))
		if _, err := m.command(tagCommand12, ordNVWriteValue, append(b, piece...)); err != nil {
			return err
		}
	}
	return nil
}

// nvDefine defines an NV area (TPM_NV_DATA_PUBLIC, TPM 1.2 Part 2, 19.3).
func (m *manufacturing12) nvDefine(index, attributes, size uint32) error {
	b := binary.BigEndian.AppendUint16(nil, 0x0018) // TPM_TAG_NV_DATA_PUBLIC
	b = binary.BigEndian.AppendUint32(b, index)
	for range 2 { // for reading and writing: no PCR, any locality
		b = append(b, 0, 3, 0, 0, 0, 0x1f)
		b = append(b, make([]byte, sha1.Size)...)
	}
	b = binary.BigEndian.AppendUint16(b, 0x0017) // TPM_TAG_NV_ATTRIBUTES
	b = binary.BigEndian.AppendUint32(b, attributes)
	b = append(b, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, size)
	_, err := m.command(tagCommand12, ordNVDefineSpace, append(b, make([]byte, sha1.Size)...))
	return err
}

// own takes ownership in an OIAP session (TPM 1.2 Part 3, 6.1 and 18.1).
func (m *manufacturing12) own(modulus []byte) error {
	session, err := m.command(tagCommand12, ordOIAP, nil)
	if err != nil {
		return err
	}
	if len(session) < 4+sha1.Size {
		return errors.New("the TPM's session cannot be read")
	}
	handle, nonceEven := session[:4], session[4:][:sha1.Size]
	ek := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: 65537}
	b := []byte{0, 5} // TPM_PID_OWNER
	for _, secret := range [][sha1.Size]byte{m.ownerAuth, m.srkAuth} {
		sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, ek, secret[:], []byte("TCPA"))
		if err != nil {
			return err
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(sealed)))
		b = append(b, sealed...)
	}
	// TPM_KEY12 of the SRK: a storage key that always needs authorization (TPM 1.2 Part 2, 10.3).
	b = append(b, 0, 0x28, 0, 0, 0, 0x11, 0, 0, 0, 0, 1)
	b = append(b, rsaParms...)
	b = append(b, make([]byte, 12)...) // no PCR, no public key yet, no private key
	nonceOdd := make([]byte, sha1.Size)
	if _, err := rand.Read(nonceOdd); err != nil {
		return err
	}
	digest := sha1.Sum(append(binary.BigEndian.AppendUint32(nil, ordTakeOwnership), b...))
	mac := hmac.New(sha1.New, m.ownerAuth[:])
	for _, part := range [][]byte{digest[:], nonceEven, nonceOdd, {0}} {
		mac.Write(part)
	}
	b = append(append(append(b, handle...), nonceOdd...), 0)
	_, err = m.command(tagAuth1Command12, ordTakeOwnership, mac.Sum(b))
	return err
}
