package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"govtpm/e2e/rawtpm"
)

// runNow is how an emulator is started that serves commands at once.
const runNow = "not-need-init,startup-clear"

// An emulator is a program on a state directory of its own.
type emulator struct {
	program string
	ours    bool // not what we are compared with
	dir     string
	options string // more of --tpmstate
	tcp     bool
	cmd     *exec.Cmd
	*rawtpm.Conn
}

// reset ends the process and forgets the state.
func (e *emulator) reset() error {
	e.stop()
	return errors.Join(os.RemoveAll(e.dir), os.MkdirAll(e.dir, 0o700))
}

// inherit takes over the state that a program leaves in a directory, which it makes once.
func (e *emulator) inherit(program, dir string) error {
	if _, err := os.Stat(dir); err != nil {
		maker := &emulator{program: program, dir: dir}
		defer maker.stop()
		if err := errors.Join(maker.reset(), maker.start()); err != nil {
			return err
		}
		if _, err := maker.Do(rawtpm.Shutdown(false)); err != nil {
			return err
		}
	}
	const state = "tpm2-00.permall"
	data, err := os.ReadFile(filepath.Join(dir, state))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.dir, state), data, 0o600)
}

// start starts the program and connects to it.
func (e *emulator) start() error {
	e.stop()
	network, address := "unix", filepath.Join(e.dir, "data")
	server, ctrl := "type=unixio,path="+address, "type=unixio,path="+filepath.Join(e.dir, "ctrl")
	if e.tcp {
		port, err := freePorts()
		if err != nil {
			return err
		}
		network, address = "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		server, ctrl = "type=tcp,port="+strconv.Itoa(port), "type=tcp,port="+strconv.Itoa(port+1)
	}
	e.cmd = exec.Command(e.program, "socket", "--tpm2", "--tpmstate", "dir="+e.dir+e.options,
		"--server", server, "--ctrl", ctrl, "--flags", runNow, "--log", "file="+filepath.Join(e.dir, "log"))
	if err := e.cmd.Start(); err != nil {
		return err
	}
	c, err := dial(network, address)
	if err != nil {
		return fmt.Errorf("%w: %s", err, e.log())
	}
	e.Conn = c
	return nil
}

// dial connects as soon as the emulator listens.
func dial(network, address string) (*rawtpm.Conn, error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Microsecond) {
		c, err := rawtpm.Dial(network, address, 0)
		if err == nil || time.Now().After(end) {
			return c, err
		}
	}
}

func freePorts() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+1))
		l.Close()
		if err == nil {
			next.Close()
			return port, nil
		}
	}
	return 0, errors.New("no two neighbouring ports are free")
}

// log gives the last line that the emulator logged.
func (e *emulator) log() string {
	data, _ := os.ReadFile(filepath.Join(e.dir, "log"))
	text := strings.TrimSpace(string(data))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// stop ends the process.
func (e *emulator) stop() {
	if e.Conn != nil {
		e.Close()
		e.Conn = nil
	}
	if e.cmd != nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
		e.cmd = nil
	}
	for _, socket := range []string{"data", "ctrl"} {
		_ = os.Remove(filepath.Join(e.dir, socket))
	}
}

// memory gives a line of the process's memory in KiB: Rss is what it has mapped, Pss counts shared pages by their part.
func (e *emulator) memory(field string) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", e.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
		}
	}
	return 0, fmt.Errorf("no %s", field)
}
