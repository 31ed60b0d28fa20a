package localca

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"govtpm/internal/option"
	"govtpm/internal/tpmkey"
)

// TPMCAName is the name of the program that makes an authority whose signing key is in a TPM.
const TPMCAName = "swtpm-create-tpmca"

// Names of that authority's files, beside those of its root.
const (
	tpmKeyName    = "swtpm-localca-tpmca-privkey.pem"
	tpmPubKeyName = "swtpm-localca-tpmca-pubkey.pem"
	tpmCertName   = "swtpm-localca-tpmca-cert.pem"
	tpmCommon     = "swtpm-localca"
)

// TPMCAMain runs swtpm-create-tpmca with the arguments behind its name and returns its exit code.
func TPMCAMain(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	e := &env{out: stdout, err: stderr, lookup: os.LookupEnv, now: time.Now, rand: rand.Reader}
	o, err := parseTPMCA(args)
	if errors.Is(err, errHelp) {
		fmt.Fprint(stdout, tpmcaUsage)
		return 0
	}
	if err == nil {
		err = e.createTPMCA(o)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// tpmcaOptions are the options of one run.
type tpmcaOptions struct {
	text     map[string]string
	flags    map[string]bool
	uid, gid int // -1: leave it
}

func parseTPMCA(args []string) (*tpmcaOptions, error) {
	g := &option.Grammar{Program: TPMCAName, Options: []option.Option{{Long: "help", Short: 'h'}, {Short: '?'},
		{Long: "overwrite"}, {Long: "tpm2"}, {Long: "register"}}}
	for _, name := range []string{"dir", "key-password", "srk-password", "outfile", "owner", "group", "algorithm", "pid", "tss-tcsd-hostname", "tss-tcsd-port"} {
		g.Options = append(g.Options, option.Option{Long: name, Arg: option.NeedsArg})
	}
	o := &tpmcaOptions{text: map[string]string{"algorithm": "rsa2048"}, flags: map[string]bool{}, uid: -1, gid: -1}
	given, operands, err := g.Parse(args)
	for _, item := range given {
		switch item.Name {
		case "help", "?":
			return nil, errHelp
		case "overwrite", "tpm2", "register":
			o.flags[item.Name] = true
		default:
			o.text[item.Name] = item.Arg
		}
	}
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("%s: unexpected argument '%s'", TPMCAName, operands[0])
	}
	if err != nil {
		return nil, seeHelp(err, TPMCAName)
	}
	return o, o.check()
}

// check refuses what belongs to other kinds of TPMs and drivers.
func (o *tpmcaOptions) check() (err error) {
	_, tcsd := o.text["tss-tcsd-hostname"]
	_, port := o.text["tss-tcsd-port"]
	switch {
	case o.flags["register"] || tcsd || port:
		return errors.New("--register and --tss-tcsd-... are for a TPM 1.2, which is not supported")
	case !o.flags["tpm2"]:
		return errors.New("only a TPM 2 can hold the signing key: give --tpm2")
	case o.text["pid"] != "":
		return errors.New("--pid is for keys behind PKCS #11, and the key made here needs none; for a key made with tpm2_ptool write its pkcs11: URI into swtpm-localca.conf")
	case o.text["dir"] == "":
		return errors.New("the directory for the authority must be given with --dir")
	}
	if strings.ContainsAny(o.text["dir"]+o.text["key-password"]+o.text["srk-password"], "#\n\r") {
		return errors.New("a number sign or an end of line cannot be in the directory or in a password: they end a value of swtpm-localca.conf")
	}
	if o.text["dir"], err = filepath.Abs(o.text["dir"]); err != nil {
		return err
	}
	if name := o.text["owner"]; name != "" {
		if o.uid, err = accountID(name, "user", func(name string) (string, error) {
			u, err := user.Lookup(name)
			if err != nil {
				return "", err
			}
			return u.Uid, nil
		}); err != nil {
			return err
		}
	}
	if name := o.text["group"]; name != "" {
		o.gid, err = accountID(name, "group", func(name string) (string, error) {
			g, err := user.LookupGroup(name)
			if err != nil {
				return "", err
			}
			return g.Gid, nil
		})
	}
	return err
}

// accountID returns the number of a user or group, which may be given as a number.
func accountID(name, kind string, lookup func(string) (string, error)) (int, error) {
	id := name
	if _, err := strconv.ParseUint(name, 10, 31); err != nil {
		if id, err = lookup(name); err != nil {
			return 0, fmt.Errorf("there is no %s '%s'", kind, name)
		}
	}
	n, err := strconv.ParseUint(id, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("there is no %s '%s'", kind, name)
	}
	return int(n), nil
}

// createTPMCA makes the authority. The TPM comes first: if it fails, nothing was written.
func (e *env) createTPMCA(o *tpmcaOptions) error {
	dir := o.text["dir"]
	if _, err := os.Lstat(dir); err == nil && !o.flags["overwrite"] {
		return fmt.Errorf("%s exists already: give --overwrite to replace the authority in it", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	auth := tpmkey.Auth{Key: []byte(o.text["key-password"]), Parent: []byte(o.text["srk-password"])}
	defer auth.Wipe()
	address := tpmkey.Address(e.lookup)
	file, err := tpmkey.Create(address, o.text["algorithm"], auth)
	if err != nil {
		return err
	}
	key, err := tpmkey.Parse(file, address, auth)
	if err != nil {
		return err
	}
	defer key.Wipe()
	public, err := publicPEM(key.Public())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("could not create the directory for the authority: %w", err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	e.sweep(path(rootKeyName), path(rootCertName), path(tpmKeyName), path(tpmPubKeyName), path(tpmCertName))
	if out := o.text["outfile"]; out != "" {
		e.sweep(out)
	}
	root, rootKey, err := e.ensureRoot(dir)
	if err != nil {
		return err
	}
	cert, err := e.newCACert(tpmCommon, key, root, rootKey)
	if err != nil {
		return err
	}
	if err := writeWhole(path(tpmKeyName), file, 0o640); err != nil {
		return err
	}
	if err := writeWhole(path(tpmPubKeyName), public, 0o644); err != nil {
		return err
	}
	if err := writeCert(path(tpmCertName), cert); err != nil {
		return err
	}
	conf := o.config(address)
	defer clear(conf)
	return e.finishTPMCA(o, conf)
}

// config is the configuration file for the authority.
func (o *tpmcaOptions) config(address string) []byte {
	dir := o.text["dir"]
	lines := [][2]string{{"statedir = ", dir}, {"signingkey = ", filepath.Join(dir, tpmKeyName)}, {"issuercert = ", filepath.Join(dir, tpmCertName)},
		{"certserial = ", filepath.Join(dir, "certserial")}}
	if p := o.text["key-password"]; p != "" {
		lines = append(lines, [2]string{"signingkey_password = ", p})
	}
	if p := o.text["srk-password"]; p != "" {
		lines = append(lines, [2]string{"parentkey_password = ", p})
	}
	lines = append(lines, [2]string{"env:TPM2OPENSSL_TCTI=", address})
	size := 0
	for _, l := range lines {
		size += len(l[0]) + len(l[1]) + 1
	}
	text := make([]byte, 0, size) // such that it does not move and leave passwords behind
	for _, l := range lines {
		text = append(append(append(text, l[0]...), l[1]...), '\n')
	}
	return text
}

// finishTPMCA writes the configuration and hands the files to whom they are for.
func (e *env) finishTPMCA(o *tpmcaOptions, conf []byte) error {
	dir := o.text["dir"]
	owned := []string{dir}
	for _, name := range []string{rootKeyName, rootCertName, tpmKeyName, tpmPubKeyName, tpmCertName} {
		owned = append(owned, filepath.Join(dir, name))
	}
	if out := o.text["outfile"]; out != "" {
		if err := writeWhole(out, conf, 0o640); err != nil {
			return err
		}
		owned = append(owned, out)
	} else if _, err := e.out.Write(conf); err != nil {
		return err
	}
	if os.Geteuid() != 0 || o.uid == -1 && o.gid == -1 {
		return nil
	}
	for _, name := range owned {
		if err := os.Lchown(name, o.uid, o.gid); err != nil {
			return fmt.Errorf("could not change the owner: %w", err)
		}
	}
	return nil
}

const tpmcaUsage = `Usage: swtpm-create-tpmca --tpm2 --dir <directory> [options]

Makes a certificate authority for swtpm_localca whose signing key is in a TPM 2, and a root authority for it, and writes the
configuration.

--tpm2                    the TPM is a TPM 2; must be given
--dir <directory>         where to write keys and certificates; must not exist yet
--overwrite               the directory may exist: a root authority in it is used, the
                          rest is written anew
--algorithm <algorithm>   kind of the key: rsa2048 (default), rsa3072, ecc256 or ecc384
--key-password <pass>     password that the key gets; without it, it has none
--srk-password <pass>     password of the TPM's owner hierarchy, in which the key's
                          parent, a storage key, is made whenever it is needed
--outfile <file>          where to write the configuration, for /etc/swtpm-localca.conf;
                          default is standard output
--owner <user>            who is to own directory and files, if root runs the program
--group <group>           the group that is to own them
--register, --tss-tcsd-hostname <host>, --tss-tcsd-port <port>, --pid <id>
                          of older versions, for a TPM 1.2 and for keys behind PKCS #11;
                          are refused
--help, -h, -?            print this text and exit

The TPM is where TPM2OPENSSL_TCTI, TPM2TOOLS_TCTI or TCTI says: device:<file>, swtpm:path=<socket>, swtpm:host=<host>,port=<port> or
mssim:host=<host>,port=<port>. It is device:/dev/tpmrm0 if none of them is set.

Environment: SWTPM_ROOTCA_PASSWORD is the password of the root authority's key.
`
