package setup

import (
	"crypto/sha1" //nolint:gosec // the hash of TPM 1.2
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Defaults where neither command line nor configuration say anything.
const (
	defaultBanks   = "sha256"
	defaultKeySize = "2048"
	defaultEK2     = "ecc_nist_p384"
)

// setting is an option, or else the configuration's value of that name, or else def.
func (r *run) setting(name, key, def string) string {
	if v, ok := r.o.text[name]; ok {
		return v
	}
	if v, ok := r.conf.Value(key); ok && v != "" {
		return v
	}
	return def
}

// plan turns options and configuration into what is to be done.
func (r *run) plan() (*plan, error) {
	f := r.o.flags
	p := &plan{
		createSPK: f["create-spk"], eccSPK: f["ecc"], ekCert: f["create-ek-cert"], platformCert: f["create-platform-cert"],
		allowSigning: f["allow-signing"], decryption: f["decryption"], lock: f["lock-nvram"],
	}
	p.createEK = f["createek"] || p.ekCert || p.platformCert || f["take-ownership"]
	p.banks = bankNames(r.o.banks)
	if len(p.banks) == 0 {
		list, ok := r.conf.Value("active_pcr_banks")
		if !ok || list == "" {
			list = defaultBanks
		}
		p.banks = bankNames(strings.Split(list, ","))
	}
	if len(p.banks) == 1 && p.banks[0] == "-" {
		p.banks = nil
	}
	if f["reconfigure"] {
		return &plan{banks: p.banks}, nil
	}
	if err := r.planEKs(p); err != nil {
		return nil, err
	}
	for _, d := range []struct {
		name string
		to   *algorithm
	}{{"iakkeyalgo", &p.iak}, {"idevidkeyalgo", &p.idevid}} {
		name := r.setting(d.name, d.name, "")
		if name == "" || !p.ekCert {
			continue
		}
		var err error
		if *d.to, err = parseAlgorithm(name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// bankNames takes blanks and empty names out of a list.
func bankNames(list []string) []string {
	var names []string
	for _, name := range list {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// plan12 is the part of a plan that a TPM 1.2 can do, with its passwords: their SHA-1 is the authorization.
func (r *run) plan12(p *plan) plan12 {
	secret := func(option, def, wellKnown string) [sha1.Size]byte {
		if r.o.flags[wellKnown] {
			return [sha1.Size]byte{} // the well-known secret (TPM 1.2 Part 1, 8)
		}
		if v, ok := r.o.text[option]; ok {
			def = v
		}
		return sha1.Sum([]byte(def))
	}
	return plan12{
		createEK: p.createEK, ekCert: p.ekCert, platformCert: p.platformCert, lock: p.lock, takeOwnership: r.o.flags["take-ownership"],
		ownerAuth: secret("ownerpass", "ooo", "owner-well-known"), srkAuth: secret("srkpass", "sss", "srk-well-known"),
	}
}

// planEKs chooses the algorithms of the endorsement keys. Two of one kind make one key.
func (r *run) planEKs(p *plan) error {
	first := r.setting("ek1keyalgo", "ek1keyalgo", "")
	if first == "" {
		size, err := r.keySize()
		if err != nil {
			return err
		}
		p.largestRSA = size == largest
		if p.largestRSA {
			size = defaultKeySize
		}
		first = "rsa" + size
	}
	a, err := parseAlgorithm(first)
	if err != nil {
		return err
	}
	b, err := parseAlgorithm(r.setting("ek2keyalgo", "ek2keyalgo", defaultEK2))
	if err != nil {
		return err
	}
	p.ek = []algorithm{a, b}
	if !p.largestRSA {
		p.ek = distinct(p.ek)
	}
	return nil
}

// distinct leaves out the second of two equal algorithms.
func distinct(ek []algorithm) []algorithm {
	if len(ek) == 2 && ek[0] == ek[1] {
		return ek[:1]
	}
	return ek
}

// largest stands for the largest size that the TPM, with its profile, makes.
const largest = "max"

// keySize is the size of an RSA EK: one that the TPM can do.
func (r *run) keySize() (string, error) {
	size := r.setting("rsa-keysize", "rsa_keysize", defaultKeySize)
	if size == largest {
		return size, nil
	}
	if size != "2048" && size != "3072" && size != "4096" || size != defaultKeySize && !r.program.can("rsa-keysize-"+size) {
		return "", fmt.Errorf("Unsupported RSA key size %s.", size) //nolint:staticcheck // known words
	}
	return size, nil
}

// firstExtraFD is the number of the first further descriptor in the TPM program: behind standard streams, data and control.
const firstExtraFD = 5

// tpmArguments returns the arguments of the TPM program that depend on the options, and the files it needs for them.
func (r *run) tpmArguments() (args []string, files []*os.File, err error) {
	state := "backend-uri=" + r.o.stateURI()
	if r.program.can("tpmstate-opt-lock") {
		state += ",lock"
	}
	args = []string{"--tpmstate", state}
	if r.o.flags["tpm2"] {
		args = append(args, "--tpm2")
	}
	defer func() {
		if err != nil {
			closeAll(files)
		}
	}()
	inherit := func(option string) (string, error) {
		f, err := r.o.inherited(option)
		if err != nil {
			return "", err
		}
		files = append(files, f)
		return strconv.Itoa(firstExtraFD + len(files) - 1), nil
	}
	for _, k := range []struct {
		option, sub string
		fd          bool
	}{{"keyfile", "file=", false}, {"keyfile-fd", "fd=", true}, {"pwdfile", "pwdfile=", false}, {"pwdfile-fd", "pwdfd=", true}} {
		value, ok := r.o.text[k.option]
		if !ok {
			continue
		}
		if k.fd {
			if value, err = inherit(k.option); err != nil {
				return nil, nil, err
			}
		}
		key := k.sub + value
		if c, ok := r.o.text["cipher"]; ok {
			key += ",mode=" + c
		}
		args = append(args, "--key", key)
	}
	if r.o.flags["tpm2"] && !r.o.flags["reconfigure"] {
		profile, err := r.profileArgument(inherit)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, profile...)
	}
	if log := r.o.text["logfile"]; log != "" {
		args = append(args, "--log", "file="+log)
	}
	return args, files, nil
}

// checkAccess makes sure that the directories exist that are written to.
func (r *run) checkAccess() error {
	var dirs []string
	if dir, ok := strings.CutPrefix(r.o.stateURI(), "dir://"); ok {
		dirs = append(dirs, dir)
	}
	if dir := r.o.text["write-ek-cert-files"]; dir != "" {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		if st, err := os.Stat(dir); err != nil || !st.IsDir() || !writable(dir) {
			name, _, _ := strings.Cut(whoami(), ":")
			return fmt.Errorf("User %s cannot access directory %s. Make sure it exists and is a directory.", name, dir) //nolint:staticcheck // known words
		}
	}
	return nil
}

var errStateExists = errors.New("Found existing TPM state 'permall'.\n" + //nolint:staticcheck // known words
	"Give --overwrite to replace it, --not-overwrite to keep it, or --reconfigure to change its PCR banks.")

// lookForState looks for state: it is kept without a word of error, to be replaced, or an error, as the options say.
func (r *run) lookForState() (keep bool, err error) {
	f := r.o.flags
	has, err := r.state.exists()
	switch {
	case err != nil:
		return false, err
	case f["reconfigure"] && !has:
		return false, errors.New("there is no TPM state to reconfigure")
	case has && !f["reconfigure"] && f["not-overwrite"]:
		r.printf("Not overwriting existing state file.")
		return true, nil
	case has && !f["reconfigure"] && !f["overwrite"]:
		return false, errStateExists
	}
	return false, nil
}
