package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A fence cannot be taken down, so each test is a process of its own: this binary, when the variable holds an order.
const orderVariable = "SANDBOX_TEST_ORDER"

// order is what the process is to do: put up the fences, and then act.
type order struct {
	Config Config
	Act    string
	Dir    string
}

func TestMain(m *testing.M) {
	text := os.Getenv(orderVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	os.Exit(o.obey())
}

// obey prints what came of the act.
func (o order) obey() int {
	if strings.HasPrefix(o.Act, "memory") {
		if err := HideMemory(); err != nil {
			fmt.Print(err)
			return 1
		}
	}
	act, ok := acts()[o.Act]
	if !ok {
		fmt.Print("no act ", o.Act)
		return 1
	}
	// Threads that exist before the fence is up.
	var ready, leave sync.WaitGroup
	leave.Add(1)
	for range 4 {
		ready.Add(1)
		go func() {
			runtime.LockOSThread()
			ready.Done()
			leave.Wait()
		}()
	}
	ready.Wait()
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	r := Apply(o.Config)
	if r.Filter != nil || r.Files != nil {
		fmt.Print("report ", r.Filter, r.Files)
		return 1
	}
	err := act(o.Dir, listener)
	leave.Done()
	var errno syscall.Errno
	switch {
	case err == nil:
		fmt.Print("done")
	case errors.As(err, &errno):
		fmt.Print(unix.ErrnoName(errno))
	default:
		fmt.Print(err)
	}
	return 0
}

// syscallAct is an act of one system call.
func syscallAct(nr uintptr, args ...uintptr) func(string, net.Listener) error {
	return func(string, net.Listener) error {
		a := append(args, make([]uintptr, 6)...)
		if _, _, errno := syscall.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
			return errno
		}
		return nil
	}
}

func fileAct(do func(dir string) error) func(string, net.Listener) error {
	return func(dir string, _ net.Listener) error { return do(dir) }
}

func acts() map[string]func(string, net.Listener) error {
	return map[string]func(string, net.Listener) error{
		"nothing":       fileAct(func(string) error { return nil }),
		"memory":        fileAct(memoryAct),
		"wait":          fileAct(waitAct),
		"live":          liveAct,
		"execve":        fileAct(func(string) error { return syscall.Exec("/bin/true", []string{"true"}, nil) }),
		"command":       fileAct(func(string) error { return exec.Command("/bin/true").Run() }),
		"execveat":      syscallAct(unix.SYS_EXECVEAT),
		"ptrace":        syscallAct(unix.SYS_PTRACE, uintptr(unix.PTRACE_TRACEME)),
		"attach":        syscallAct(unix.SYS_PTRACE, uintptr(unix.PTRACE_ATTACH), uintptr(os.Getppid())),
		"read memory":   syscallAct(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid())),
		"setuid":        syscallAct(unix.SYS_SETUID, 0),
		"mount":         syscallAct(unix.SYS_MOUNT),
		"unshare":       syscallAct(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"init_module":   syscallAct(unix.SYS_INIT_MODULE),
		"bpf":           syscallAct(unix.SYS_BPF),
		"keyctl":        syscallAct(unix.SYS_KEYCTL),
		"fork":          syscallAct(unix.SYS_CLONE, uintptr(unix.SIGCHLD)),
		"clone3":        syscallAct(unix.SYS_CLONE3),
		"io_uring":      syscallAct(unix.SYS_IO_URING_SETUP),
		"signal parent": syscallAct(unix.SYS_KILL, uintptr(os.Getppid()), 0),
		"signal thread": syscallAct(unix.SYS_TGKILL, uintptr(os.Getppid()), uintptr(os.Getppid()), 0),
		"signal self":   syscallAct(unix.SYS_KILL, uintptr(os.Getpid()), 0),
		"core dumps":    syscallAct(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1),
		"socket":        fileAct(func(string) error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err }),
		"dial":          func(_ string, l net.Listener) error { _, err := net.Dial("tcp", l.Addr().String()); return err },
		"new code": fileAct(func(string) error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
			return err
		}),
		"make code": fileAct(func(string) error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
			return errors.Join(err, unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC))
		}),
		"no limits": fileAct(func(string) error { return unix.Prlimit(0, unix.RLIMIT_CORE, &unix.Rlimit{}, nil) }),
		"limits":    fileAct(func(string) error { return unix.Prlimit(0, unix.RLIMIT_CORE, nil, &unix.Rlimit{}) }),

		"work": fileAct(func(dir string) error {
			name := filepath.Join(dir, "work", "file")
			return errors.Join(os.WriteFile(name+"0", []byte("x"), 0o600), os.Rename(name+"0", name), os.WriteFile(name, nil, 0o600), os.Remove(name))
		}),
		"list work":     fileAct(func(dir string) error { _, err := os.ReadDir(filepath.Join(dir, "work")); return err }),
		"link":          fileAct(func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "work", "link")) }),
		"remove":        fileAct(func(dir string) error { return os.Remove(filepath.Join(dir, "pid", "file")) }),
		"make":          fileAct(func(dir string) error { return os.WriteFile(filepath.Join(dir, "pid", "other"), nil, 0o600) }),
		"read pid":      fileAct(func(dir string) error { _, err := os.ReadFile(filepath.Join(dir, "pid", "file")); return err }),
		"read outside":  fileAct(func(string) error { _, err := os.ReadFile("/etc/passwd"); return err }),
		"list outside":  fileAct(func(string) error { _, err := os.ReadDir("/"); return err }),
		"write outside": fileAct(func(dir string) error { return os.WriteFile(filepath.Join(dir, "x"), nil, 0o600) }),
		"move out": fileAct(func(dir string) error {
			return os.Rename(filepath.Join(dir, "pid", "file"), filepath.Join(dir, "work", "f"))
		}),
		"single": fileAct(func(dir string) error { return os.WriteFile(filepath.Join(dir, "single"), []byte("y"), 0o600) }),
		"null":   fileAct(func(string) error { return os.WriteFile(os.DevNull, []byte("y"), 0) }),
	}
}

