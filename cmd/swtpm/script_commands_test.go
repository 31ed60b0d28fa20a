package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a script waits for what must happen.
const patience = 20 * time.Second

// scriptCommands are the commands that scripts have beside those of testscript.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":   cmdExits,
		"await":   cmdAwait,
		"running": cmdRunning,
		"signal":  cmdSignal,
		"port":    cmdPort,
		"connect": cmdConnect,
		"listen":  cmdListen,
		"hangup":  cmdHangUp,
		"send":    cmdSend,
		"jsoncmp": cmdJSONCompare,
		"mode":    cmdMode,
		"size":    cmdSize,

		"certificate": cmdCertificate,
		"signed":      cmdSigned,
		"fill":        cmdFill,
		"usual":       cmdUsual,
	}
}

func usage(ts *testscript.TestScript, neg, bad bool, text string) {
	if neg || bad {
		ts.Fatalf("usage: %s", text)
	}
}

// cmdExits runs a program to its end, which must have this exit status.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) < 2, "exits STATUS PROGRAM [ARGS...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	status := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		status = exit.ExitCode()
	}
	if status != want {
		ts.Fatalf("exit status %d, want %d", status, want)
	}
}

// eventually waits until something is so.
func eventually(ts *testscript.TestScript, what string, so func() bool) {
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("waited in vain for %s", what)
		}
	}
}

// cmdAwait waits until files are there and not empty (sockets: are there), or with ! until they are gone.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, false, len(args) == 0, "[!] await FILE...")
	for _, name := range args {
		eventually(ts, name, func() bool {
			fi, err := os.Stat(ts.MkAbs(name))
			there := err == nil && (fi.Size() > 0 || !fi.Mode().IsRegular())
			return there != neg
		})
	}
}

// readPID waits for a PID file to be written, and reads it.
func readPID(ts *testscript.TestScript, name string) int {
	cmdAwait(ts, false, []string{name})
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(name)))
	ts.Check(err)
	return pid
}

// cmdRunning waits for the PID file of a process in the background, which must not outlive the script.
func cmdRunning(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 1, "running PIDFILE")
	p, err := os.FindProcess(readPID(ts, args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = p.Kill() })
}

// cmdSignal sends a signal to the process of a PID file.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 2, "signal INT|TERM|KILL|PIPE PIDFILE")
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": os.Kill, "PIPE": syscall.SIGPIPE}
	s, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[0])
	}
	p, err := os.FindProcess(readPID(ts, args[1]))
	ts.Check(err)
	ts.Check(p.Signal(s))
}

// cmdPort finds a free TCP port for each variable; the one behind it is free too.
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) == 0, "port VARIABLE...")
	for _, name := range args {
		for {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			ts.Check(err)
			port := l.Addr().(*net.TCPAddr).Port
			next, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
			l.Close()
			if err == nil {
				next.Close()
				ts.Setenv(name, strconv.Itoa(port))
				break
			}
		}
	}
}

// connections are the open connections of a script by their names.
type (
	connections    map[string]net.Conn
	connectionsKey struct{}
)

// dial connects to a number, which is a TCP port, to host:port, or to a path, which is a Unix socket; it waits until somebody listens.
func dial(ts *testscript.TestScript, addr string) net.Conn {
	network := "unix"
	if _, err := strconv.Atoi(addr); err == nil {
		network, addr = "tcp", "127.0.0.1:"+addr
	} else if _, port, err := net.SplitHostPort(addr); err == nil && !strings.Contains(port, "/") {
		network = "tcp"
	} else {
		addr = ts.MkAbs(addr)
	}
	var c net.Conn
	eventually(ts, addr, func() (ok bool) {
		var err error
		c, err = net.Dial(network, addr)
		return err == nil
	})
	ts.Check(c.SetDeadline(time.Now().Add(patience)))
	return c
}

// cmdConnect opens a connection, for send and hangup to name.
func cmdConnect(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 2, "connect NAME ADDRESS")
	c := dial(ts, args[1])
	ts.Value(connectionsKey{}).(connections)[args[0]] = c
	ts.Defer(func() { c.Close() })
}

