package setup

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"

	"govtpm/internal/ekcert"
	"govtpm/internal/require"
	"govtpm/tpm2/wire"
)

// template writes a TPMT_PUBLIC from its fields in hexadecimal, independently of package wire.
func templateBytes(typ, nameAlg, attributes, policy, parameters, unique string) string {
	p := policy
	return typ + nameAlg + attributes + fmt.Sprintf("%04x", len(p)/2) + p + parameters + unique
}

func sized(hexText string) string { return fmt.Sprintf("%04x", len(hexText)/2) + hexText }

func zeros(n int) string { return strings.Repeat("00", n) }

// TestTemplates checks the bytes of all templates.
func TestTemplates(t *testing.T) {
	const aes128, aes256, null = "0006" + "0080" + "0043", "0006" + "0100" + "0043", "0010"
	rsa2, rsa3, rsa4 := algorithms["rsa2048"], algorithms["rsa3072"], algorithms["rsa4096"]
	p256, p384, p521 := algorithms["ecc_nist_p256"], algorithms["ecc_nist_p384"], algorithms["ecc_nist_p521"]
	for _, tt := range []struct {
		name string
		got  *wire.TPMTPublic
		want string
	}{
		{"ek rsa2048", ekTemplate(rsa2, false, false), templateBytes("0001", "000b", "000300b2", policies["A-256"], aes128+null+"0800"+"00000000", sized(zeros(256)))},
		{"ek rsa3072", ekTemplate(rsa3, false, false), templateBytes("0001", "000c", "000300f2", policies["B-384"], aes256+null+"0c00"+"00000000", "0000")},
		{"ek rsa4096", ekTemplate(rsa4, false, false), templateBytes("0001", "000c", "000300f2", policies["B-384"], aes256+null+"1000"+"00000000", "0000")},
		{"ek p256", ekTemplate(p256, false, false), templateBytes("0023", "000b", "000300b2", policies["A-256"], aes128+null+"0003"+null, sized(zeros(32))+sized(zeros(32)))},
		{"ek p384", ekTemplate(p384, false, false), templateBytes("0023", "000c", "000300f2", policies["B-384"], aes256+null+"0004"+null, "00000000")},
		{"ek p521", ekTemplate(p521, false, false), templateBytes("0023", "000d", "000300f2", policies["B-512"], aes256+null+"0005"+null, "00000000")},
		{"ek signs", ekTemplate(rsa2, true, false), templateBytes("0001", "000b", "000400b2", policies["A-256"], null+null+"0800"+"00000000", sized(zeros(256)))},
		{"ek signs, high", ekTemplate(p384, true, false), templateBytes("0023", "000c", "000400f2", policies["B-384"], null+null+"0004"+null, "00000000")},
		{"ek both", ekTemplate(rsa2, true, true), templateBytes("0001", "000b", "000600b2", policies["A-256"], null+null+"0800"+"00000000", sized(zeros(256)))},
		{"ek decrypts", ekTemplate(rsa2, false, true), templateBytes("0001", "000b", "000300b2", policies["A-256"], aes128+null+"0800"+"00000000", sized(zeros(256)))},
		{"spk rsa", spkTemplate(false), templateBytes("0001", "000c", "00030472", "", aes256+null+"0c00"+"00000000", sized(zeros(384)))},
		{"spk ecc", spkTemplate(true), templateBytes("0023", "000c", "00030472", "", aes256+null+"0004"+null, sized(zeros(48))+sized(zeros(48)))},
		{"iak rsa2048", iakTemplate(rsa2), templateBytes("0001", "000b", "000500f2", policies["iak-256"], null+"0016000b"+"0800"+"00000000", sized("49414b"))},
		{"iak rsa4096", iakTemplate(rsa4), templateBytes("0001", "000c", "000500f2", policies["iak-384"], null+"0016000c"+"1000"+"00000000", sized("49414b"))},
		{"iak p384", iakTemplate(p384), templateBytes("0023", "000c", "000500f2", policies["iak-384"], null+"0018000c"+"0004"+null, sized("49414b")+"0000")},
		{"iak p521", iakTemplate(p521), templateBytes("0023", "000d", "000500f2", policies["iak-512"], null+"0018000d"+"0005"+null, sized("49414b")+"0000")},
		{"idevid rsa2048", idevidTemplate(rsa2), templateBytes("0001", "000b", "000400f2", policies["idevid-256"], null+null+"0800"+"00000000", sized("494445564944"))},
		{"idevid p256", idevidTemplate(p256), templateBytes("0023", "000b", "000400f2", policies["idevid-256"], null+"0018000b"+"0003"+null, sized("494445564944")+"0000")},
	} {
		if got := hex.EncodeToString(wire.Marshal(tt.got)); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
	for name, digest := range policies {
		if b, err := hex.DecodeString(digest); err != nil || len(b)*8 != map[string]int{"256": 256, "384": 384, "512": 512}[name[len(name)-3:]] {
			t.Errorf("policy %s: %d bytes, %v", name, len(b), err)
		}
	}
}

// connTPM is a TPM behind a connection.
type connTPM struct{ conn net.Conn }

func (c connTPM) Execute(command []byte) ([]byte, error) {
	if _, err := c.conn.Write(command); err != nil {
		return nil, err
	}
	resp := make([]byte, wire.HeaderSize)
	if _, err := io.ReadFull(c.conn, resp); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(resp[2:])
	if n < wire.HeaderSize || n > 4096 {
		return nil, errors.New("bad size")
	}
	resp = append(resp, make([]byte, n-wire.HeaderSize)...)
	_, err := io.ReadFull(c.conn, resp[wire.HeaderSize:])
	return resp, err
}

// installedTPM starts the installed swtpm with fresh state.
func installedTPM(t *testing.T) TPM {
	t.Helper()
	tool := require.Program(t, "swtpm")
	dir := t.TempDir()
	sock := filepath.Join(dir, "s")
	cmd := exec.Command(tool, "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+sock, "--flags", "not-need-init,startup-clear")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 500 {
		if conn, err := net.Dial("unix", sock); err == nil {
			t.Cleanup(func() { conn.Close() })
			conn.SetDeadline(time.Now().Add(time.Minute))
			return connTPM{conn}
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Missing(t, "swtpm did not start: %s", out.String())
	return nil
}

// testCA issues certificates in the test's memory.
type testCA struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	log  []string
}

func newTestCA(t *testing.T) *testCA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, SubjectKeyId: []byte{0xab, 0xcd}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &testCA{t: t, key: key, cert: cert}
}

func (c *testCA) issue(typ ekcert.Type, key, serial string) ([]byte, error) {
	c.log = append(c.log, "issue "+typ.String()+" "+serial)
	var public *ekcert.PublicKey
	var err error
	if modulus, derr := hex.DecodeString(key); derr == nil {
		public, err = ekcert.RSAPublicKey(modulus, 65537)
	} else {
		part := map[string]string{}
		for item := range strings.SplitSeq(key, ",") {
			name, value, _ := strings.Cut(item, "=")
			part[name] = value
		}
		x, _ := hex.DecodeString(part["x"])
		y, _ := hex.DecodeString(part["y"])
		public, err = ekcert.ECPublicKey(part["id"], x, y)
	}
	if err != nil {
		return nil, err
	}
	return ekcert.Create(rand.Reader, &ekcert.Request{
		Type: typ, TPM2: true, PublicKey: public, Serial: big.NewInt(0x1234), TPMSerial: serial,
		TPM: ekcert.Product{Manufacturer: "m", Model: "m", Version: "v"}, Platform: ekcert.Product{Manufacturer: "m", Model: "m", Version: "v"},
		Specification: &ekcert.Specification{Family: "2.0"},
	}, c.cert, c.key)
}

func (c *testCA) keep(typ ekcert.Type, a algorithm, _ []byte) error {
	c.log = append(c.log, "keep "+typ.String()+" "+a.name)
	return nil
}

// TestManufacture runs everything against the installed swtpm and looks at what is there afterwards.
func TestManufacture(t *testing.T) {
	tpm := tpm2{installedTPM(t)}
	ca := newTestCA(t)
	var messages []string
	m := &manufacturing{
		plan: plan{
			createSPK: true, eccSPK: true, createEK: true, ek: []algorithm{algorithms["rsa2048"], algorithms["ecc_nist_p384"]},
			ekCert: true, platformCert: true, iak: algorithms["ecc_nist_p256"], idevid: algorithms["rsa2048"], lock: true,
			banks: []string{"sha512", "nonsense", "sha1", "sha512"},
		},
		tpm: tpm, certs: ca, printf: func(f string, a ...any) { messages = append(messages, fmt.Sprintf(f, a...)) },
	}
	if err := m.run(); err != nil {
		t.Fatal(err, messages)
	}
	want := []string{
		"There is no PCR bank nonsense; it is left out.",
		"Successfully created storage primary key with handle 0x81000001.",
		"Successfully created RSA 2048 EK with handle 0x81010001.",
		"Successfully created NVRAM area 0x1c00002 for RSA 2048 EK certificate.",
		"Successfully created NVRAM area 0x1c08000 for platform certificate.",
		"Successfully created secp384r1 EK with handle 0x81010016.",
		"Successfully created NVRAM area 0x1c00016 for secp384r1 EK certificate.",
		"Successfully created secp256r1 IAK with handle 0x81020001.",
		"Successfully created NVRAM area 0x1c90100 for secp256r1 IAK certificate.",
		"Successfully created RSA 2048 IDevID with handle 0x81020000.",
		"Successfully created NVRAM area 0x1c90200 for RSA 2048 IDevID certificate.",
		"Successfully activated PCR banks sha512,sha1 among sha1,sha256,sha384,sha512.",
	}
	if got := strings.Join(messages, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("messages:\n%s", got)
	}
	log := "issue ek |issue platform |keep ek rsa2048|issue ek |keep ek secp384r1|issue iak IBM:abcd:1234|keep iak secp256r1|issue idevid IBM:abcd:1234|keep idevid rsa2048"
	if got := strings.Join(ca.log, "|"); got != log {
		t.Errorf("certificates: %s", got)
	}
	for _, index := range []wire.Handle{0x1c00002, 0x1c08000, 0x1c00016, 0x1c90100, 0x1c90200} {
		body, err := tpm.raw(wire.STNoSessions, wire.CCNVReadPublic, binary.BigEndian.AppendUint32(nil, uint32(index)))
		if err != nil {
			t.Fatal(err)
		}
		// 0x42072001 with WRITTEN and WRITELOCKED
		if got := hex.EncodeToString(body[:12]); got[4:] != fmt.Sprintf("%08x000b62072801", uint32(index)) {
			t.Errorf("index %x: %s", uint32(index), got)
		}
		if err := tpm.nvStore(index, []byte{1}, false); err == nil {
			t.Errorf("index %x was defined twice", uint32(index))
		}
	}
}

// TestManufactureFails has the TPM refuse each single command: every failure is told, nothing panics.
func TestManufactureFails(t *testing.T) {
	for _, resp := range []string{"", "80", "80010000000a00000101", "80020000000a00000000", "8002000000130000000080000000ffffffff00", "ffff", "80010000000b000000000000"} {
		b, err := hex.DecodeString(resp)
		if err != nil {
			t.Fatal(err)
		}
		m := &manufacturing{
			plan: plan{createSPK: true, createEK: true, ek: []algorithm{algorithms["rsa2048"]}, banks: []string{"sha256"}},
			tpm:  tpm2{fixedTPM(b)}, certs: newTestCA(t), printf: func(string, ...any) {},
		}
		if err := m.run(); err == nil {
			t.Errorf("%s: no error", resp)
		}
		m.createSPK, m.createEK = false, false
		if err := m.run(); err == nil {
			t.Errorf("%s: no error from the banks", resp)
		}
		if _, err := m.tpm.manufacturer(); err == nil {
			t.Errorf("%s: no error from the manufacturer", resp)
		}
	}
}

// Which sizes of keys there are is told from a TPM that cannot be asked.
func TestCanMake(t *testing.T) {
	for resp, want := range map[string]string{
		"80010000000a00000000": "true <nil>",
		"80010000000a000001c4": "false <nil>", // TPM_RC_VALUE of parameter 1
		"80010000000a000001c7": "false <nil>", // TPM_RC_KEY_SIZE of parameter 1
		"80010000000a00000101": "false TPM2_TestParms failed: 0x101 (TPM_RC_FAILURE: the TPM is in failure mode)",
		"80010000000a00000143": "false TPM2_TestParms failed: 0x143 (TPM_RC_COMMAND_CODE: ",
		"80010000000a00000922": "false TPM2_TestParms failed: 0x922 (TPM_RC_RETRY: ",
		"80010000000a000001d5": "false TPM2_TestParms failed: 0x1d5 (TPM_RC_SIZE (parameter 1): ",
		"":                     "false TPM2_TestParms: the TPM's response is malformed",
	} {
		b, err := hex.DecodeString(resp)
		if err != nil {
			t.Fatal(err)
		}
		ok, err := tpm2{fixedTPM(b)}.canMake(ekTemplate(algorithms["rsa4096"], false, true))
		if got := fmt.Sprint(ok, " ", err); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", resp, got, want)
		}
	}
}