// memoryAct tries what HideMemory is to prevent.
func memoryAct(string) error {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	var limit unix.Rlimit
	if err := errors.Join(err, unix.Getrlimit(unix.RLIMIT_CORE, &limit)); err != nil {
		return err
	}
	if dumpable != 0 || limit != (unix.Rlimit{}) {
		return fmt.Errorf("dumpable %d, limit %v", dumpable, limit)
	}
	return nil
}

// waitAct leaves the process to be looked at.
func waitAct(string) error {
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// liveAct is what a server lives on: threads, timers, collections of garbage, connections, random numbers.
func liveAct(dir string, l net.Listener) error {
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			runtime.LockOSThread() // never undone: the thread ends with the goroutine
			b := make([]byte, 1<<20)
			unix.Getrandom(b[:16], 0)
			for j := range b {
				b[j] ^= byte(i)
			}
			time.Sleep(time.Millisecond)
			runtime.GC()
		})
	}
	spin := time.Now().Add(30 * time.Millisecond)
	for time.Now().Before(spin) { // preempted by signals
	}
	all.Wait()
	fmt.Println(l.Addr())
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, err = io.Copy(conn, conn)
	return err
}

// fences are the fences of the tests, around a directory.
func fences(dir string, filter Action) Config {
	return Config{Filter: filter, Files: &Files{
		Work: []string{filepath.Join(dir, "work")}, Remove: []string{filepath.Join(dir, "pid")},
		Write: []string{filepath.Join(dir, "single"), os.DevNull, filepath.Join(dir, "not there")},
	}}
}

// place makes what the acts act on.
func place(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"work", "pid"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pid/file", "single"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func command(t *testing.T, o order) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	return cmd
}

// run gives what came of an act: what the process printed, or the signal that killed it.
func run(t *testing.T, o order) string {
	t.Helper()
	out, err := command(t, o).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return status.Signal().String()
		}
	}
	return string(bytes.TrimSpace(out))
}

// hasLandlock tells whether the kernel has Landlock and this is no program with C code.
func hasLandlock(t *testing.T) bool {
	t.Helper()
	return run(t, order{Config: Config{Files: &Files{}}, Act: "nothing"}) == "done"
}

func needLandlock(t *testing.T) {
	t.Helper()
	if !hasLandlock(t) {
		t.Skip("no Landlock")
	}
}

func needFilter(t *testing.T) {
	t.Helper()
	if out := run(t, order{Config: Config{Filter: Kill}, Act: "nothing"}); out != "done" {
		t.Skip(out)
	}
}

