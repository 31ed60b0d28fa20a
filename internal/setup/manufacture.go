package setup

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"govtpm/internal/ekcert"
	"govtpm/tpm2/wire"
)

// plan is what is to be done to a TPM 2.
type plan struct {
	createSPK, eccSPK    bool
	createEK             bool
	ek                   []algorithm // the first, and a second of another kind
	largestRSA           bool        // the first EK is an RSA key of the largest size that the TPM makes
	allowSigning         bool
	decryption           bool
	ekCert, platformCert bool
	iak, idevid          algorithm // zero: none
	lock                 bool
	banks                []string // nil: leave the allocation alone
}

// certificates has certificates made and kept. issue returns the certificate in DER; keep stores a copy for whoever wants it.
type certificates interface {
	issue(t ekcert.Type, key, tpmSerial string) ([]byte, error)
	keep(t ekcert.Type, a algorithm, der []byte) error
}

// manufacturing carries a plan out on a TPM 2.
type manufacturing struct {
	plan
	tpm     tpm2
	certs   certificates
	printf  func(format string, args ...any) // messages
	firstEK []byte                           // certificate of the first EK
}

// run carries out the plan, in the order swtpm_setup always had: keys and indexes of two TPMs made alike are the same.
func (m *manufacturing) run() error {
	if m.banks != nil { // before the long work: is there anything to activate?
		_, active, _, err := m.tpm.chooseBanks(m.banks)
		if err != nil {
			return err
		}
		for _, name := range m.banks {
			if !slices.Contains(active, name) {
				m.printf("There is no PCR bank %s; it is left out.", name)
			}
		}
	}
	if m.createEK && m.largestRSA {
		if err := m.enlarge(); err != nil {
			return err
		}
	}
	if m.createSPK {
		if err := m.makeSPK(); err != nil {
			return fmt.Errorf("creating the storage primary key: %w", err)
		}
	}
	if m.createEK {
		for i, a := range m.ek {
			if err := m.makeEK(a, i == 0); err != nil {
				return fmt.Errorf("creating the %s EK: %w", a.title, err)
			}
		}
	}
	if err := m.makeDeviceKeys(); err != nil {
		return err
	}
	if m.banks != nil {
		active, all, err := m.tpm.allocateBanks(m.banks)
		if err != nil {
			return fmt.Errorf("activating PCR banks: %w", err)
		}
		m.printf("Successfully activated PCR banks %s among %s.", strings.Join(active, ","), strings.Join(all, ","))
	}
	return m.tpm.shutdown()
}

func (m *manufacturing) makeSPK() error {
	handle, _, err := m.tpm.createPrimary(wire.RHOwner, spkTemplate(m.eccSPK))
	if err != nil {
		return err
	}
	if err := m.tpm.evictControl(handle, spkHandle); err != nil {
		return err
	}
	if err := m.tpm.flushContext(handle); err != nil {
		return err
	}
	m.printf("Successfully created storage primary key with handle 0x%x.", uint32(spkHandle))
	return nil
}

// enlarge chooses the size of the first EK: which ones there are depends on the profile.
func (m *manufacturing) enlarge() error {
	for _, name := range []string{"rsa4096", "rsa3072"} {
		ok, err := m.tpm.canMake(ekTemplate(algorithms[name], m.allowSigning, m.decryption))
		if err != nil {
			return fmt.Errorf("asking for the sizes of RSA keys: %w", err)
		}
		if ok {
			m.ek = distinct(append([]algorithm{algorithms[name]}, m.ek[1:]...))
			return nil
		}
	}
	m.ek = distinct(m.ek)
	return nil
}

// makeEK creates an endorsement key and what goes with it. The transient copy of the key goes with the power cycle.
func (m *manufacturing) makeEK(a algorithm, first bool) error {
	place := ekPlaces[a.name]
	template := ekTemplate(a, m.allowSigning, m.decryption)
	handle, public, err := m.tpm.createPrimary(wire.RHEndorsement, template)
	if err != nil {
		return m.explain(a, err)
	}
	if err := m.tpm.evictControl(handle, place.handle); err != nil {
		return err
	}
	m.printf("Successfully created %s EK with handle 0x%x.", a.title, uint32(place.handle))
	if m.allowSigning {
		if err := m.store(place.template, wire.Marshal(template), a.title+" EK template"); err != nil {
			return err
		}
	}
	return m.certifyEK(a, place, keyParameter(public, a), first)
}

