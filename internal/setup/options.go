package setup

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"govtpm/internal/option"
)

var textOptions = []string{
	"tpm-state", "tpmstate", "tpm", "ek1keyalgo", "ek2keyalgo", "iakkeyalgo", "idevidkeyalgo", "rsa-keysize", "ownerpass", "srkpass",
	"config", "logfile", "keyfile", "keyfile-fd", "pwdfile", "pwdfile-fd", "cipher", "vmid", "pcr-banks", "write-ek-cert-files",
	"profile", "profile-name", "profile-file", "profile-file-fd", "profile-remove-disabled", "runas", "swtpm_ioctl", "tcsd-system-ps-file",
	"create-config-files",
}

var flagOptions = []string{
	"tpm2", "createek", "create-ek-cert", "create-platform-cert", "create-spk", "ecc", "allow-signing", "decryption", "take-ownership",
	"owner-well-known", "srk-well-known", "lock-nvram", "display", "overwrite", "not-overwrite", "reconfigure", "print-profiles",
	"print-capabilities", "version", "no-iak",
}

// options are the options of one run.
type options struct {
	text  map[string]string
	flags map[string]bool
	banks []string // --pcr-banks, several put together
}

var errHelp = errors.New("help was asked for")

func (o *options) has(name string) bool { _, ok := o.text[name]; return ok }

func grammar() *option.Grammar {
	g := &option.Grammar{Program: Name, Options: []option.Option{{Long: "help", Short: 'h'}}}
	for _, name := range textOptions {
		g.Options = append(g.Options, option.Option{Long: name, Arg: option.NeedsArg})
	}
	for _, name := range flagOptions {
		g.Options = append(g.Options, option.Option{Long: name})
	}
	return g
}

// parse reads the command line.
func parse(args []string) (*options, error) {
	o := &options{text: map[string]string{}, flags: map[string]bool{}}
	given, _, err := grammar().Parse(withConfigFlags(args))
	for _, item := range given {
		switch {
		case item.Name == "help":
			return nil, errHelp
		case item.Name == "pcr-banks":
			o.text[item.Name] = item.Arg
			o.banks = append(o.banks, strings.Split(item.Arg, ",")...)
		case item.Name == "tpmstate":
			o.text["tpm-state"] = item.Arg
		case slices.Contains(flagOptions, item.Name):
			o.flags[item.Name] = true
		default:
			o.text[item.Name] = item.Arg
		}
	}
	return o, err
}

// withConfigFlags gives --create-config-files its argument, which may be left out: "=list" is attached, or the next argument is
// taken if it is not an option.
func withConfigFlags(args []string) []string {
	const name = "--create-config-files"
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == name {
			arg += "="
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++
				arg += args[i]
			}
		}
		out = append(out, arg)
	}
	return out
}

// check refuses options that do not go together.
func (o *options) check() error {
	tpm2Only := []string{"ecc", "create-spk", "reconfigure", "allow-signing", "decryption"}
	for _, name := range tpm2Only {
		if o.flags[name] && !o.flags["tpm2"] {
			return fmt.Errorf("--%s requires --tpm2.", name) //nolint:staticcheck // known words
		}
	}
	profiles := 0
	for _, name := range []string{"profile", "profile-name", "profile-file", "profile-file-fd"} {
		if o.has(name) {
			profiles++
		}
	}
	keys := 0
	for _, name := range []string{"keyfile", "keyfile-fd", "pwdfile", "pwdfile-fd"} {
		if o.has(name) {
			keys++
		}
	}
	device := o.has("iakkeyalgo") || o.has("idevidkeyalgo")
	creates := o.flags["createek"] || o.flags["create-ek-cert"] || o.flags["create-platform-cert"]
	switch {
	case o.text["tpm-state"] == "":
		return errors.New("--tpm-state must be provided\nIt names the directory that the state goes to, or dir://<path> or file://<path>.")
	case o.flags["reconfigure"] && creates:
		return errors.New("Reconfiguration is not supported with creation of EK or certificates") //nolint:staticcheck // known words
	case o.flags["take-ownership"] && o.flags["tpm2"]:
		return errors.New("Taking ownership is not supported for TPM 2.") //nolint:staticcheck // known words
	case o.has("pcr-banks") && !o.flags["tpm2"]:
		return errors.New("--pcr-banks requires --tpm2.") //nolint:staticcheck // known words
	case profiles > 1:
		return errors.New("only one of --profile, --profile-name, --profile-file and --profile-file-fd may be given")
	case profiles > 0 && o.flags["reconfigure"]:
		return errors.New("a profile cannot be given with --reconfigure")
	case profiles > 0 && !o.flags["tpm2"]:
		return errors.New("a profile requires --tpm2")
	case keys > 1:
		return errors.New("only one of --keyfile, --keyfile-fd, --pwdfile and --pwdfile-fd may be given")
	case device && !o.flags["create-ek-cert"]:
		return errors.New("--iakkeyalgo and --idevidkeyalgo require --create-ek-cert")
	case device && !o.flags["tpm2"]:
		return errors.New("--iakkeyalgo and --idevidkeyalgo require --tpm2")
	}
	if err := o.checkState(); err != nil {
		return err
	}
	if c, ok := o.text["cipher"]; ok && !slices.Contains([]string{"aes-128-cbc", "aes-cbc", "aes-256-cbc"}, c) {
		return fmt.Errorf("Unsupported cipher '%s'.", c) //nolint:staticcheck // known words
	}
	if r, ok := o.text["profile-remove-disabled"]; ok && r != "check" && r != "fips-host" {
		return fmt.Errorf("--profile-remove-disabled takes check or fips-host, not '%s'", r)
	}
	return nil
}