type fixedTPM []byte

func (f fixedTPM) Execute([]byte) ([]byte, error) { return f, nil }

// FuzzResponses feeds the steps with responses a TPM would never give.
func FuzzResponses(f *testing.F) {
	for _, s := range []string{"", "80010000000a00000000", "8002000000130000000080000000ffffffff00", "8001000000110000000000000000050000000100"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, resp []byte) {
		tpm := tpm2{fixedTPM(resp)}
		tpm.createPrimary(wire.RHOwner, spkTemplate(false))
		tpm.allocateBanks([]string{"sha256"})
		tpm.manufacturer()
	})
}

// TestManufacture12Fails has a TPM 1.2 answer nonsense.
func TestManufacture12Fails(t *testing.T) {
	for _, resp := range []string{"", "00c4", "00c40000000a00000026", "00c40000000b00000000"} {
		b, err := hex.DecodeString(resp)
		if err != nil {
			t.Fatal(err)
		}
		m := &manufacturing12{tpm: fixedTPM(b), certs: newTestCA(t), printf: func(string, ...any) {}}
		if err := m.run(); err == nil {
			t.Errorf("%s: no error", resp)
		}
	}
	m := &manufacturing12{tpm: fixedTPM{0, 0xc4, 0, 0, 0, 10, 0, 0, 0, 0}, printf: func(string, ...any) {}}
	m.createEK = true
	if err := m.run(); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("an answer without a key: %v", err)
	}
	if err := m.own(make([]byte, 256)); err == nil {
		t.Error("ownership was taken without a session")
	}
}