// explain adds what to do about a key that the TPM's profile does not allow.
func (m *manufacturing) explain(a algorithm, err error) error {
	if a.bits == 4096 && errors.Is(err, wire.RCValue.Parameter(2)) {
		return fmt.Errorf("%w; such keys need the profile default-v2 (--profile-name default-v2)", err)
	}
	return err
}

// certifyEK has the certificates of an EK made and stores them; the platform certificate comes with the first EK.
func (m *manufacturing) certifyEK(a algorithm, place ekPlace, key string, first bool) error {
	var ek, platform []byte
	var err error
	if m.ekCert {
		if ek, err = m.certs.issue(ekcert.EK, key, ""); err != nil {
			return err
		}
	}
	if m.platformCert && first {
		if platform, err = m.certs.issue(ekcert.Platform, key, ""); err != nil {
			return err
		}
	}
	if ek != nil {
		if first {
			m.firstEK = ek
		}
		if err := m.store(place.cert, ek, a.title+" EK certificate"); err != nil {
			return err
		}
		if err := m.certs.keep(ekcert.EK, a, ek); err != nil {
			return err
		}
	}
	if platform != nil {
		return m.store(platformCertNV, platform, "platform certificate")
	}
	return nil
}

// store puts data in an NV index of its own.
func (m *manufacturing) store(index wire.Handle, data []byte, what string) error {
	if err := m.tpm.nvStore(index, data, m.lock); err != nil {
		return fmt.Errorf("storing the %s: %w", what, err)
	}
	m.printf("Successfully created NVRAM area 0x%x for %s.", uint32(index), what)
	return nil
}

// makeDeviceKeys creates IAK and IDevID with their certificates.
func (m *manufacturing) makeDeviceKeys() error {
	for _, d := range []struct {
		typ      ekcert.Type
		title    string
		a        algorithm
		template func(algorithm) *wire.TPMTPublic
		handle   wire.Handle
		cert     wire.Handle
	}{
		{ekcert.IAK, "IAK", m.iak, iakTemplate, iakHandle, iakCertNV},
		{ekcert.IDevID, "IDevID", m.idevid, idevidTemplate, idevidHandle, idevidCertNV},
	} {
		if d.a == (algorithm{}) {
			continue
		}
		serial, err := m.tpmSerial()
		if err != nil {
			return err
		}
		handle, public, err := m.tpm.createPrimary(wire.RHEndorsement, d.template(d.a))
		if err != nil {
			return fmt.Errorf("creating the %s: %w", d.title, m.explain(d.a, err))
		}
		if err := m.tpm.evictControl(handle, d.handle); err != nil {
			return fmt.Errorf("creating the %s: %w", d.title, err)
		}
		if err := m.tpm.flushContext(handle); err != nil {
			return fmt.Errorf("creating the %s: %w", d.title, err)
		}
		m.printf("Successfully created %s %s with handle 0x%x.", d.a.title, d.title, uint32(d.handle))
		der, err := m.certs.issue(d.typ, keyParameter(public, d.a), serial)
		if err != nil {
			return err
		}
		if err := m.store(d.cert, der, d.a.title+" "+d.title+" certificate"); err != nil {
			return err
		}
		if err := m.certs.keep(d.typ, d.a, der); err != nil {
			return err
		}
	}
	return nil
}

// tpmSerial returns the serial number of the TPM for device identities: manufacturer, authority key identifier and serial number of
// the first EK's certificate.
func (m *manufacturing) tpmSerial() (string, error) {
	cert, err := x509.ParseCertificate(m.firstEK)
	if err != nil {
		return "", fmt.Errorf("the first EK's certificate, which names the TPM, cannot be read: %w", err)
	}
	manufacturer, err := m.tpm.manufacturer()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%x:%x", manufacturer, cert.AuthorityKeyId, cert.SerialNumber.Bytes()), nil
}