// cmdListen listens at a Unix socket for the one connection that a program makes or inherits, for send and hangup to name.
func cmdListen(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 2, "listen NAME PATH")
	l, err := net.Listen("unix", ts.MkAbs(args[1]))
	ts.Check(err)
	c := &awaited{ready: make(chan struct{})}
	go func() {
		defer close(c.ready)
		if c.Conn, c.err = l.Accept(); c.err == nil {
			c.err = c.SetDeadline(time.Now().Add(patience))
		}
		l.Close()
	}()
	ts.Value(connectionsKey{}).(connections)[args[0]] = c
	ts.Defer(func() { l.Close(); c.Close() })
}

// awaited is a connection that is made from outside.
type awaited struct {
	net.Conn
	ready chan struct{}
	err   error
}

// Write waits for the connection.
func (c *awaited) Write(b []byte) (int, error) {
	if <-c.ready; c.err != nil {
		return 0, c.err
	}
	return c.Conn.Write(b)
}

// Close waits for the connection.
func (c *awaited) Close() error {
	if <-c.ready; c.err != nil {
		return c.err
	}
	return c.Conn.Close()
}

// cmdHangUp closes a connection.
func cmdHangUp(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 1, "hangup NAME")
	ts.Check(ts.Value(connectionsKey{}).(connections)[args[0]].Close())
}

// cmdSend sends bytes, spaces in them not counting, and prints the answer in hexadecimal digits: as many bytes as -n says, or up
// to the end of the connection with -eof, or else what the size in the header of a TPM's response says. An address that is the
// name of a connection uses that one, else there is a connection for this message alone. With ! there must be no answer.
func cmdSend(ts *testscript.TestScript, neg bool, args []string) {
	n := -1
	switch {
	case len(args) > 0 && args[0] == "-eof":
		n, args = 0, args[1:]
	case len(args) > 1 && args[0] == "-n":
		var err error
		n, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	usage(ts, false, len(args) < 2, "[!] send [-eof|-n BYTES] NAME|ADDRESS HEX...")
	msg, err := hex.DecodeString(strings.ReplaceAll(strings.Join(args[1:], ""), " ", ""))
	ts.Check(err)
	c, open := ts.Value(connectionsKey{}).(connections)[args[0]]
	if !open {
		c = dial(ts, args[0])
		defer c.Close()
	}
	_, err = c.Write(msg)
	var answer []byte
	if err == nil {
		answer, err = readAnswer(c, n)
	}
	if neg {
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			ts.Fatalf("answer %x, error %v", answer, err)
		}
		return
	}
	if err != nil {
		ts.Fatalf("answer %x, then %v", answer, err)
	}
	fmt.Fprintf(ts.Stdout(), "%x\n", answer)
}

// readAnswer reads n bytes, everything for 0, or a TPM's response for a negative n.
func readAnswer(r io.Reader, n int) ([]byte, error) {
	if n == 0 {
		return io.ReadAll(r)
	}
	b := make([]byte, max(n, 0)+10)
	if n > 0 {
		b = b[:n]
	}
	if m, err := io.ReadFull(r, b); err != nil || n > 0 {
		return b[:m], err
	}
	rest := make([]byte, min(max(int64(binary.BigEndian.Uint32(b[2:]))-10, 0), 1<<20))
	m, err := io.ReadFull(r, rest)
	return append(b, rest[:m]...), err
}

// cmdJSONCompare compares what two files mean. The first may be stdout.
func cmdJSONCompare(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) != 2, "jsoncmp FILE FILE")
	var values [2]any
	for i, name := range args {
		if err := json.Unmarshal([]byte(ts.ReadFile(name)), &values[i]); err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
	}
	if !reflect.DeepEqual(values[0], values[1]) {
		ts.Fatalf("%s: %v\n%s: %v", args[0], values[0], args[1], values[1])
	}
}

// cmdMode compares the access rights of files.
func cmdMode(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, len(args) < 2, "mode OCTAL FILE...")
	for _, name := range args[1:] {
		fi, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", fi.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s", name, got)
		}
	}
}

// cmdSize compares the size of a file.
func cmdSize(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, false, len(args) != 2, "[!] size BYTES FILE")
	fi, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if same := strconv.FormatInt(fi.Size(), 10) == args[0]; same == neg {
		ts.Fatalf("%s has %d bytes", args[1], fi.Size())
	}
}
