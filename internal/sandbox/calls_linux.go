//go:build amd64 || arm64 || 386 || arm || riscv64

package sandbox

import (
	"slices"

	"golang.org/x/sys/unix"
)

// The filter forbids what is dangerous and lets everything else pass, as swtpm's does. A list of what is allowed would
// be narrower, but it would have to foresee what the runtime of the next Go release, or the next kernel's vDSO, calls, and
// a TPM that dies with the update of its compiler protects nobody. It differs from swtpm's list in three ways:
//
//   - What a Go program needs is out: tgkill, sigaltstack, eventfd and timers, the affinity of threads, prctl and clone as
//     such, and splice, by which package net copies.
//   - Such calls are forbidden in part instead: clone may make threads but no processes, signals may go to this process
//     alone, memory cannot become executable, and of prctl what weakens protection is gone.
//   - What came since, or would reach out, is in: new sockets, io_uring, bpf, the memory of other processes.
//
// Calls that the runtime or a library may try of their own accord, with another way to go when they fail, fail.

// forbidden are system calls of all processors that nothing in this program makes.
func forbidden() []uint32 {
	return []uint32{
		// Names, mounts, clock, modules, the machine as a whole.
		unix.SYS_CAPSET, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_ADJTIME,
		unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
		unix.SYS_MOUNT, unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_UMOUNT2, unix.SYS_OPEN_TREE, unix.SYS_SWAPON,
		unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_KEXEC_LOAD, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_KCMP,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
		unix.SYS_VHANGUP, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_PERSONALITY,
		// Other processes and their memory, and what looks into this one.
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
		unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_PERF_EVENT_OPEN, unix.SYS_BPF, unix.SYS_USERFAULTFD,
		// Communication by System V and POSIX queues.
		unix.SYS_SEMGET, unix.SYS_SEMCTL, unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SHMDT,
		unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL, unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,
		unix.SYS_MQ_TIMEDSEND, unix.SYS_MQ_TIMEDRECEIVE, unix.SYS_MQ_NOTIFY, unix.SYS_MQ_GETSETATTR,
		// Keys of the kernel, watching of files, devices, files by number.
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_INOTIFY_INIT1, unix.SYS_INOTIFY_ADD_WATCH,
		unix.SYS_INOTIFY_RM_WATCH, unix.SYS_FANOTIFY_INIT, unix.SYS_FANOTIFY_MARK, unix.SYS_MKNODAT,
		unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_LOOKUP_DCOOKIE,
		// Extended attributes.
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_GETXATTR, unix.SYS_LGETXATTR,
		unix.SYS_FGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_FLISTXATTR, unix.SYS_REMOVEXATTR,
		unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_SETXATTRAT, unix.SYS_GETXATTRAT, unix.SYS_LISTXATTRAT,
		unix.SYS_REMOVEXATTRAT,
		// New programs.
		unix.SYS_EXECVE, unix.SYS_EXECVEAT,
		// Who this process is.
		unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETPGID, unix.SYS_SETSID, unix.SYS_SETREUID, unix.SYS_SETREGID,
		unix.SYS_SETGROUPS, unix.SYS_SETRESUID, unix.SYS_SETRESGID, unix.SYS_SETFSUID, unix.SYS_SETFSGID,
		// Asynchronous input and output of old, priorities.
		unix.SYS_IO_SETUP, unix.SYS_IO_DESTROY, unix.SYS_IO_GETEVENTS, unix.SYS_IO_PGETEVENTS, unix.SYS_IO_SUBMIT,
		unix.SYS_IO_CANCEL, unix.SYS_IOPRIO_SET, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER,
		unix.SYS_SCHED_SETATTR, unix.SYS_SETPRIORITY, unix.SYS_VMSPLICE, unix.SYS_TEE, unix.SYS_NFSSERVCTL,
	}
}

// refused are system calls that fail.
func refused() []rule {
	var rules []rule
	add := func(errno unix.Errno, calls ...uint32) {
		for _, call := range calls {
			rules = append(rules, rule{call: call, errno: errno})
		}
	}
	// As if the kernel were older.
	add(unix.ENOSYS, unix.SYS_CLONE3, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_PIDFD_OPEN)
	add(unix.EPERM, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_SECCOMP, unix.SYS_SETRLIMIT, unix.SYS_CAPGET)
	// All there is to listen at is open, and there is nobody to call.
	add(unix.EACCES, unix.SYS_SOCKET, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_CONNECT)
	return rules
}

// weakening are options of prctl that take protection away, or give privileges.
var weakening = [...]uint32{
	unix.PR_SET_DUMPABLE, unix.PR_SET_PTRACER, unix.PR_SET_MM, unix.PR_SET_KEEPCAPS, unix.PR_SET_SECUREBITS, unix.PR_CAP_AMBIENT,
	unix.PR_SET_SPECULATION_CTRL, unix.PR_SET_CHILD_SUBREAPER,
}

// partly are system calls that are forbidden in some of their uses.
func partly(pid uint32) []rule {
	return []rule{
		{call: unix.SYS_CLONE, when: lacks, arg: 0, values: []uint32{unix.CLONE_THREAD}},
		{call: unix.SYS_KILL, errno: unix.EPERM, when: differs, arg: 0, values: []uint32{pid}},
		{call: unix.SYS_TGKILL, errno: unix.EPERM, when: differs, arg: 0, values: []uint32{pid}},
		{call: mapCall, errno: unix.EACCES, when: has, arg: 2, values: []uint32{unix.PROT_EXEC}},
		{call: unix.SYS_MPROTECT, errno: unix.EACCES, when: has, arg: 2, values: []uint32{unix.PROT_EXEC}},
		{call: unix.SYS_PKEY_MPROTECT, errno: unix.EACCES, when: has, arg: 2, values: []uint32{unix.PROT_EXEC}},
		{call: unix.SYS_PRCTL, errno: unix.EPERM, when: equals, arg: 0, values: weakening[:]},
		{call: unix.SYS_PRLIMIT64, errno: unix.EPERM, when: nonzero, arg: 2},
	}
}

// allRules are the rules of the filter for the process pid. Those for what is called often come first.
func allRules(pid uint32) []rule {
	rules := append(partly(pid), refused()...)
	rules = append(rules, archRules()...)
	for _, call := range slices.Concat(forbidden(), archForbidden()) {
		rules = append(rules, rule{call: call})
	}
	return rules
}
