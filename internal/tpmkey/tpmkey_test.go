package tpmkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"govtpm/simulator"
	"govtpm/tpm2/wire"
)

// serve puts a TPM on a socket and returns its address. answer may change what it says.
func serve(t *testing.T, tpm transport.TPM, framed bool, answer func([]byte) []byte) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			for exchange(c, tpm, framed, answer) == nil {
			}
			c.Close()
		}
	}()
	kind := "swtpm:path="
	if framed {
		kind = "mssim:path="
	}
	return kind + l.Addr().String()
}

func exchange(c net.Conn, tpm transport.TPM, framed bool, answer func([]byte) []byte) error {
	head := make([]byte, 10)
	if framed {
		if _, err := io.ReadFull(c, make([]byte, 9)); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c, head); err != nil {
		return err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[2:])-10)
	if _, err := io.ReadFull(c, body); err != nil {
		return err
	}
	resp, err := tpm.Send(append(head, body...))
	if err != nil {
		return err
	}
	if answer != nil {
		resp = answer(resp)
	}
	if framed {
		resp = append(binary.BigEndian.AppendUint32(nil, uint32(len(resp))), append(resp, 0, 0, 0, 0)...)
	}
	if _, err := c.Write(resp); err != nil || answer != nil {
		return errors.Join(err, io.EOF)
	}
	return nil
}

func newTPM(t *testing.T) *simulator.Simulator {
	t.Helper()
	sim, err := simulator.Get()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	return sim
}

// signer is a template of a key that signs.
func signer(rsaKey bool, attributes func(*tpm2.TPMAObject)) tpm2.TPMTPublic {
	p := tpm2.TPMTPublic{Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, SignEncrypt: true},
		Parameters:       tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{CurveID: tpm2.TPMECCNistP256})}
	if rsaKey {
		p.Type = tpm2.TPMAlgRSA
		p.Parameters = tpm2.NewTPMUPublicParms(tpm2.TPMAlgRSA, &tpm2.TPMSRSAParms{KeyBits: 2048})
	}
	if attributes != nil {
		attributes(&p.ObjectAttributes)
	}
	return p
}

// newFile makes a key below the primary key that files without a parent have, and writes it as a file.
func newFile(t *testing.T, tpm transport.TPM, template tpm2.TPMTPublic, password string, rsaParent bool) []byte {
	t.Helper()
	parent := tpm2.ECCSRKTemplate
	parent.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{})
	if rsaParent {
		parent = tpm2.RSASRKTemplate
		parent.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgRSA, &tpm2.TPM2BPublicKeyRSA{})
	}
	primary, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(parent)}.Execute(tpm)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = tpm2.FlushContext{FlushHandle: primary.ObjectHandle}.Execute(tpm) }()
	made, err := tpm2.Create{ParentHandle: tpm2.NamedHandle{Handle: primary.ObjectHandle, Name: primary.Name},
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: []byte(password)}}},
		InPublic:    tpm2.New2B(template)}.Execute(tpm)
	if err != nil {
		t.Fatal(err)
	}
	return encodeFile(t, tpmKey{Type: oidLoadableKey, RSAParent: rsaParent, Parent: 0x40000001,
		Public: tpm2.Marshal(made.OutPublic), Private: tpm2.Marshal(made.OutPrivate)})
}

func encodeFile(t testing.TB, k tpmKey) []byte {
	t.Helper()
	der, err := asn1.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
}

// persist makes a primary key persistent.
func persist(t *testing.T, tpm transport.TPM, template tpm2.TPMTPublic, handle tpm2.TPMHandle) {
	t.Helper()
	made, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(template)}.Execute(tpm)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (tpm2.EvictControl{Auth: tpm2.TPMRHOwner, ObjectHandle: &tpm2.NamedHandle{Handle: made.ObjectHandle, Name: made.Name}, PersistentHandle: handle}).Execute(tpm); err != nil {
		t.Fatal(err)
	}
	if _, err := (tpm2.FlushContext{FlushHandle: made.ObjectHandle}).Execute(tpm); err != nil {
		t.Fatal(err)
	}
}

func checkSign(t *testing.T, k *Key) {
	t.Helper()
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384} {
		h := hash.New()
		h.Write([]byte("message"))
		digest := h.Sum(nil)
		sig, err := k.Sign(nil, digest, hash)
		if err != nil {
			t.Errorf("%v: %v", hash, err)
			continue
		}
		switch public := k.Public().(type) {
		case *rsa.PublicKey:
			err = rsa.VerifyPKCS1v15(public, hash, digest, sig)
		case *ecdsa.PublicKey:
			if !ecdsa.VerifyASN1(public, digest, sig) {
				err = errors.New("wrong")
			}
		}
		if err != nil {
			t.Errorf("%v: %x, %v", hash, sig, err)
		}
	}
}

// loaded counts the keys in the TPM.
func loaded(t *testing.T, tpm transport.TPM) int {
	t.Helper()
	got, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: 0x80000000, PropertyCount: 10}.Execute(tpm)
	if err != nil {
		t.Fatal(err)
	}
	handles, err := got.CapabilityData.Data.Handles()
	if err != nil {
		t.Fatal(err)
	}
	return len(handles.Handle)
}

