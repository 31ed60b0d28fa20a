package certtool

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"govtpm/internal/ekcert"
	"govtpm/internal/option"
)

// textOptions are the options with an argument, flagOptions those without.
var (
	textOptions = []string{
		"pubkey", "modulus", "exponent", "ecc-x", "ecc-y", "ecc-curveid", "public", "keyalgo",
		"signkey", "signkey-password", "signkey-pwd", "parentkey-password", "parentkey-pwd", "issuercert", "out-cert", "serial", "days", "type", "subject",
		"tpm-manufacturer", "tpm-model", "tpm-version", "tpm-serial-num",
		"platform-manufacturer", "platform-model", "platform-version",
		"tpm-spec-family", "tpm-spec-level", "tpm-spec-revision",
	}
	flagOptions = []string{"pem", "tpm2", "allow-signing", "decryption", "add-header", "print-capabilities", "version", "help"}
)

func grammar() *option.Grammar {
	g := &option.Grammar{Program: Name, LongOnly: true}
	for _, name := range textOptions {
		g.Options = append(g.Options, option.Option{Long: name, Arg: option.NeedsArg})
	}
	for _, name := range flagOptions {
		g.Options = append(g.Options, option.Option{Long: name})
	}
	return g
}

// options are the options of one run: texts and flags by name, and the values that have been read from them.
type options struct {
	text  map[string]string
	flags map[string]bool

	bytes                   map[string][]byte // the options in hexadecimal
	exponent                uint32
	serial                  *big.Int
	days                    int // -1: no end
	certType                ekcert.Type
	specLevel, specRevision int
}

func defaults() *options {
	return &options{
		text: map[string]string{"ecc-curveid": "secp256r1"}, flags: map[string]bool{}, bytes: map[string][]byte{},
		exponent: 65537, serial: big.NewInt(1), days: 365,
	}
}

// set takes one option; the last of several counts.
func (o *options) set(name, value string) error {
	for _, f := range flagOptions {
		if f == name {
			o.flags[name] = true
			return nil
		}
	}
	o.text[name] = value
	var err error
	switch name {
	case "modulus", "ecc-x", "ecc-y", "public":
		o.bytes[name], err = decodeHex(name, value)
	case "exponent":
		o.exponent, err = parseExponent(value)
	case "serial":
		var ok bool
		if o.serial, ok = newSerial(value); !ok {
			err = errors.New("Serial number is invalid.") //nolint:staticcheck // as swtpm_cert says it
		}
	case "days":
		o.days, err = parseDays(value)
	case "type":
		if o.certType, err = ekcert.ParseType(value); err != nil {
			err = fmt.Errorf("Unknown certificate type '%s'.", value) //nolint:staticcheck // as swtpm_cert says it
		}
	case "tpm-spec-level":
		o.specLevel, err = parseNumber(name, value)
	case "tpm-spec-revision":
		o.specRevision, err = parseNumber(name, value)
	}
	return err
}

func decodeHex(name, value string) ([]byte, error) {
	if len(value)%2 == 1 { // a leading zero may be left out
		value = "0" + value
	}
	b, err := hex.DecodeString(value)
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("--%s must be given as hexadecimal digits", name)
	}
	return b, nil
}

func parseExponent(value string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 0, 32)
	if err != nil || n == 0 {
		return 0, errors.New("the exponent must be a number from 1 to 4294967295")
	}
	return uint32(n), nil
}

func parseDays(value string) (int, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < -1 || n > math.MaxInt32 {
		return 0, fmt.Errorf("'%s' is not a number of days from -1 to %d", value, math.MaxInt32)
	}
	return int(n), nil
}

func parseNumber(name, value string) (int, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--%s must pass a positive number.", name) //nolint:staticcheck // as swtpm_cert says it
	}
	return int(n), nil
}

func (o *options) has(name string) bool { _, ok := o.text[name]; return ok }

// check refuses combinations of options that say too little or too much, in the order swtpm_cert looks at them.
func (o *options) check() error {
	families := 0
	ecc := o.has("ecc-x") || o.has("ecc-y")
	for _, given := range []bool{o.has("pubkey"), o.has("modulus"), ecc, o.has("public")} {
		if given {
			families++
		}
	}
	switch {
	case families == 0:
		return errors.New("missing public key: give --pubkey, --modulus, --ecc-x and --ecc-y, or --public")
	case families > 1:
		return errors.New("only one of --pubkey, --modulus, --ecc-x with --ecc-y, and --public may be given")
	case ecc && !(o.has("ecc-x") && o.has("ecc-y")):
		return errors.New("ECC x and y parameters must both be given")
	case o.has("public") && !o.has("keyalgo"):
		return errors.New("--public needs --keyalgo")
	case o.has("keyalgo") && !o.has("public"):
		return errors.New("--keyalgo needs --public")
	case !o.has("issuercert"):
		return errors.New("the issuer certificate name is required")
	case !o.has("signkey"):
		return errors.New("missing signature key")
	case o.has("signkey-password") && o.has("signkey-pwd"):
		return errors.New("only one of --signkey-password and --signkey-pwd may be given")
	case o.has("parentkey-password") && o.has("parentkey-pwd"):
		return errors.New("only one of --parentkey-password and --parentkey-pwd may be given")
	case !o.has("out-cert") && !o.flags["pem"]:
		return errors.New("without --out-cert only PEM can be written: give --pem")
	}
	return o.checkContent()
}

func (o *options) checkContent() error {
	all := func(names ...string) error {
		for _, n := range names {
			if !o.has(n) {
				return fmt.Errorf("--%s must all be provided", strings.Join(names, " and --"))
			}
		}
		return nil
	}
	if o.certType == ekcert.IAK || o.certType == ekcert.IDevID {
		if !o.has("tpm-serial-num") {
			return fmt.Errorf("--tpm-serial-num must be provided for an %s certificate", o.certType)
		}
		return nil
	}
	if err := all("tpm-manufacturer", "tpm-model", "tpm-version"); err != nil {
		return err
	}
	if o.certType == ekcert.Platform {
		return all("platform-manufacturer", "platform-model", "platform-version")
	}
	return all("tpm-spec-family", "tpm-spec-level", "tpm-spec-revision")
}

// publicKey returns the key to certify.
func (o *options) publicKey() (*ekcert.PublicKey, error) {
	switch {
	case o.has("modulus"):
		return ekcert.RSAPublicKey(o.bytes["modulus"], o.exponent)
	case o.has("ecc-x"):
		return ekcert.ECPublicKey(o.text["ecc-curveid"], o.bytes["ecc-x"], o.bytes["ecc-y"])
	case o.has("public"):
		return ekcert.PQPublicKey(strings.ToLower(o.text["keyalgo"]), o.bytes["public"])
	}
	data, err := readFile(o.text["pubkey"])
	if err != nil {
		return nil, fmt.Errorf("could not read the public key: %w", err)
	}
	return ekcert.ParsePublicKeyPEM(data)
}
