package localca

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"govtpm/internal/ekcert"
	"govtpm/internal/option"
)

var textOptions = []string{
	"type", "ek", "key", "dir", "vmid", "optsfile", "configfile", "logfile", "tpm-spec-family", "tpm-spec-revision", "tpm-spec-level",
	"tpm-manufacturer", "tpm-model", "tpm-version", "tpm-serial-num",
}

var flagOptions = []string{"tpm2", "allow-signing", "decryption"}

var errHelp = errors.New("help was asked for")

// seeHelp says where the options of a program are told, after one that it does not have.
func seeHelp(err error, program string) error {
	return fmt.Errorf("%w\nTry '%s --help' for the options there are.", err, program) //nolint:staticcheck // a sentence for people
}

// options are the options of one run.
type options struct {
	text  map[string]string
	flags map[string]bool
	typ   ekcert.Type
	key   []string // the key to certify, as options of swtpm_cert
}

func parse(args []string) (*options, error) {
	g := &option.Grammar{Program: Name, Options: []option.Option{{Long: "help", Short: 'h'}}}
	for _, name := range textOptions {
		g.Options = append(g.Options, option.Option{Long: name, Arg: option.NeedsArg})
	}
	for _, name := range flagOptions {
		g.Options = append(g.Options, option.Option{Long: name})
	}
	o := &options{text: map[string]string{"dir": "."}, flags: map[string]bool{}}
	given, _, err := g.Parse(args)
	for _, item := range given {
		switch {
		case item.Name == "help":
			return nil, errHelp
		case slices.Contains(flagOptions, item.Name):
			o.flags[item.Name] = true
		default:
			o.text[item.Name] = item.Arg
		}
	}
	if err != nil {
		return nil, seeHelp(err, Name)
	}
	return o, o.check()
}

// check reads the type and the key.
func (o *options) check() error {
	name, ok := o.text["type"]
	if !ok {
		return errors.New("the type of certificate must be given with --type")
	}
	var err error
	if o.typ, err = ekcert.ParseType(name); err != nil {
		return err
	}
	key := o.text["ek"]
	if k, ok := o.text["key"]; ok {
		key = k
	}
	if key == "" {
		return errors.New("the key to certify must be given with --ek or --key")
	}
	o.key, err = keyArgs(key)
	return err
}

// keyArgs turns a key parameter, a modulus or "x=…,y=…,id=…", into options of swtpm_cert.
func keyArgs(key string) ([]string, error) {
	if !strings.Contains(key, "=") {
		return []string{"--modulus", key}, nil
	}
	names := map[string]string{"x": "--ecc-x", "y": "--ecc-y", "id": "--ecc-curveid"}
	found := map[string]string{}
	for item := range strings.SplitSeq(key, ",") {
		name, value, _ := strings.Cut(item, "=")
		if names[name] == "" || value == "" || found[name] != "" {
			return nil, fmt.Errorf("'%s' is not part of a key: it must be given as x=<hex>,y=<hex>,id=<curve>", item)
		}
		found[name] = value
	}
	if found["x"] == "" || found["y"] == "" {
		return nil, errors.New("an elliptic curve key needs x= and y=")
	}
	args := []string{"--ecc-x", found["x"], "--ecc-y", found["y"]}
	if found["id"] != "" {
		args = append(args, "--ecc-curveid", found["id"])
	}
	return args, nil
}

// typeName is the type as messages show it.
func (o *options) typeName() string {
	if o.typ == ekcert.EK {
		return "EK"
	}
	return o.typ.String()
}

// subject returns the subject of the certificate: the VM as common name, or as serial number of a device identity. Characters with a
// meaning in subjects are replaced.
func (o *options) subject() string {
	id := o.text["vmid"]
	if strings.TrimSpace(id) == "" {
		id = "unknown"
	}
	var b strings.Builder
	escaped := false
	for i := range len(id) {
		c := id[i]
		if c == ',' || c == '+' && !escaped {
			c = '_'
		}
		b.WriteByte(c)
		escaped = c == '\\' && !escaped
	}
	if escaped { // by nothing: the backslash stands for itself
		b.WriteByte('\\')
	}
	id = b.String()
	if o.typ == ekcert.IAK || o.typ == ekcert.IDevID {
		return "serialNumber=" + id
	}
	return "CN=" + id
}

// certArgs returns the options of swtpm_cert for this run; extra are those of the options file.
func (o *options) certArgs(ca *authority, extra []string, serial string) []string {
	args := append([]string{"--subject", o.subject()}, extra...)
	pass := func(names ...string) {
		for _, n := range names {
			if v, ok := o.text[n]; ok {
				args = append(args, "--"+n, v)
			}
		}
	}
	pass("tpm-serial-num")
	if o.flags["tpm2"] {
		args = append(args, "--tpm2")
	} else {
		args = append(args, "--add-header")
	}
	for _, f := range []string{"allow-signing", "decryption"} {
		if o.flags[f] {
			args = append(args, "--"+f)
		}
	}
	if ca.password != nil {
		args = append(args, "--signkey-pwd", "pass:"+string(ca.password)) // stays inside this process
	}
	if ca.parentPassword != nil {
		args = append(args, "--parentkey-pwd", "pass:"+string(ca.parentPassword))
	}
	if o.typ == ekcert.EK {
		pass("tpm-spec-family", "tpm-spec-level", "tpm-spec-revision")
	} else {
		args = append(args, "--type", o.typ.String())
	}
	pass("tpm-manufacturer", "tpm-model", "tpm-version")
	args = append(args, "--out-cert", filepath.Join(o.text["dir"], o.typ.String()+".cert"))
	args = append(args, o.key...)
	return append(args, "--signkey", ca.keyFile, "--issuercert", ca.certFile, "--days", "-1", "--serial", serial)
}

const usage = `Usage: swtpm_localca [options]

Issues a certificate for a key of a TPM from a certificate authority on this machine, which it makes if there is none.

--type <type>              type of certificate: ek, platform, iak or idevid
--ek, --key <key>          modulus of an RSA key in hexadecimal, or an elliptic
                           curve key as x=<hex>,y=<hex>,id=<curve>
--dir <directory>          where to write the certificate; default is here
--vmid <id>                name of the virtual machine
--optsfile <file>          file with options for swtpm_cert
--configfile <file>        file that says where state, keys and certificate are
--logfile <file>           file to write messages to
--tpm-spec-family <text>   family of the TPM specification, e.g. 2.0
--tpm-spec-level <number>  its level, e.g. 0
--tpm-spec-revision <number>
                           its revision, e.g. 183
--tpm-manufacturer <name>  manufacturer of the TPM, e.g. id:00001014
--tpm-model <model>        model of the TPM, e.g. swtpm
--tpm-version <version>    firmware version of the TPM, e.g. id:20240125
--tpm-serial-num <number>  serial number of the TPM, for iak and idevid
--tpm2                     the TPM is a TPM 2
--allow-signing            the EK of the TPM 2 may sign
--decryption               the EK of the TPM 2 may decrypt
--help, -h                 print this text and exit

Environment: SWTPM_ROOTCA_PASSWORD is the password of the root CA's key.
`
