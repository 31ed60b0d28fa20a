//go:build unix

package daemon

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"govtpm/control"
	"govtpm/control/controltest"
	"govtpm/internal/ioctltool"
	"govtpm/internal/require"
)

// proc is the program as a process.
type proc struct {
	t    *testing.T
	dir  string
	cmd  *exec.Cmd
	errs bytes.Buffer
	done chan error
}

func start(t *testing.T, files []*os.File, args ...string) *proc {
	t.Helper()
	return startAs(t, "fake", files, args...)
}

// startAs starts the program with the fake engine or the real one.
func startAs(t *testing.T, engine string, files []*os.File, args ...string) *proc {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &proc{t: t, dir: t.TempDir(), done: make(chan error, 1)}
	p.cmd = exec.Command(exe, append([]string{"socket", "--tpm2", "--tpmstate", "dir=" + p.dir}, p.place(args)...)...)
	p.cmd.Env = append(os.Environ(), actVariable+"="+engine)
	p.cmd.Stderr, p.cmd.ExtraFiles = &p.errs, files
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// place puts the test's directory into arguments.
func (p *proc) place(args []string) []string {
	var out []string
	for _, a := range args {
		out = append(out, strings.ReplaceAll(a, "DIR", p.dir))
	}
	return out
}

// ends waits for the process to end with a status.
func (p *proc) ends(status int) {
	p.t.Helper()
	select {
	case <-p.done:
		if got := p.cmd.ProcessState.ExitCode(); got != status {
			p.t.Errorf("exit status %d, want %d; %s", got, status, p.errs.String())
		}
	case <-time.After(10 * time.Second):
		p.t.Fatalf("the process does not end; %s", p.errs.String())
	}
}

func (p *proc) lives() {
	p.t.Helper()
	select {
	case <-p.done:
		p.t.Fatalf("the process ended; %s", p.errs.String())
	case <-time.After(50 * time.Millisecond):
	}
}

func (p *proc) dial(name string) net.Conn {
	p.t.Helper()
	for range 500 {
		if conn, err := net.Dial("unix", filepath.Join(p.dir, name)); err == nil {
			p.t.Cleanup(func() { conn.Close() })
			return conn
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("no socket; %s", p.errs.String())
	return nil
}

func ask(t *testing.T, conn io.ReadWriter, cmd, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := conn.Write(cmd); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%x, %v; want %x", got, err, want)
	}
}

func call(t *testing.T, c *control.Client, req control.Request) {
	t.Helper()
	if _, err := c.Call(req); err != nil {
		t.Fatal(err)
	}
}

const ctrlArg = "type=unixio,path=DIR/ctrl,mode=0600"

func TestShutdownEndsProcess(t *testing.T) {
	p := start(t, nil, "--ctrl", ctrlArg, "--pid", "file=DIR/pid", "--log", "file=DIR/log,level=2,prefix=p ")
	c := control.NewClient(p.dial("ctrl"))
	call(t, c, control.GetConfig{})
	pid, err := os.ReadFile(filepath.Join(p.dir, "pid"))
	if err != nil || string(pid) != strconv.Itoa(p.cmd.Process.Pid) {
		t.Errorf("pid file %q, %v", pid, err)
	}
	call(t, c, control.Init{})
	call(t, c, control.Shutdown{})
	p.ends(0)
	for _, name := range []string{"pid", "ctrl"} {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
			t.Errorf("%s was left behind", name)
		}
	}
	log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	if want := "p  Ctrl Cmd: length 8\np  00 00 00 02 00 00 00 00 \np  Ctrl Rsp: length 4\np  00 00 00 00 \n"; !strings.Contains(string(log), want) {
		t.Errorf("log %q", log)
	}
}

func TestSignalsEndProcess(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := start(t, nil, "--ctrl", ctrlArg, "--server", "type=unixio,path=DIR/data", "--flags", "startup-clear")
		p.dial("ctrl")
		data := p.dial("data")
		ask(t, data, controltest.Echo(), controltest.EchoResponse(0))
		// A client that goes at the same moment does not get in the way.
		data.Close()
		p.cmd.Process.Signal(sig)
		p.ends(0)
	}
}

