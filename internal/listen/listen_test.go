package listen

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	e := Endpoint{Network: "unix", Path: path, Mode: 0o600, UID: -1, GID: -1}
	if err := os.WriteFile(path, nil, 0o600); err != nil { // what was left behind
		t.Fatal(err)
	}
	l, err := e.Listen()
	if err != nil {
		t.Skip(err)
	}
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	l.Close()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket stays after the listener")
	}
}

func TestRefusedPaths(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"too long":        strings.Repeat("x", 108),
		"a directory":     dir,
		"in no directory": filepath.Join(dir, "none", "s"),
	} {
		e := Endpoint{Network: "unix", Path: path, UID: -1, GID: -1}
		if l, err := e.Listen(); err == nil {
			l.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTCP(t *testing.T) {
	e := Endpoint{Network: "tcp", Address: "127.0.0.1"}
	l, err := e.Listen()
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	if a := l.Addr().(*net.TCPAddr); !a.IP.IsLoopback() || a.Port == 0 {
		t.Errorf("listens at %v", a)
	}
	e = Endpoint{Network: "tcp", Address: "fe80::1", Interface: "nosuch0"}
	if l, err := e.Listen(); err == nil {
		l.Close()
		t.Error("an interface that there is not: no error")
	}
}

// A broken listener fails to accept for a while, and then delivers a client.
type broken struct {
	net.Listener
	failures int
	tries    int
}

func (b *broken) Accept() (net.Conn, error) {
	if b.tries++; b.tries <= b.failures {
		return nil, errors.New("too many open files")
	}
	return b.Listener.Accept()
}

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func dial(t *testing.T, l net.Listener) {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

func TestEach(t *testing.T) {
	b := &broken{Listener: listener(t), failures: 3}
	dial(t, b)
	dial(t, b)
	served := 0
	err := Each(context.Background(), b, func(conn net.Conn) bool {
		conn.Close()
		served++
		return served < 2
	})
	if err != nil || served != 2 || b.tries != 5 {
		t.Errorf("%d clients in %d tries, %v", served, b.tries, err)
	}
}

func TestEachEnds(t *testing.T) {
	for name, end := range map[string]func(cancel func(), l net.Listener) (wantErr bool){
		"by its context":  func(cancel func(), _ net.Listener) bool { cancel(); return false },
		"by the listener": func(_ func(), l net.Listener) bool { l.Close(); return true },
	} {
		l := listener(t)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- Each(ctx, l, func(conn net.Conn) bool { conn.Close(); return true }) }()
		dial(t, l)
		want := end(cancel, l)
		select {
		case err := <-done:
			if (err != nil) != want {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: it does not end", name)
		}
		cancel()
	}
}
