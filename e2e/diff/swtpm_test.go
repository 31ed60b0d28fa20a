package diff

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"govtpm/control"
	"govtpm/store/envelope"
)

// swtpmPath is the implementation to compare with.
const swtpmPath = "/usr/bin/swtpm"

// A device is a TPM with what surrounds it: the power switch and the signals that are no commands.
type device interface {
	execute(locality uint8, command []byte) ([]byte, error)
	// powerCycle is _TPM_Init. With reload the TPM starts from its saved permanent state as a new process would.
	powerCycle(reload bool) error
	hashSequence(data []byte) error
	established() (bool, error)
	permanent() ([]byte, error)
	// load replaces the permanent state and powers the TPM on.
	load(state []byte) error
	close()
}

// swtpm is an swtpm process with its two channels.
type swtpm struct {
	cmd      *exec.Cmd
	dir      string
	data     net.Conn
	control  *control.Client
	locality uint8
	log      bytes.Buffer
	buf      [8192]byte
}

// deadline bounds one command on a busy machine.
const deadline = 60 * time.Second

func startSWTPM() (s *swtpm, err error) {
	s = new(swtpm)
	if s.dir, err = os.MkdirTemp("", "gv"); err != nil {
		return nil, err
	}
	data, ctrl := filepath.Join(s.dir, "data"), filepath.Join(s.dir, "ctrl")
	s.cmd = exec.Command(swtpmPath, "socket", "--tpm2", "--tpmstate", "dir="+s.dir,
		"--server", "type=unixio,path="+data, "--ctrl", "type=unixio,path="+ctrl, "--flags", "not-need-init")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.WaitDelay = time.Second
	if err := s.cmd.Start(); err != nil {
		os.RemoveAll(s.dir)
		return nil, err
	}
	c, err := dial(ctrl)
	if err == nil {
		s.control = control.NewClient(c)
		s.control.Timeout = deadline
		s.data, err = dial(data)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("%w: %s", err, s.log.String())
	}
	return s, nil
}

// dial waits for the socket to be there.
func dial(path string) (net.Conn, error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("unix", path)
		if err == nil || time.Now().After(end) {
			return c, err
		}
	}
}

func (s *swtpm) execute(locality uint8, command []byte) ([]byte, error) {
	if locality != s.locality {
		if _, err := s.control.Call(control.SetLocality{Locality: locality}); err != nil {
			return nil, err
		}
		s.locality = locality
	}
	if err := s.data.SetDeadline(time.Now().Add(deadline)); err != nil {
		return nil, err
	}
	if _, err := s.data.Write(command); err != nil {
		return nil, err
	}
	n, err := io.ReadAtLeast(s.data, s.buf[:], 10)
	if err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(s.buf[2:]))
	if size > len(s.buf) {
		return nil, fmt.Errorf("response of %d bytes", size)
	}
	if n < size {
		if _, err := io.ReadFull(s.data, s.buf[n:size]); err != nil {
			return nil, err
		}
	}
	return bytes.Clone(s.buf[:size]), nil
}

func (s *swtpm) powerCycle(bool) error {
	if _, err := s.control.Call(control.Stop{}); err != nil {
		return err
	}
	_, err := s.control.Call(control.Init{})
	return err
}

func (s *swtpm) hashSequence(data []byte) error { return s.control.Hash(bytes.NewReader(data)) }

func (s *swtpm) established() (bool, error) {
	r, err := s.control.Call(control.GetTPMEstablished{})
	if err != nil {
		return false, err
	}
	return r.(control.Established).Bit, nil
}

func (s *swtpm) permanent() ([]byte, error) {
	r, err := s.control.Call(control.GetStateBlob{Kind: control.StatePermanent})
	if err != nil {
		return nil, err
	}
	return envelope.Keys{}.Import(r.(control.StateBlob).Data, false)
}

func (s *swtpm) load(state []byte) error {
	if _, err := s.control.Call(control.Stop{}); err != nil {
		return err
	}
	blob, _, err := envelope.Keys{}.Export(state, true, rand.Reader)
	if err != nil {
		return err
	}
	if _, err := s.control.Call(control.SetStateBlob{Kind: control.StatePermanent, Data: blob}); err != nil {
		return err
	}
	_, err = s.control.Call(control.Init{})
	return err
}

func (s *swtpm) close() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	if s.control != nil {
		_ = s.control.Close()
	}
	if s.data != nil {
		_ = s.data.Close()
	}
	os.RemoveAll(s.dir)
}