// checkState says what is amiss with the place of the state if it looks like an argument of another program's option.
func (o *options) checkState() error {
	s := o.text["tpm-state"]
	for _, prefix := range []string{"dir=", "backend-uri="} {
		rest, ok := strings.CutPrefix(s, prefix)
		if !ok {
			continue
		}
		if _, err := os.Stat(s); err == nil {
			return nil // that is its name
		}
		return fmt.Errorf("--tpm-state takes a directory, dir://<directory> or file://<file>. '%s' is how swtpm has it: say '%s' here.", s, rest) //nolint:staticcheck // sentences
	}
	return nil
}

// stateURI returns where the state is, as a URI.
func (o *options) stateURI() string {
	s := o.text["tpm-state"]
	if strings.HasPrefix(s, "dir://") || strings.HasPrefix(s, "file://") {
		return s
	}
	return "dir://" + s
}

const usage = `TPM emulator setup tool version ` + Version + `
Usage: swtpm_setup [options]

Manufactures the state of a TPM: keys, certificates, NV indexes and PCR banks.

State:
--tpm-state, --tpmstate <dir>   where the state is: a directory, dir://<dir> or
                                file://<file>; must be given
--tpm <command>                 program that is the TPM, with its interface, such as
                                "swtpm socket"; default is this program itself
--tpm2                          make a TPM 2; must be given, for TPM 1.2 is not
                                supported yet, unless --tpm names a program with it
--overwrite                     replace state that exists
--not-overwrite                 keep state that exists, and exit without error
--reconfigure                   only change the PCR banks of state that exists
--keyfile <file>, --keyfile-fd <fd>
                                encrypt the state with the key in the file
--pwdfile <file>, --pwdfile-fd <fd>
                                encrypt the state with a key made of the passphrase
--cipher <cipher>               aes-128-cbc (default) or aes-256-cbc
--runas <user>                  run under this account

Keys and certificates:
--createek                      create endorsement keys
--create-ek-cert                create EK certificates; implies --createek
--create-platform-cert          create a platform certificate; implies --createek
--create-spk                    create a storage primary key
--ecc                           make it an elliptic curve key
--ek1keyalgo, --ek2keyalgo <a>  algorithms of the EKs: rsa2048, rsa3072, rsa4096,
                                ecc_nist_p256, ecc_nist_p384, ecc_nist_p521
--iakkeyalgo, --idevidkeyalgo <a>
                                create an IAK, an IDevID, with this algorithm;
                                need --create-ek-cert
--rsa-keysize <bits>            size of the first EK: 2048, 3072, 4096, or max for
                                the largest that the profile allows
--allow-signing                 the EK may sign
--decryption                    and may decrypt, too
--vmid <id>                     name of the virtual machine, for certificates
--write-ek-cert-files <dir>     keep copies of certificates here
--lock-nvram                    lock the NV indexes against writing
--pcr-banks <list>              PCR banks to activate; - leaves them alone

Profiles:
--profile <json>, --profile-name <name>
                                profile to use, as such or by its name
--profile-file <file>, --profile-file-fd <fd>
                                file with the profile to use
--profile-remove-disabled <m>   check or fips-host
--print-profiles                print the profiles there are and exit; needs --tpm2

TPM 1.2 only:
--take-ownership                take ownership; TPM 1.2 is not supported yet, unless
                                --tpm names a program with it
--ownerpass <p>, --owner-well-known
                                with this owner password, or the well-known one
--srkpass <p>, --srk-well-known
                                with this SRK password, or the well-known one

Other options:
--config <file>                 configuration file; default is
                                ~/.config/swtpm_setup.conf, /etc/swtpm_setup.conf
--create-config-files [<list>]  write configuration files for this user; the list
                                may hold overwrite, root, skip-if-exist
--logfile <file>                write messages here
--print-capabilities            print capabilities and exit
--version, --help, -h           print version, this text, and exit
`
