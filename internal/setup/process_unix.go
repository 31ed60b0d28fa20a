//go:build unix

package setup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"govtpm/control"
	"govtpm/tpm2/wire"
)

// How long the TPM may take.
const (
	startTimeout   = 5 * time.Second
	controlTimeout = 10 * time.Second // a machine may be busy
	commandTimeout = 30 * time.Second // a primary key of RSA 4096
	exitTimeout    = 500 * time.Millisecond
)

// maxResponse is the largest response of a TPM (its largest buffer size).
const maxResponse = 4096

// process is a running TPM program.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	data net.Conn
	ctrl *control.Client
}

// start starts the TPM program on a socket pair each for data and control. extra are further arguments, files what they
// refer to: the program has them from firstExtraFD on. What it prints goes to stdout and stderr. It is killed when ctx ends.
func (p *program) start(ctx context.Context, extra []string, files []*os.File, stdout, stderr io.Writer) (_ *process, err error) {
	ours, theirs, err := socketPairs(2)
	if err != nil {
		return nil, fmt.Errorf("making socket pairs: %w", err)
	}
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	pid, err := os.CreateTemp("", ".swtpm_setup.pidfile.")
	if err != nil {
		return nil, fmt.Errorf("making the pid file: %w", err)
	}
	pid.Close()
	defer os.Remove(pid.Name())
	args := append(slices.Clone(p.argv[1:]), "--flags", "not-need-init,startup-clear", "--pid", "file="+pid.Name(),
		"--server", "type=tcp,fd=3", "--ctrl", "type=unixio,clientfd=4")
	cmd := exec.CommandContext(ctx, p.argv[0], append(args, extra...)...)
	cmd.ExtraFiles = append(slices.Clone(theirs), files...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = stdout, stderr, time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the TPM: %w", err)
	}
	proc := &process{cmd: cmd, done: make(chan struct{}), data: ours[0], ctrl: control.NewClient(ours[1])}
	proc.ctrl.Timeout = controlTimeout
	go func() { cmd.Wait(); close(proc.done) }()
	if err := proc.awaitPID(pid.Name()); err != nil {
		proc.kill()
		return nil, err
	}
	return proc, nil
}

// socketPairs makes n pairs of connected sockets: ours as connections, theirs to be handed to a child.
func socketPairs(n int) (ours []net.Conn, theirs []*os.File, err error) {
	for range n {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return nil, nil, err
		}
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
		theirs = append(theirs, os.NewFile(uintptr(fds[1]), "tpm"))
		f := os.NewFile(uintptr(fds[0]), "setup")
		conn, err := net.FileConn(f)
		f.Close()
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, conn)
	}
	return ours, theirs, nil
}

// awaitPID waits until the program has written its pid file: then it listens.
func (p *process) awaitPID(name string) error {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		if st, err := os.Stat(name); err == nil && st.Size() > 0 {
			return nil
		}
		select {
		case <-p.done:
			return errors.New("the TPM program ended before it was ready")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return errors.New("the TPM program did not become ready")
}

// Execute sends a command over the data channel and reads the response.
func (p *process) Execute(command []byte) ([]byte, error) {
	if err := p.data.SetDeadline(time.Now().Add(commandTimeout)); err != nil {
		return nil, err
	}
	if _, err := p.data.Write(command); err != nil {
		return nil, fmt.Errorf("sending a command to the TPM: %w", err)
	}
	resp := make([]byte, wire.HeaderSize, maxResponse)
	if _, err := io.ReadFull(p.data, resp); err != nil {
		return nil, fmt.Errorf("reading the TPM's response: %w", err)
	}
	size := binary.BigEndian.Uint32(resp[2:])
	if size < wire.HeaderSize || size > maxResponse {
		return nil, errors.New("the TPM's response has an impossible size")
	}
	resp = resp[:size]
	if _, err := io.ReadFull(p.data, resp[wire.HeaderSize:]); err != nil {
		return nil, fmt.Errorf("reading the TPM's response: %w", err)
	}
	return resp, nil
}

// info asks the control channel for information in JSON.
func (p *process) info(flags uint64) ([]byte, error) { return p.ctrl.Info(flags) }

// stop ends the program in order.
func (p *process) stop() error {
	_, err := p.ctrl.Call(control.Shutdown{})
	select {
	case <-p.done:
	case <-time.After(exitTimeout):
	}
	p.kill()
	return err
}

// kill ends the program if it still runs, and closes the channels.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		p.cmd.Process.Kill()
		<-p.done
	}
	p.data.Close()
	p.ctrl.Close()
}