const killed = "bad system call"

func TestFilter(t *testing.T) {
	needFilter(t)
	for act, want := range map[string]string{
		"execve": killed, "command": killed, "execveat": killed, "ptrace": killed, "attach": killed, "read memory": killed,
		"setuid": killed, "mount": killed, "unshare": killed, "init_module": killed, "bpf": killed, "keyctl": killed, "fork": killed,
		"clone3": "ENOSYS", "io_uring": "ENOSYS", "signal parent": "EPERM", "signal thread": "EPERM", "signal self": "done",
		"core dumps": "EPERM", "socket": "EACCES", "dial": "EACCES", "new code": "EACCES", "make code": "EACCES",
		"no limits": "EPERM", "limits": "done", "work": "done", "read outside": "done",
	} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			if got := run(t, order{Config{Filter: Kill}, act, place(t)}); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// What Log lets pass has the effect that it has without a filter.
func TestFilterLogs(t *testing.T) {
	needFilter(t)
	for _, act := range []string{"socket", "dial", "make code", "core dumps", "execve", "clone3", "keyctl", "signal parent"} {
		free, logged := run(t, order{Act: act}), run(t, order{Config: Config{Filter: Log}, Act: act})
		if free != logged {
			t.Errorf("%s: %s, without filter %s", act, logged, free)
		}
	}
}

func TestFiles(t *testing.T) {
	needLandlock(t)
	for act, want := range map[string]string{
		"work": "done", "list work": "done", "link": "EACCES", "remove": "done", "make": "EACCES", "read pid": "EACCES",
		"read outside": "EACCES", "list outside": "EACCES", "write outside": "EACCES", "single": "done", "null": "done",
		"dial": "EACCES", "command": "EACCES",
	} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			dir := place(t)
			if got := run(t, order{fences(dir, None), act, dir}); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
	dir := place(t)
	if got := run(t, order{fences(dir, None), "move out", dir}); got != "EACCES" && got != "EXDEV" {
		t.Errorf("move out: %s", got)
	}
}

// A server lives on behind all fences.
func TestLife(t *testing.T) {
	needFilter(t)
	dir := place(t)
	o := order{fences(dir, Kill), "live", dir}
	if !hasLandlock(t) {
		o.Config.Files = nil
	}
	cmd := command(t, o)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addr string
	fmt.Fscanln(out, &addr)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err, said.String())
	}
	conn.Write([]byte("hello"))
	conn.(*net.TCPConn).CloseWrite()
	if b, err := io.ReadAll(conn); string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	rest, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil || string(rest) != "done" {
		t.Errorf("%v, %s, %s", err, rest, said.String())
	}
}

// Every thread is fenced, those that were there before and those that came later.
func TestAllThreads(t *testing.T) {
	needFilter(t)
	cmd := command(t, order{Config{Filter: Kill}, "wait", ""})
	in, _ := cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	fmt.Fscanln(out, new(string))
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
	if err != nil || len(tasks) < 5 {
		t.Fatal(tasks, err)
	}
	for _, name := range tasks {
		status, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for _, line := range []string{"\nNoNewPrivs:\t1\n", "\nSeccomp:\t2\n"} {
			if !strings.Contains(string(status), line) {
				t.Errorf("%s: no %q", name, line)
			}
		}
	}
}

func TestHideMemory(t *testing.T) {
	if got := run(t, order{Act: "memory"}); got != "done" {
		t.Error(got)
	}
}

// The filter is one that the kernel can take, for whatever processor this is built.
func TestProgram(t *testing.T) {
	if auditArch == 0 {
		t.Skip("no filter for this processor")
	}
	kill, refuse := verdicts(Kill)
	code := program(allRules(1), kill, refuse)
	if len(code) > 4096 {
		t.Errorf("%d instructions", len(code))
	}
	for i, op := range code {
		if op.Code&7 == unix.BPF_JMP && i+1+int(max(op.Jt, op.Jf)) >= len(code) {
			t.Errorf("instruction %d jumps out", i)
		}
	}
	seen := make(map[uint32]bool)
	for _, r := range allRules(1) {
		if seen[r.call] {
			t.Errorf("two rules for call %d", r.call)
		}
		seen[r.call] = true
	}
}
