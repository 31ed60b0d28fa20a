package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data. All processors that there is a filter for are little-endian.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
)

// condition says when an argument of a call makes the call forbidden.
type condition uint8

const (
	always  condition = iota
	equals            // its lower half is one of the values
	differs           // its lower half is not the value
	has               // its lower half has a bit of the value
	lacks             // its lower half has no bit of the value
	nonzero           // all of it
)

// A rule forbids a system call, or some uses of it.
type rule struct {
	call   uint32
	errno  unix.Errno // what the caller gets; 0: it is killed
	when   condition
	arg    uint32
	values []uint32
}

// assembler builds a program for the kernel's packet filter, of which each part ends in a verdict or falls through.
type assembler struct{ code []unix.SockFilter }

func (a *assembler) op(code uint16, k uint32) {
	a.code = append(a.code, unix.SockFilter{Code: code, K: k})
}

func (a *assembler) load(offset uint32) { a.op(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset) }
func (a *assembler) verdict(v uint32)   { a.op(unix.BPF_RET|unix.BPF_K, v) }
func (a *assembler) jump(test uint16, k uint32, yes, no uint8) {
	a.code = append(a.code, unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: yes, Jf: no})
}

// program is the filter: whatever no rule speaks of passes.
func program(rules []rule, kill, refuse func(unix.Errno) uint32) []unix.SockFilter {
	var a assembler
	a.load(dataArch)
	a.jump(unix.BPF_JEQ, auditArch, 1, 0)
	a.verdict(kill(0)) // the numbers below would mean something else
	a.load(dataNumber)
	if foreignCalls != 0 {
		a.jump(unix.BPF_JGE, foreignCalls, 0, 1)
		a.verdict(kill(0))
	}
	for _, r := range rules {
		v := kill(0)
		if r.errno != 0 {
			v = refuse(r.errno)
		}
		a.rule(r, v)
	}
	a.verdict(unix.SECCOMP_RET_ALLOW)
	return a.code
}

// rule adds a rule. It finds the number of the call loaded, and leaves it so.
func (a *assembler) rule(r rule, v uint32) {
	var body assembler
	low := dataArg0 + 8*r.arg
	if r.when != always {
		body.load(low)
	}
	switch r.when {
	case equals:
		for _, value := range r.values {
			body.jump(unix.BPF_JEQ, value, 0, 1)
			body.verdict(v)
		}
		body.verdict(unix.SECCOMP_RET_ALLOW)
	case differs, lacks:
		test := uint16(unix.BPF_JEQ)
		if r.when == lacks {
			test = unix.BPF_JSET
		}
		body.jump(test, r.values[0], 0, 1)
		body.verdict(unix.SECCOMP_RET_ALLOW)
	case has:
		body.jump(unix.BPF_JSET, r.values[0], 1, 0)
		body.verdict(unix.SECCOMP_RET_ALLOW)
	case nonzero:
		body.jump(unix.BPF_JEQ, 0, 0, 2)
		body.load(low + 4)
		body.jump(unix.BPF_JEQ, 0, 1, 0)
		body.verdict(v)
		body.verdict(unix.SECCOMP_RET_ALLOW)
	}
	if r.when != equals && r.when != nonzero {
		body.verdict(v)
	}
	a.jump(unix.BPF_JEQ, r.call, 0, uint8(len(body.code)))
	a.code = append(a.code, body.code...)
}

// installFilter puts the filter up for all threads.
func installFilter(action Action) error {
	if auditArch == 0 {
		return fmt.Errorf("filter of system calls on %s: %w", runtime.GOARCH, ErrUnsupported)
	}
	kill, refuse := verdicts(action)
	code := program(allRules(uint32(os.Getpid())), kill, refuse)
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	// The thread that asks has to have the bit, and gives it to the others.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	id, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(code)
	switch {
	case errno != 0:
		return fmt.Errorf("filter of system calls: %w", errno)
	case id != 0:
		return fmt.Errorf("filter of system calls: thread %d has one of its own", id)
	}
	return nil
}

// verdicts are what the kernel is told to do with calls that are forbidden, and those that fail.
func verdicts(action Action) (kill, refuse func(unix.Errno) uint32) {
	if action == Log {
		pass := func(unix.Errno) uint32 { return unix.SECCOMP_RET_LOG }
		return pass, pass
	}
	last := uint32(unix.SECCOMP_RET_KILL_PROCESS)
	if !available(last) {
		// Before Linux 4.14 only a thread could be killed, which would leave the others waiting for it. This signals.
		last = unix.SECCOMP_RET_TRAP
	}
	return func(unix.Errno) uint32 { return last }, func(e unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }
}

func available(action uint32) bool {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0
}