// The table of 3.6 in words: which loss ends the process.
func TestClientLoss(t *testing.T) {
	rows := []struct {
		name           string
		args           []string
		ctrl, data     bool // does the loss of that client end the process
		reconnectCtrl  bool
		reconnectsData bool
	}{
		{"default", []string{"--ctrl", ctrlArg}, false, false, true, true},
		{"--terminate", []string{"--ctrl", ctrlArg, "--terminate"}, false, true, true, false},
		{"ctrl terminate", []string{"--ctrl", ctrlArg + ",terminate"}, true, false, false, true},
	}
	for _, row := range rows {
		for _, which := range []string{"ctrl", "data"} {
			t.Run(row.name+"/"+which, func(t *testing.T) {
				p := start(t, nil, append(row.args, "--server", "type=unixio,path=DIR/data")...)
				ctrl, data := p.dial("ctrl"), p.dial("data")
				call(t, control.NewClient(ctrl), control.Init{})
				call(t, control.NewClient(ctrl), control.SetLocality{Locality: 2})
				ask(t, data, controltest.Echo(), controltest.EchoResponse(2))
				lost, ends := ctrl, row.ctrl
				if which == "data" {
					lost, ends = data, row.data
				}
				lost.Close()
				if ends {
					p.ends(0)
					return
				}
				p.lives()
				// State and locality are as they were.
				if which == "data" {
					ask(t, p.dial("data"), controltest.Echo(), controltest.EchoResponse(2))
				} else {
					call(t, control.NewClient(p.dial("ctrl")), control.GetTPMEstablished{})
				}
			})
		}
	}
}

