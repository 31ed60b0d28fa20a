//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// noFollow keeps the files that this program writes from being symbolic links.
const noFollow = unix.O_NOFOLLOW

// brokenPipes are the signals that end a program which writes to nobody.
func brokenPipes() []os.Signal { return []os.Signal{syscall.SIGPIPE} }

// readyVariable tells a process that it was put in the background, and the
// number of the pipe on which it says that it is ready.
const readyVariable = "SWTPM_READY_FD"

// lookupID finds the number of a user or group.
func lookupID(name string, group bool) (int, error) {
	if group {
		g, err := user.LookupGroup(name)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(g.Gid)
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Uid)
}

// pathOf finds the name of the file behind a descriptor, empty if the system
// does not tell.
func pathOf(fd int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil || !strings.HasPrefix(path, "/") {
		return ""
	}
	return path
}

// readOnly tells whether a descriptor was opened for reading only.
func readOnly(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDONLY
}

// dropPrivileges changes root directory and user.
func (r *process) dropPrivileges() error {
	o := r.options
	if o.has("chroot") {
		if err := errors.Join(unix.Chroot(o.given["chroot"]), os.Chdir("/")); err != nil {
			return fmt.Errorf("Error: Could not chroot to %s: %w", o.given["chroot"], err)
		}
	}
	if o.has("runas") {
		return runAs(o.given["runas"])
	}
	return nil
}

// becomeRoot gives a program that was started with the rights of root only, all
// of them.
func becomeRoot() error { return syscall.Setuid(0) }

// runAs becomes a user with all of their groups, or a bare number.
func runAs(name string) error {
	if id, err := strconv.ParseUint(name, 10, 31); err == nil {
		if err := errors.Join(syscall.Setgid(int(id)), syscall.Setuid(int(id))); err != nil {
			return fmt.Errorf("Error: Could not change to user %d: %w", id, err)
		}
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("Error: User '%s' does not exist.", name)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	ids, err3 := u.GroupIds()
	if errors.Is(err3, fs.ErrNotExist) { // a root directory that has users and no groups
		ids, err3 = nil, nil
	}
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("Error: Could not look up user '%s': %w", name, err)
	}
	groups := []int{gid}
	for _, s := range ids {
		if id, err := strconv.Atoi(s); err == nil && id != gid {
			groups = append(groups, id)
		}
	}
	if err := errors.Join(syscall.Setgroups(groups), syscall.Setgid(gid), syscall.Setuid(uid)); err != nil {
		return fmt.Errorf("Error: Could not change to user '%s': %w", name, err)
	}
	return nil
}

// background starts this program again, in a session of its own, and waits
// until it is ready or has ended. A Go program cannot fork: its threads would
// be lost. Descriptors that this program inherited, the child inherits under
// the same numbers, and none of them was read yet.
func (p *Program) background() int {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintf(p.Stderr, "swtpm: Could not find this program: %v\n", err)
		return 1
	}
	// Not close-on-exec: the child gets the pipe under its number, which is
	// one that the caller does not use.
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		fmt.Fprintf(p.Stderr, "swtpm: Could not make a pipe: %v\n", err)
		return 1
	}
	unix.CloseOnExec(fds[0])
	cmd := &exec.Cmd{
		Path: exe, Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Env:         append(os.Environ(), readyVariable+"="+strconv.Itoa(fds[1])),
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	unix.Close(fds[1])
	if err != nil {
		fmt.Fprintf(p.Stderr, "swtpm: Could not start in the background: %v\n", err)
		return 1
	}
	pipe := os.NewFile(uintptr(fds[0]), "readiness")
	defer pipe.Close()
	if n, _ := pipe.Read(make([]byte, 1)); n == 1 {
		return 0
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); err == nil || code > 0 {
		return code
	}
	return 1
}

// readiness returns what a background process calls when it is ready; nil in
// the foreground.
func (p *Program) readiness() func() {
	fd, err := strconv.Atoi(os.Getenv(readyVariable))
	if err != nil || fd < 3 {
		return nil
	}
	os.Unsetenv(readyVariable)
	unix.CloseOnExec(fd)
	pipe := os.NewFile(uintptr(fd), "readiness")
	return func() {
		if null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0); err == nil {
			_ = dup2(int(null.Fd()), 1)
			_ = dup2(int(null.Fd()), 2)
			null.Close()
		}
		pipe.Write([]byte{0})
		pipe.Close()
	}
}
