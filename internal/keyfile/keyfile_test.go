package keyfile_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"govtpm/internal/keyfile"
	"govtpm/internal/require"
)

type equaler interface{ Equal(crypto.PublicKey) bool }

func TestRoundTrip(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{r, e, d} {
		for _, password := range [][]byte{nil, []byte("secret")} {
			data, err := keyfile.Marshal(rand.Reader, key, password)
			if err != nil {
				t.Fatal(err)
			}
			again, err := keyfile.Parse(data, password)
			if err != nil || !again.Public().(equaler).Equal(key.Public()) {
				t.Errorf("%T, password %q: %v", key, password, err)
			}
		}
	}
}

// TestTools reads keys as openssl and certtool encrypt them.
func TestTools(t *testing.T) {
	if testing.Short() {
		t.Skip("runs other programs, which derive keys slowly")
	}
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	run := func(name string, args ...string) {
		t.Helper()
		require.Program(t, name)
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run("openssl", "genrsa", "-out", plain, "2048")
	ec := filepath.Join(dir, "ec")
	run("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-out", ec)
	for name, args := range map[string][]string{
		"plain":          {"openssl", "rsa", "-in", plain},
		"plain, old":     {"openssl", "rsa", "-in", plain, "-traditional"},
		"ec":             {"openssl", "ec", "-in", ec, "-param_enc", "named_curve"},
		"ec, old":        {"openssl", "ec", "-in", ec, "-aes128", "-passout", "pass:abc"},
		"old aes":        {"openssl", "rsa", "-in", plain, "-traditional", "-aes256", "-passout", "pass:abc"},
		"old des3":       {"openssl", "rsa", "-in", plain, "-traditional", "-des3", "-passout", "pass:abc"},
		"pbes2":          {"openssl", "pkcs8", "-topk8", "-in", plain, "-passout", "pass:abc"},
		"pbes2 des3":     {"openssl", "pkcs8", "-topk8", "-in", plain, "-v2", "des3", "-v2prf", "hmacWithSHA1", "-passout", "pass:abc"},
		"pbes2 aes128":   {"openssl", "pkcs8", "-topk8", "-in", plain, "-v2", "aes128", "-v2prf", "hmacWithSHA512", "-passout", "pass:abc"},
		"scrypt":         {"openssl", "pkcs8", "-topk8", "-in", plain, "-scrypt", "-passout", "pass:abc"},
		"pkcs12":         {"openssl", "pkcs8", "-topk8", "-in", plain, "-v1", "PBE-SHA1-3DES", "-passout", "pass:abc"},
		"certtool":       {"certtool", "--generate-privkey", "--bits", "2048", "--password", "abc"},
		"certtool 3des":  {"certtool", "--generate-privkey", "--bits", "2048", "--password", "abc", "--pkcs-cipher", "3des-pkcs12"},
		"certtool plain": {"certtool", "--generate-privkey", "--key-type", "ecdsa", "--curve", "secp521r1"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(dir, "out")
			flag := "-out"
			if args[0] == "certtool" {
				flag = "--outfile"
			}
			run(args[0], append(args[1:], flag, out)...)
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := keyfile.Parse(data, []byte("abc")); err != nil {
				t.Fatal(err)
			}
			if block, _ := pem.Decode(data); block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["Proc-Type"] != "" {
				for _, password := range [][]byte{nil, []byte("abd")} {
					if _, err := keyfile.Parse(data, password); !errors.Is(err, keyfile.ErrPassword) {
						t.Errorf("password %q: %v", password, err)
					}
				}
			}
		})
	}
}

// TestWrittenForOpenSSL has openssl read an encrypted key of ours.
func TestWrittenForOpenSSL(t *testing.T) {
	require.Program(t, "openssl")
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data, err := keyfile.Marshal(rand.Reader, e, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "pkey", "-noout", "-passin", "pass:abc")
	cmd.Stdin = bytes.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestHostile gives the parser broken files: none is a key, none makes it work long.
func TestHostile(t *testing.T) {
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data, err := keyfile.Marshal(rand.Reader, e, []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	for n := range len(block.Bytes) {
		broken := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes[:n]})
		if _, err := keyfile.Parse(broken, []byte("abc")); err == nil {
			t.Errorf("the first %d of %d bytes were read as a key", n, len(block.Bytes))
		}
	}
	// 0927C0 is the number of iterations, 600000.
	costly := bytes.Replace(block.Bytes, []byte{2, 3, 9, 0x27, 0xc0}, []byte{2, 3, 0x7f, 0xff, 0xff}, 1)
	for _, b := range []*pem.Block{
		{Type: block.Type, Bytes: append(costly[:len(costly):len(costly)], 0)},
		{Type: "PRIVATE KEY", Bytes: []byte{0x30, 0}},
		{Type: "RSA PRIVATE KEY", Bytes: []byte{0x30, 0}},
		{Type: "EC PRIVATE KEY"},
		{Type: "CERTIFICATE"},
	} {
		if _, err := keyfile.Parse(pem.EncodeToMemory(b), []byte("abc")); err == nil {
			t.Errorf("%s %x was read as a key", b.Type, b.Bytes)
		}
	}
	if _, err := keyfile.Parse(nil, nil); err == nil {
		t.Error("nothing was read as a key")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), []byte("x"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n"), []byte("x"))
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"), []byte{})
	f.Fuzz(func(t *testing.T, data, password []byte) {
		if key, err := keyfile.Parse(data, password); err == nil && key == nil {
			t.Error("neither key nor error")
		}
	})
}
