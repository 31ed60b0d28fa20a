package daemon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"govtpm/internal/option"
	"govtpm/internal/smallfile"
	"govtpm/store"
)

// stateSettings are --tpmstate.
type stateSettings struct {
	uri  string
	opts store.Options
}

func (o *options) state(env func(string) string) (*stateSettings, error) {
	s := &stateSettings{opts: store.Options{TPM12: !o.has("tpm2")}}
	if !o.has("tpmstate") {
		if dir := env("TPM_PATH"); dir != "" {
			s.uri = "dir://" + dir
		}
		return s, nil
	}
	l, err := o.list("tpmstate", "tpmstate", option.Def{Name: "dir"}, option.Def{Name: "mode", Type: option.Mode},
		option.Def{Name: "backend-uri"}, option.Def{Name: "lock", Type: option.Bool},
		option.Def{Name: "backup", Type: option.Bool}, option.Def{Name: "fsync", Type: option.Bool},
		option.Def{Name: "sync"})
	if err != nil {
		return nil, err
	}
	switch {
	case l.Has("dir"):
		s.uri = "dir://" + l.String("dir", "")
	case l.Has("backend-uri"):
		s.uri = l.String("backend-uri", "")
	default:
		return nil, fmt.Errorf("The dir or backend-uri parameters is required for the tpmstate option.")
	}
	switch sync := l.String("sync", "on"); {
	case sync != "on" && sync != "off":
		return nil, fmt.Errorf("The sync parameter of the tpmstate option is on or off, not '%s'.", sync)
	case sync == "off" && l.Bool("fsync", false):
		return nil, fmt.Errorf("The fsync and sync=off parameters of the tpmstate option contradict each other.")
	default:
		s.opts.NoSync = sync == "off"
	}
	s.opts.Mode = l.Mode("mode", 0)
	s.opts.Backup = l.Bool("backup", false)
	if l.Has("lock") {
		s.opts.Lock = store.LockOff
		if l.Bool("lock", true) {
			s.opts.Lock = store.LockOn
		}
	}
	return s, nil
}

// open returns the store, nil if no place was given.
func (s *stateSettings) open() (store.Store, error) {
	if s.uri == "" {
		return nil, nil
	}
	st, err := store.Open(s.uri, s.opts)
	if errors.Is(err, store.ErrBackend) {
		why := strings.TrimPrefix(err.Error(), store.ErrBackend.Error()+": ")
		return nil, fmt.Errorf("SWTPM_NVRAM_Init: Unsupported backend. %s", why)
	}
	if err != nil {
		return nil, fmt.Errorf("Error: Could not open the state: %w", err)
	}
	return st, nil
}

// wanting says what keeps a TPM from being started at this place, in simple words; empty if nothing simple does.
func (s *stateSettings) wanting() string {
	if s.uri == "" {
		return "no place for its state was given; see --tpmstate"
	}
	dir, ok := strings.CutPrefix(s.uri, "dir://")
	if !ok {
		return ""
	}
	fi, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the state directory %s does not exist", dir)
	case err == nil && !fi.IsDir():
		return fmt.Sprintf("%s is not a directory", dir)
	}
	return ""
}

// localitySettings are --locality.
type localitySettings struct{ reject4, allowSet bool }

func (o *options) locality() (s localitySettings, err error) {
	l, err := o.list("locality", "locality", option.Def{Name: "reject-locality-4", Type: option.Bool},
		option.Def{Name: "allow-set-locality", Type: option.Bool})
	if err == nil {
		s.reject4, s.allowSet = l.Bool("reject-locality-4", false), l.Bool("allow-set-locality", false) || o.has("vtpm-proxy")
	}
	return s, err
}

// startup is the kind of Startup that the process itself sends.
type startup uint8

const (
	startupNone startup = iota
	startupClear
	startupState
	startupDeactivated
)

