package e2e

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// A process is a running emulator.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan error
}

// start starts a program; when the test ends it is ended.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), log: &bytes.Buffer{}, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := p.cmd.Wait()
		p.done <- err
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power failure would.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// end asks the process to end, and wants it to.
func (p *process) end() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.wait(10 * time.Second)
}

// wait wants the process to end by itself, with status 0.
func (p *process) wait(limit time.Duration) {
	p.t.Helper()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("%v ended with %v\n%s", p.cmd.Args, err, p.log)
		}
	case <-time.After(limit):
		p.t.Errorf("%v did not end within %v", p.cmd.Args, limit)
	}
}

// A socketTPM is an emulator on TCP sockets, started up, and a connection to it.
type socketTPM struct {
	*process
	*rawtpm.Conn
	port int
}

// startSocket starts an emulator on a state directory and waits for its first answer.
func startSocket(t *testing.T, program, dir string, flags string) *socketTPM {
	t.Helper()
	port := freePorts(t)
	s := &socketTPM{port: port}
	s.process = start(t, program, "socket", "--tpm2", "--tpmstate", "dir="+dir,
		"--server", "type=tcp,port="+strconv.Itoa(port), "--ctrl", "type=tcp,port="+strconv.Itoa(port+1),
		"--flags", flags)
	s.connect()
	return s
}

// connect opens the data channel anew.
func (s *socketTPM) connect() {
	s.t.Helper()
	c, err := rawtpm.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), startTime)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.log)
	}
	s.Conn = c
	s.t.Cleanup(func() { c.Close() })
}

// must sends a command that has to succeed.
func (s *socketTPM) must(cmd rawtpm.Command) *rawtpm.Fields {
	s.t.Helper()
	f, err := s.Do(cmd)
	if err != nil {
		s.t.Fatalf("command %x: %v", []byte(cmd[:10]), err)
	}
	return f
}

// stateFiles lists the state directory, for failures.
func stateFiles(dir string) string {
	var b bytes.Buffer
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			b.WriteString(e.Name() + " " + strconv.FormatInt(info.Size(), 10) + "\n")
		}
	}
	return b.String()
}