// socketPair returns two connected descriptors.
func socketPair(t *testing.T) (ours net.Conn, theirs *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	a, b := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer a.Close()
	conn, err := net.FileConn(a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, b
}

// As the tool that makes a TPM's first state does it: both channels are
// descriptors, and the data channel is announced as tcp.
func TestInheritedConnections(t *testing.T) {
	ctrl, ctrlFile := socketPair(t)
	data, dataFile := socketPair(t)
	p := start(t, []*os.File{ctrlFile, dataFile}, "--flags", "not-need-init,startup-clear", "--server", "type=tcp,fd=4", "--ctrl", "type=unixio,clientfd=3")
	ctrlFile.Close()
	dataFile.Close()
	ask(t, data, controltest.Echo(1), controltest.EchoResponse(0, 1))
	c := control.NewClient(ctrl)
	call(t, c, control.GetTPMEstablished{})
	if err := c.SetDataFD(os.Stdin); err == nil {
		t.Error("a second data channel was taken")
	}
	data.Close()
	p.ends(0)
}

func TestFD(t *testing.T) {
	data, file := socketPair(t)
	p := start(t, []*os.File{file}, "--flags", "not-need-init", "--fd", "3", "--log", "file=-")
	file.Close()
	ask(t, data, controltest.Echo(1), controltest.EchoResponse(0, 1))
	data.Close()
	p.ends(0)
}

func TestSetDataFD(t *testing.T) {
	for _, terminate := range []bool{false, true} {
		args := []string{"--ctrl", ctrlArg}
		if terminate {
			args = append(args, "--terminate")
		}
		p := start(t, nil, args...)
		c := control.NewClient(p.dial("ctrl"))
		for range 2 {
			data, file := socketPair(t)
			if err := c.SetDataFD(file); err != nil {
				t.Fatal(err)
			}
			file.Close()
			ask(t, data, controltest.Command(0x181), controltest.Response(0x101))
			data.Close()
			if terminate {
				p.ends(0)
				break
			}
			p.lives()
		}
	}
}

// The process may not be ended by a client that is gone before its response.
func TestShutdownOfClientThatIsGone(t *testing.T) {
	p := start(t, nil, "--ctrl", ctrlArg)
	conn := p.dial("ctrl")
	conn.Write(control.AppendRequest(nil, control.Shutdown{}))
	conn.Close()
	p.ends(0)
}

func TestDaemon(t *testing.T) {
	p := start(t, nil, "--daemon", "--ctrl", ctrlArg, "--pid", "file=DIR/pid", "--flags", "startup-clear")
	p.ends(0)
	// Everything is there when the parent has ended.
	text, err := os.ReadFile(filepath.Join(p.dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", filepath.Join(p.dir, "ctrl"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pid, err := strconv.Atoi(string(text))
	if err != nil || pid == p.cmd.Process.Pid {
		t.Fatalf("pid file %q", text)
	}
	c := control.NewClient(conn)
	call(t, c, control.GetTPMEstablished{})
	if sid, err := unix.Getsid(pid); err != nil || sid != pid {
		t.Errorf("session %d, %v", sid, err)
	}
	call(t, c, control.Shutdown{})
	for range 500 {
		if _, err := os.Stat(filepath.Join(p.dir, "pid")); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the pid file stays")
}

func TestDaemonKeepsDescriptors(t *testing.T) {
	data, file := socketPair(t)
	p := start(t, []*os.File{file}, "--daemon", "--flags", "startup-clear", "--server", "type=tcp,fd=3", "--pid", "file=DIR/pid")
	file.Close()
	p.ends(0)
	ask(t, data, controltest.Echo(1), controltest.EchoResponse(0, 1))
	data.Close()
}

func TestDaemonFails(t *testing.T) {
	p := start(t, nil, "-d", "--ctrl", "type=unixio,path=DIR/none/ctrl")
	p.ends(1)
	if !strings.Contains(p.errs.String(), "Could not open UnixIO socket") {
		t.Errorf("stderr %q", p.errs.String())
	}
}

func TestSystemdNotification(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	start(t, nil, "--ctrl", ctrlArg)
	b := make([]byte, 100)
	l.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := l.Read(b); string(b[:n]) != "READY=1" {
		t.Errorf("%q, %v", b[:n], err)
	}
}

// tool runs swtpm_ioctl: ours, or another.
type tool func(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string)

func ourTool(_ *testing.T, stdin string, args ...string) (int, string, string) {
	var out, errs bytes.Buffer
	status := ioctltool.Main(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func theirTool(t *testing.T, stdin string, args ...string) (int, string, string) {
	path := require.Program(t, "swtpm_ioctl")
	var out, errs bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// toolRows are calls of the tool and what they print. The capabilities differ
// between the servers, and so do the sizes.
func toolRows(dir, caps string) []struct{ args, stdin, stdout, stderr string } {
	return []struct{ args, stdin, stdout, stderr string }{
		{"-c", "", "ptm capability is " + caps + "\n", ""},
		{"-e", "", "", "TPM result from PTM_GET_TPMESTABLISHED: 0xa\n"},
		{"--stop", "", "", ""},
		{"-i", "", "", ""},
		{"-e", "", "tpmEstablished is 0\n", ""},
		{"-h 1234", "", "", ""},
		{"-h -", strings.Repeat("data", 3000), "", ""},
		{"-e", "", "tpmEstablished is 1\n", ""},
		{"-r 2", "", "", "TPM result from PTM_RESET_TPMESTABLISHED: 0x3d\n"},
		{"-r 3", "", "", ""},
		{"-e", "", "tpmEstablished is 0\n", ""},
		{"-l 4", "", "", ""},
		{"-l 5", "", "", "Locality outside valid range of [0..4].\n"},
		{"-l 0", "", "", ""},
		{"-C", "", "", ""},
		{"-g", "", "ptm configuration flags: 0x0\n", ""},
		{"-b 2000", "", "", "TPM result from PTM_SET_BUFFERSIZE: 0xa\n"},
		{"--info 0", "", "{}\n", ""},
		{"-v", "", "", ""},
		{"--save volatile " + dir + "/vol", "", "", ""},
		{"--save savestate " + dir + "/save", "", "", ""},
		{"--load volatile " + dir + "/vol", "", "", "TPM result from PTM_SET_STATEBLOB: 0xa\n"},
		{"--stop", "", "", ""},
		{"--load savestate " + dir + "/save", "", "", ""},
		{"-c -i", "", "", "Only one command may be given.\n"},
		{"-s", "", "", ""},
	}
}

// withoutWords leaves the number of a result; what our tool says about it in words is its own.
func withoutWords(text string) string {
	number, _, _ := strings.Cut(text, " (TPM_")
	return strings.TrimSpace(number)
}

func runTool(t *testing.T, run tool, target []string, dir, caps string) {
	for _, row := range toolRows(dir, caps) {
		args := append(append([]string{}, target...), strings.Fields(row.args)...)
		status, stdout, stderr := run(t, row.stdin, args...)
		want := 0
		if row.stderr != "" {
			want = 1
		}
		if status != want || stdout != row.stdout || withoutWords(stderr) != withoutWords(row.stderr) {
			t.Errorf("%s: %d, %q, %q; want %q, %q", row.args, status, stdout, stderr, row.stdout, row.stderr)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// waitTCP waits for a server without using up its only client.
func waitTCP(t *testing.T, port string) {
	t.Helper()
	for range 500 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no server")
}

func TestToolsOnUnixSocket(t *testing.T) {
	for name, run := range map[string]tool{"ours": ourTool, "theirs": theirTool} {
		t.Run(name, func(t *testing.T) {
			p := start(t, nil, "--ctrl", ctrlArg)
			p.dial("ctrl").Close()
			runTool(t, run, []string{"--unix", filepath.Join(p.dir, "ctrl")}, p.dir, "0x1ffff")
			p.ends(0)
		})
	}
}

func TestToolsOnTCP(t *testing.T) {
	for name, run := range map[string]tool{"ours": ourTool, "theirs": theirTool} {
		t.Run(name, func(t *testing.T) {
			port := freePort(t)
			p := start(t, nil, "--ctrl", "type=tcp,port="+port)
			waitTCP(t, port)
			runTool(t, run, []string{"--tcp", "127.0.0.1:" + port}, p.dir, "0x1ffff")
			p.ends(0)
		})
	}
}

// The tool also works on the program that ours takes the place of.
func TestOurToolOnTheirServer(t *testing.T) {
	path := require.Program(t, "swtpm")
	p := &proc{t: t, dir: t.TempDir(), done: make(chan error, 1)}
	p.cmd = exec.Command(path, p.place([]string{"socket", "--tpm2", "--tpmstate", "dir=DIR", "--ctrl", ctrlArg})...)
	p.cmd.Stderr = &p.errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { p.cmd.Process.Kill() })
	p.dial("ctrl").Close()
	// Release 0.7 knows no LOCK_STORAGE.
	_, caps, _ := ourTool(t, "", "--unix", filepath.Join(p.dir, "ctrl"), "-c")
	runTool(t, ourTool, []string{"--unix", filepath.Join(p.dir, "ctrl")}, p.dir, strings.TrimSpace(strings.TrimPrefix(caps, "ptm capability is ")))
	p.ends(0)
}

func TestCapture(t *testing.T) {
	p := start(t, nil, "--pcap", "file=DIR/pcap,mode=0600", "--server", "type=unixio,path=DIR/data", "--flags", "startup-clear", "-t")
	data := p.dial("data")
	ask(t, data, controltest.Echo(1, 2, 3), controltest.EchoResponse(0, 1, 2, 3))
	data.Close()
	p.ends(0)
	b, err := os.ReadFile(filepath.Join(p.dir, "pcap"))
	st, _ := os.Stat(filepath.Join(p.dir, "pcap"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatal(err, st)
	}
	for _, msg := range [][]byte{controltest.Command(0x144, 0, 0), controltest.Echo(1, 2, 3), controltest.EchoResponse(0, 1, 2, 3)} {
		if !bytes.Contains(b, msg) {
			t.Errorf("%x was not recorded", msg)
		}
	}
}

// freePorts finds a free port whose neighbour is free as well, below those that systems give to clients.
func freePorts(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := 10000 + 2*rand.IntN(10000)
		first, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		second, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+1)))
		first.Close()
		if err == nil {
			second.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no two neighbouring ports are free")
	return ""
}

func TestSimulatorPorts(t *testing.T) {
	port := freePorts(t)
	n, _ := strconv.Atoi(port)
	taken, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(n+1))
	if err != nil {
		t.Skip(err)
	}
	p := start(t, nil, "--server", "type=mssim,port="+port)
	p.ends(1)
	taken.Close()
	for _, bad := range []string{"0", "65535", "-1"} {
		start(t, nil, "--server", "type=mssim,port="+bad).ends(1)
	}
	p = start(t, nil, "--server", "type=mssim,port="+port, "--terminate")
	waitTCP(t, strconv.Itoa(n+1))
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask(t, conn, []byte("\x00\x00\x00\x0f\x00\x00\x00\x01"), []byte("\x00\x00\x00\x01\x00\x00\x00\x0d\x00\x00\x00\x00"))
	conn.Close()
	p.ends(0)
}

// A state that was saved before stays when it cannot be saved again.
func TestSaveThatFailsKeepsTheFile(t *testing.T) {
	p := start(t, nil, "--ctrl", ctrlArg)
	p.dial("ctrl").Close()
	name := filepath.Join(p.dir, "saved")
	if err := os.WriteFile(name, []byte("saved before"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs := ourTool(t, "", "--unix", filepath.Join(p.dir, "ctrl"), "--save", "permanent", name)
	if got, err := os.ReadFile(name); status != 1 || string(got) != "saved before" {
		t.Errorf("%d %s; the file holds %q, %v", status, errs, got, err)
	}
}
