package daemon

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"govtpm/control"
	"govtpm/internal/serve"
)

// powerOn starts the TPM without waiting for INIT, and sends Startup if asked.
func (r *process) powerOn(kind startup) error {
	if err := r.tpm.Init(context.Background(), false); err != nil {
		return cannotStart(r.state, err)
	}
	cmd, err := startupCommand(kind, r.options.has("tpm2"))
	if cmd == nil || err != nil {
		return err
	}
	rsp, err := r.tpm.Execute(context.Background(), 0, cmd)
	if err != nil {
		return fmt.Errorf("Error: Could not send Startup: %w", err)
	}
	r.recordOwn(cmd, rsp)
	// TPM_RC_INITIALIZE: the TPM was resumed, with what Startup did long ago.
	if rc := binary.BigEndian.Uint32(append(rsp, make([]byte, 10)...)[6:]); rc != 0 && rc != 0x100 {
		r.log.Errorf("Error: Startup returned error code 0x%08x", rc)
	}
	return nil
}

// startupCommand is TPM2_Startup (Part 3, 9.3) or TPM_Startup; nil for none.
func startupCommand(kind startup, tpm2 bool) ([]byte, error) {
	if kind == startupNone {
		return nil, nil
	}
	head, types := "\x00\xc1\x00\x00\x00\x0c\x00\x00\x00\x99", map[startup]uint16{startupClear: 1, startupState: 2, startupDeactivated: 3}
	if tpm2 {
		head, types = "\x80\x01\x00\x00\x00\x0c\x00\x00\x01\x44", map[startup]uint16{startupClear: 0, startupState: 1}
	}
	t, ok := types[kind]
	if !ok {
		return nil, fmt.Errorf("Error: TPM 2 does not support startup deactivated.")
	}
	return binary.BigEndian.AppendUint16([]byte(head), t), nil
}

// writePID tells the process ID, and heeds signals from then on: who knows where to send them finds somebody who cleans up. One
// that comes before the loop ends it at once.
func (r *process) writePID() error {
	r.signals = make(chan os.Signal, 1)
	signal.Notify(r.signals, syscall.SIGTERM, os.Interrupt)
	if ignored := brokenPipes(); len(ignored) > 0 {
		signal.Ignore(ignored...)
	}
	return r.pid.write()
}

// end collects why the process ends: the first reason counts.
type end struct {
	once   sync.Once
	cancel context.CancelFunc
	err    error
}

func (e *end) because(err error) {
	e.once.Do(func() {
		if !errors.Is(err, control.ErrShutdown) {
			e.err = err
		}
		e.cancel()
	})
}

// loop serves the channels until a client, a signal or an error ends it.
func (r *process) loop(set settings) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := &end{cancel: cancel}
	notice := notification(r.Env("NOTIFY_SOCKET"))
	if err := r.confine(set.fence); err != nil {
		return &statusError{statusSeccomp, err}
	}
	ctrl, data := r.servers(set.cfg, set.locality)
	slot := &serve.Slot{Context: ctx, Server: data, Reserved: r.data != nil, OnEnd: func(err error) {
		if err != nil || r.options.has("terminate") {
			e.because(err)
		}
	}}
	ctrl.Handler.Data = slot

	var work sync.WaitGroup
	if r.ctrl != nil {
		work.Go(func() { r.serveControl(ctx, ctrl, e) })
	}
	if r.data != nil {
		work.Go(func() { r.serveData(ctx, data, e) })
	}
	if r.device != nil {
		work.Go(func() { e.because(r.device.serve(ctx, ctrl, data, e.because)) })
	}
	if r.ready != nil {
		r.ready()
	}
	notice()
	select {
	case <-r.signals:
		e.because(nil)
	case <-ctx.Done():
	}
	r.tpm.Interrupt()
	work.Wait()
	return e.err
}

func (r *process) serveControl(ctx context.Context, s *control.Server, e *end) {
	var err error
	if r.ctrl.listener != nil {
		err = s.Serve(ctx, r.ctrl.listener, r.ctrl.ends)
	} else {
		err = s.ServeConn(ctx, r.ctrl.conn.(net.Conn))
	}
	// The loss of the only client there can be ends nothing by itself.
	if err != nil || r.ctrl.ends || ctx.Err() != nil {
		e.because(err)
	}
}

func (r *process) serveData(ctx context.Context, s *serve.Server, e *end) {
	if r.data.platform != nil {
		sim := &serve.Simulator{Server: s, Platform: announced{r.tpm, r.state, r.log}, Presence: &r.presence}
		e.because(sim.Serve(ctx, r.data.listener, r.data.platform, r.data.ends))
		return
	}
	if r.data.listener != nil {
		e.because(s.Serve(ctx, r.data.listener, r.data.ends))
		return
	}
	e.because(s.ServeConn(ctx, r.data.conn))
}

// notification connects to systemd and returns what tells it that the service is
// ready: behind the fence there are no new sockets. Errors are systemd's own
// problem.
func notification(address string) func() {
	if address == "" {
		return func() {}
	}
	conn, err := net.Dial("unixgram", address)
	if err != nil {
		return func() {}
	}
	return func() {
		conn.Write([]byte("READY=1"))
		conn.Close()
	}
}
