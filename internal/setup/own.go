package setup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"govtpm/internal/daemon"
	"govtpm/store"
	"govtpm/store/envelope"
	"govtpm/store/keyfile"
	"govtpm/tpm2/wire"
)

// ownPlace makes the state with a TPM in this process. The TPM keeps its state in memory; the place gets all of it at once, in the
// end, so that whatever happens before leaves the place as it was.
type ownPlace struct {
	*run
	store  store.Store // the place
	draft  *draft
	key    *envelope.Key
	fresh  string // a file that was not there before
	placed bool
}

func (p *ownPlace) exists() (bool, error) {
	if p.store == nil {
		s, err := store.Open(p.o.stateURI(), store.Options{TPM12: !p.o.flags["tpm2"], Lock: store.LockOn, Format: p.o.flags["overwrite"]})
		if err != nil {
			return false, err
		}
		p.store = s
	}
	list, err := p.store.List()
	if err != nil {
		return false, fmt.Errorf("looking for existing state: %w", err)
	}
	has := false
	for _, i := range list {
		switch {
		case i.Kind == store.Permanent:
			has = true
		case i.Kind == store.Volatile && p.o.flags["reconfigure"]:
			return false, errors.New("the TPM was suspended (there is volatile state) and cannot be reconfigured")
		}
	}
	return has, nil
}

// claim locks the place. Somebody else may have made a TPM there in the meantime.
func (p *ownPlace) claim() error {
	if file, ok := strings.CutPrefix(p.o.stateURI(), "file://"); ok {
		if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
			p.fresh = file
		}
	}
	if err := p.store.Lock(0); err != nil {
		p.fresh = ""
		return fmt.Errorf("locking the state: %w", err)
	}
	has, err := p.exists()
	switch {
	case err != nil:
		return err
	case has:
		p.fresh = "" // somebody else's
	}
	if has && !p.o.flags["overwrite"] && !p.o.flags["reconfigure"] {
		return errStateExists
	}
	return nil
}

// start powers a TPM on that has the state of the place, if it is to be reconfigured, or none yet.
func (p *ownPlace) start() (machine, error) {
	var err error
	if p.key, err = p.readKey(); err != nil {
		return nil, err
	}
	profile, err := p.ownProfile()
	if err != nil {
		return nil, err
	}
	p.draft = &draft{Store: store.NewMemory()}
	if p.o.flags["reconfigure"] {
		blob, err := p.store.Load(store.Permanent)
		if err == nil {
			err = p.draft.Save(store.Permanent, blob)
		}
		if err != nil {
			return nil, err
		}
	}
	tpm, err := daemon.DefaultEngine().Open(daemon.Config{
		TPM12: !p.o.flags["tpm2"], Store: p.draft, Keys: envelope.Keys{File: p.key}, DisableAutoShutdown: true,
		Profile: []byte(profile), RemoveDisabled: p.o.text["profile-remove-disabled"], Log: p.printf,
	})
	if err != nil {
		return nil, fmt.Errorf("making the TPM: %w", err)
	}
	m := &ownMachine{tpm: tpm}
	if err := m.powerOn(p.o.flags["tpm2"]); err != nil {
		m.kill()
		return nil, err
	}
	return m, nil
}

// readKey reads the key of the state, nil if it is not encrypted.
func (p *ownPlace) readKey() (*envelope.Key, error) {
	src := keyfile.Source{File: p.o.text["keyfile"], PwdFile: p.o.text["pwdfile"]}
	var err error
	if src.Bits, err = keyfile.ParseMode(p.o.text["cipher"]); err != nil {
		return nil, err
	}
	switch {
	case p.o.has("keyfile-fd"):
		src.FD, err = p.o.inherited("keyfile-fd")
	case p.o.has("pwdfile-fd"):
		src.PwdFD, err = p.o.inherited("pwdfile-fd")
	case !p.o.has("keyfile") && !p.o.has("pwdfile"):
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, warning, err := src.Load()
	if warning != "" {
		p.printf("Warning: %s.", warning)
	}
	return key, err
}

// maxProfile bounds what is read of a profile.
const maxProfile = 64 << 10

// ownProfile returns the profile of a new TPM as JSON, "" for none.
func (p *ownPlace) ownProfile() (string, error) {
	if !p.o.flags["tpm2"] || p.o.flags["reconfigure"] {
		return "", nil
	}
	if !p.o.has("profile-file-fd") {
		return p.checkedProfile()
	}
	f, err := p.o.inherited("profile-file-fd")
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err == nil && len(text) > maxProfile {
		err = fmt.Errorf("it is longer than %d bytes", maxProfile)
	}
	if err != nil {
		return "", fmt.Errorf("reading a profile: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// settle puts the new state in its place. Volatile state of an old TPM goes first: it fits no other.
func (p *ownPlace) settle() error {
	blob, err := p.draft.Load(store.Permanent)
	if err != nil {
		return fmt.Errorf("the TPM left no state: %w", err)
	}
	for _, k := range []store.Kind{store.Volatile, store.SaveState} {
		if err := p.store.Delete(k); err != nil {
			return fmt.Errorf("removing old state: %w", err)
		}
	}
	if err := p.store.Save(store.Permanent, blob); err != nil {
		return fmt.Errorf("storing the TPM: %w", err)
	}
	p.placed = true
	return nil
}

func (p *ownPlace) undo() error { return nil }

// close gives the place back, without a file that is there only for the lock.
func (p *ownPlace) close() {
	if p.fresh != "" && !p.placed {
		_ = os.Remove(p.fresh) // while nobody else can lock it
	}
	if p.store != nil {
		p.store.Close()
	}
	p.key.Wipe()
}

// draft is the state of a TPM in memory. It outlives the TPM.
type draft struct{ store.Store }

// Close does nothing: what the TPM leaves is still wanted.
func (*draft) Close() error { return nil }

// ownMachine is a TPM in this process.
type ownMachine struct{ tpm daemon.Instance }

// powerOn starts the TPM as firmware would.
func (m *ownMachine) powerOn(tpm2 bool) error {
	if err := m.tpm.Init(context.Background(), false); err != nil {
		return fmt.Errorf("starting the TPM: %w", err)
	}
	startup := []byte{0, 0xc1, 0, 0, 0, 12, 0, 0, 0, 0x99, 0, 1} // TPM_Startup(TPM_ST_CLEAR), TPM 1.2 Part 3, 3.2
	if tpm2 {
		h := wire.CommandHeader{Tag: wire.STNoSessions, Size: wire.HeaderSize + 2, Code: wire.CCStartup}
		startup = append(wire.Marshal(&h), 0, 0) // TPM2_Startup(TPM_SU_CLEAR), Part 3, 9.3
	}
	resp, err := m.Execute(startup)
	if err != nil {
		return fmt.Errorf("starting the TPM: %w", err)
	}
	if len(resp) < wire.HeaderSize || binary.BigEndian.Uint32(resp[6:]) != 0 {
		return fmt.Errorf("starting the TPM: it answers %x", resp)
	}
	return nil
}

// Execute runs a command.
func (m *ownMachine) Execute(command []byte) ([]byte, error) {
	return m.tpm.Execute(context.Background(), 0, command)
}

func (m *ownMachine) info(flags uint64) ([]byte, error) { return m.tpm.Info(flags) }

func (m *ownMachine) stop() error { return m.tpm.Stop(context.Background()) }

func (m *ownMachine) kill() { m.tpm.Close() }