func TestFiles(t *testing.T) {
	sim := newTPM(t)
	address := serve(t, sim, false, nil)
	for _, tt := range []struct {
		name           string
		rsa, rsaParent bool
		password       string
	}{{"ec", false, false, ""}, {"ec with password", false, false, "pw"}, {"rsa", true, false, ""}, {"ec below rsa", false, true, ""}} {
		t.Run(tt.name, func(t *testing.T) {
			data := newFile(t, sim, signer(tt.rsa, nil), tt.password, tt.rsaParent)
			if !IsFile(data) {
				t.Error("not recognized")
			}
			k, err := Parse(data, address, Auth{Key: []byte(tt.password)})
			if err != nil {
				t.Fatal(err)
			}
			checkSign(t, k)
			if tt.password != "" {
				if k, err = Parse(data, address, Auth{Key: []byte("wrong")}); err != nil {
					t.Fatal(err)
				}
				if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err == nil || !strings.Contains(err.Error(), "Sign failed") {
					t.Error(err)
				}
			}
		})
	}
	if n := loaded(t, sim); n != 0 {
		t.Errorf("%d keys stay in the TPM", n)
	}
}

func TestHandles(t *testing.T) {
	sim := newTPM(t)
	address := serve(t, sim, true, nil)
	persist(t, sim, signer(false, nil), 0x81000010)
	persist(t, sim, tpm2.ECCSRKTemplate, 0x81000011)
	restricted := signer(false, func(a *tpm2.TPMAObject) { a.Restricted = true })
	restricted.Parameters = tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{CurveID: tpm2.TPMECCNistP256,
		Scheme: tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})}})
	persist(t, sim, restricted, 0x81000012)
	for _, name := range []string{"handle:0x81000010", "HANDLE:2164260880"} {
		k, err := Named(name, address, Auth{})
		if err != nil {
			t.Fatal(err)
		}
		checkSign(t, k)
	}
	for name, want := range map[string]string{
		"handle:0x81000099": "TPM_RC_HANDLE", "handle:0x81000011": "cannot sign", "handle:0x81000012": "restricted",
		"handle:": "not the handle", "handle:x": "not the handle", "handle:0x80000000": "not the handle", "handle:0x181000010": "not the handle",
	} {
		if _, err := Named(name, address, Auth{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestHostile has the TPM answer nonsense.
func TestHostile(t *testing.T) {
	sim := newTPM(t)
	persist(t, sim, signer(false, nil), 0x81000010)
	k, err := Named("handle:0x81000010", serve(t, sim, false, nil), Auth{})
	if err != nil {
		t.Fatal(err)
	}
	size := func(n uint32, b []byte) []byte {
		b = bytes.Clone(b)
		binary.BigEndian.PutUint32(b[2:], n)
		return b
	}
	for name, answer := range map[string]func([]byte) []byte{
		"nothing": func([]byte) []byte { return nil }, "half": func(b []byte) []byte { return b[:len(b)/2] },
		"size 0": func(b []byte) []byte { return size(0, b) }, "size 7": func(b []byte) []byte { return size(7, b) }, "huge": func(b []byte) []byte { return size(1<<31, b) },
		"header only": func(b []byte) []byte { return size(10, b)[:10] }, "text": func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") },
		"flipped": func(b []byte) []byte { b = bytes.Clone(b); b[len(b)-20] ^= 1; return b },
		"tag":     func(b []byte) []byte { b = bytes.Clone(b); b[1] ^= 3; return b },
		"parameters": func(b []byte) []byte {
			b = bytes.Clone(b)
			if len(b) > 14 {
				b[10] = 0xff
			}
			return b
		},
	} {
		for _, framed := range []bool{false, true} {
			k.address = serve(t, sim, framed, answer)
			if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); err == nil {
				t.Errorf("%s: signed", name)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"": "is not the address", "tabrmd:x": "is not the address", "swtpm:foo=1": "neither host=", "swtpm:path=/does/not/exist": "could not reach the TPM",
		"device:/does/not/exist": "could not reach the TPM", "device:" + file: "is not a device", "swtpm:host=127.0.0.1,port=99999": "could not reach the TPM",
	} {
		if _, err := Named("handle:0x81000010", address, Auth{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	env := map[string]string{}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for _, step := range [][2]string{{"", "device:/dev/tpmrm0"}, {"TCTI", "c"}, {"TPM2TOOLS_TCTI", "b"}, {"TPM2OPENSSL_TCTI", "a"}} {
		env[step[0]] = step[1]
		if got := Address(lookup); got != step[1] {
			t.Errorf("%s, want %s", got, step[1])
		}
	}
}

// TestParse reads what tpm2_encodeobject wrote, every damage to it, and files that are refused.
func TestParse(t *testing.T) {
	data, err := os.ReadFile("testdata/tpm2-tools.pem")
	if err != nil {
		t.Fatal(err)
	}
	k, err := Parse(data, "", Auth{})
	if err != nil {
		t.Fatal(err)
	}
	if public, ok := k.Public().(*ecdsa.PublicKey); !ok || public.Params().BitSize != 256 || k.file.parent != 0x81000001 {
		t.Errorf("%v, parent %v", k.Public(), k.file.parent)
	}
	block, _ := pem.Decode(data)
	encode := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}) }
	for n := range block.Bytes {
		if _, err := Parse(encode(block.Bytes[:n]), "", Auth{}); err == nil {
			t.Errorf("truncated to %d: taken", n)
		}
	}
	for i := range block.Bytes {
		damaged := bytes.Clone(block.Bytes)
		damaged[i] ^= 0x41
		Parse(encode(damaged), "", Auth{})
	}
	good := tpmKey{Type: oidLoadableKey, Parent: 0x40000001, Public: k.file.public, Private: k.file.private}
	policy := asn1.RawValue{FullBytes: []byte{0xa1, 2, 0x30, 0}}
	for want, change := range map[string]func(*tpmKey){
		"keys to import":         func(k *tpmKey) { k.Type = asn1.ObjectIdentifier{2, 23, 133, 10, 1, 4} },
		"needs a policy":         func(k *tpmKey) { k.Policy = policy },
		"is no handle":           func(k *tpmKey) { k.Parent = -1 },
		"neither persistent nor": func(k *tpmKey) { k.Parent = 0x80000000 },
		"public part":            func(k *tpmKey) { k.Public = k.Public[1:] },
		"private part":           func(k *tpmKey) { k.Private = k.Private[1:] },
	} {
		bad := good
		change(&bad)
		if _, err := Parse(encodeFile(t, bad), "", Auth{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Parse([]byte("-----BEGIN TSS2 PRIVATE KEY-----\n"), "", Auth{}); err == nil {
		t.Error("a file without end was read")
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/tpm2-tools.pem")
	if err != nil {
		f.Fatal(err)
	}
	block, _ := pem.Decode(data)
	f.Add(block.Bytes)
	f.Fuzz(func(t *testing.T, der []byte) {
		if k, err := Parse(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}), "", Auth{}); err == nil && k.Public() == nil {
			t.Error("a key without a public part")
		}
	})
}

func TestFileOf(t *testing.T) {
	for name, want := range map[string]string{"a.pem": "a.pem", "tpmkey:file=/x/y;a=b": "/x/y", "TPMKEY:file=z": "z", "tpmkey:uuid=1": "", "tpmkey:file=": "", "tpmkey:": ""} {
		if got, err := FileOf(name); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestParentPassword makes the parent in a hierarchy that has a password.
func TestParentPassword(t *testing.T) {
	sim := newTPM(t)
	data := newFile(t, sim, signer(false, nil), "", false)
	if _, err := (tpm2.HierarchyChangeAuth{AuthHandle: tpm2.TPMRHOwner, NewAuth: tpm2.TPM2BAuth{Buffer: []byte("owner")}}).Execute(sim); err != nil {
		t.Fatal(err)
	}
	address := serve(t, sim, false, nil)
	for password, want := range map[string]string{"owner": "", "": "making the parent of the TPM's key", "other": "making the parent of the TPM's key"} {
		k, err := Parse(data, address, Auth{Parent: []byte(password)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Sign(nil, make([]byte, 32), crypto.SHA256); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// keptConnection keeps the commands that it was given, where they are.
type keptConnection struct{ commands [][]byte }

func (c *keptConnection) execute(command []byte) ([]byte, error) {
	c.commands = append(c.commands, command)
	if !bytes.Contains(command, []byte("secret")) {
		return nil, errors.New("no password")
	}
	return nil, errors.New("no TPM")
}

func (c *keptConnection) Close() error { return nil }

// Passwords do not stay in memory: not in commands, and not in a key that is no longer needed or cannot be used.
func TestWipe(t *testing.T) {
	conn := new(keptConnection)
	if _, _, err := (tpm{conn}).command(wire.CCCreate, wire.RHOwner, []byte("secret"), false, func(w *wire.Writer) { w.TPM2B([]byte("secret")) }); err == nil || !strings.Contains(err.Error(), "no TPM") {
		t.Error(err)
	}
	if len(conn.commands) != 1 || len(bytes.Trim(conn.commands[0], "\x00")) != 0 {
		t.Errorf("%x", conn.commands)
	}
	auth := Auth{[]byte("secret"), []byte("parent")}
	k, err := Parse(newFile(t, newTPM(t), signer(false, nil), "secret", false), "", auth)
	if err != nil {
		t.Fatal(err)
	}
	k.Wipe()
	if len(bytes.Trim(append(k.auth.Key, k.auth.Parent...), "\x00")) != 0 || string(auth.Key) != "secret" {
		t.Errorf("%q, %q", k.auth, auth)
	}
	auth.Wipe()
	if len(bytes.Trim(append(auth.Key, auth.Parent...), "\x00")) != 0 {
		t.Errorf("%q", auth)
	}
}
