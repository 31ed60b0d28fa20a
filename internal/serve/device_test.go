//go:build unix

package serve

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"govtpm/control/controltest"
)

// duplex writes somewhere else than it reads from.
type duplex struct {
	*device
	w *os.File
}

func (d duplex) Write(b []byte) (int, error) { return d.w.Write(b) }

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	r.Fd() // from now on its reads block
	return r, w
}

func TestDevice(t *testing.T) {
	fromClient, client := pipe(t)
	answers, toClient := pipe(t)
	tpm := &controltest.TPM{}
	tpm.Init(context.Background(), false)
	s := &Server{TPM: tpm, Locality: new(atomic.Uint32), PartialTime: 50 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.ServeConn(ctx, duplex{Stream(fromClient).(*device), toClient}) }()
	r := &rig{t: t}
	for _, row := range []struct{ cmd, want []byte }{
		{controltest.Echo(1), controltest.EchoResponse(0, 1)},
		{controltest.Echo(2)[:10], controltest.Response(0x142)}, // the rest does not come
		{controltest.Echo(3), controltest.EchoResponse(0, 3)},
	} {
		client.Write(row.cmd)
		got := make([]byte, len(row.want))
		if _, err := io.ReadFull(answers, got); err != nil || string(got) != string(row.want) {
			r.t.Errorf("%x, %v; want %x", got, err, row.want)
		}
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a read that waits is not broken off")
	}
}

func TestDeviceEnds(t *testing.T) {
	r, w := pipe(t)
	d := newDevice(r)
	w.Write([]byte("abc"))
	w.Close()
	b := make([]byte, 10)
	if n, err := d.Read(b); n != 3 || err != nil {
		t.Error(n, err)
	}
	if n, err := d.Read(b); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d.Read(b); err == nil {
		t.Error("read after the end")
	}
}

func TestDeviceWrites(t *testing.T) {
	r, w := pipe(t)
	d := newDevice(w)
	go io.Copy(io.Discard, r)
	big := make([]byte, 1<<20)
	if n, err := d.Write(big); n != len(big) || err != nil {
		t.Error(n, err)
	}
	full, stuck := pipe(t)
	defer full.Close()
	d = newDevice(stuck)
	done := make(chan error, 1)
	go func() {
		_, err := d.Write(big)
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