// flagSettings are --flags.
type flagSettings struct {
	start               bool // power on without waiting for INIT
	startup             startup
	disableAutoShutdown bool
}

func (o *options) flags() (s flagSettings, err error) {
	names := []string{"not-need-init", "startup-clear", "startup-state", "startup-deactivated", "startup-none", "disable-auto-shutdown"}
	var defs []option.Def
	for _, n := range names {
		defs = append(defs, option.Def{Name: n, Type: option.Bool})
	}
	l, err := o.list("flags", "flags", defs...)
	if err != nil {
		return s, err
	}
	switch {
	case l.Bool("startup-clear", false):
		s.startup = startupClear
	case l.Bool("startup-state", false):
		s.startup = startupState
	case l.Bool("startup-deactivated", false):
		s.startup = startupDeactivated
	case o.has("vtpm-proxy") && !l.Bool("startup-none", false):
		s.startup = startupClear
	}
	s.start = s.startup != startupNone || l.Bool("not-need-init", false) || o.has("vtpm-proxy")
	s.disableAutoShutdown = l.Bool("disable-auto-shutdown", false)
	return s, nil
}

// migrationSettings are --migration.
type migrationSettings struct{ incoming, releaseOutgoing bool }

func (o *options) migration() (s migrationSettings, err error) {
	l, err := o.list("migration", "migration", option.Def{Name: "incoming", Type: option.Bool},
		option.Def{Name: "release-lock-outgoing", Type: option.Bool})
	if err == nil {
		s.incoming, s.releaseOutgoing = l.Bool("incoming", false), l.Bool("release-lock-outgoing", false)
	}
	return s, err
}

// maxProfile bounds a profile that is read from a file.
const maxProfile = 64 << 10

// profile returns the profile of --profile as JSON, nil if there is none, and
// what is to be taken out of it.
func (o *options) profile() (text []byte, removeDisabled string, err error) {
	if !o.has("profile") {
		return nil, "", nil
	}
	l, err := o.list("profile", "profile", option.Def{Name: "name"}, option.Def{Name: "profile"}, option.Def{Name: "file"},
		option.Def{Name: "fd", Type: option.Uint}, option.Def{Name: "remove-disabled"})
	if err != nil {
		return nil, "", err
	}
	sources := 0
	for _, name := range []string{"name", "profile", "file", "fd"} {
		if l.Has(name) {
			sources++
		}
	}
	if sources > 1 {
		return nil, "", fmt.Errorf("Only one of the profile options name, profile, file and fd may be given.")
	}
	removeDisabled = l.String("remove-disabled", "")
	if removeDisabled != "" && removeDisabled != "check" && removeDisabled != "fips-host" {
		return nil, "", fmt.Errorf("Invalid value '%s' for the profile option remove-disabled.", removeDisabled)
	}
	text, err = profileText(l)
	if err == nil && !o.has("tpm2") && sources > 0 {
		err = fmt.Errorf("Error: The profile option can only be used with a TPM 2.")
	}
	return bytes.TrimSpace(text), removeDisabled, err
}

func profileText(l *option.List) ([]byte, error) {
	switch {
	case l.Has("name"):
		return json.Marshal(map[string]string{"Name": l.String("name", "")})
	case l.Has("profile"):
		return []byte(l.String("profile", "")), nil
	case l.Has("file"):
		f, err := smallfile.Await(l.String("file", ""))
		if err != nil {
			return nil, fmt.Errorf("Unable to open profile: %w", err)
		}
		return readProfile(f)
	case l.Has("fd"):
		f, err := option.Inherited(l.Int("fd", -1))
		if err != nil {
			return nil, fmt.Errorf("Unable to read profile: %w", err)
		}
		return readProfile(f)
	}
	return nil, nil
}

func readProfile(f io.ReadCloser) ([]byte, error) {
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err == nil && len(text) > maxProfile {
		err = fmt.Errorf("Profile is larger than %d bytes", maxProfile)
	}
	return text, err
}
