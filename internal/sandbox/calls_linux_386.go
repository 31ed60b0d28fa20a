package sandbox

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor (AUDIT_ARCH_…).
const auditArch = 0x40000003

// foreignCalls is where the numbers of another set of calls would begin: there is none.
const foreignCalls = 0

// mapCall is the call that maps memory.
const mapCall = unix.SYS_MMAP2

// archRules: here sockets are made by one call for everything that concerns them; the first four are socket, bind, connect
// and listen.
func archRules() []rule {
	return []rule{{call: unix.SYS_SOCKETCALL, errno: unix.EACCES, when: equals, arg: 0, values: []uint32{1, 2, 3, 4}}}
}

// archForbidden are system calls that not all processors have, most of them because they are old.
func archForbidden() []uint32 {
	return []uint32{
		unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_SYSFS, unix.SYS_MKNOD, unix.SYS_IOPL, unix.SYS_IOPERM,
		unix.SYS_CREATE_MODULE, unix.SYS_GET_KERNEL_SYMS, unix.SYS_QUERY_MODULE, unix.SYS_USELIB, unix.SYS_GETPMSG,
		unix.SYS_PUTPMSG, unix.SYS_AFS_SYSCALL, unix.SYS_VSERVER, unix.SYS_SIGNALFD, unix.SYS_INOTIFY_INIT, unix.SYS_USTAT,
		unix.SYS_MODIFY_LDT, unix.SYS_STIME, unix.SYS_IPC, unix.SYS_SETUID32, unix.SYS_SETGID32, unix.SYS_SETREUID32,
		unix.SYS_SETREGID32, unix.SYS_SETGROUPS32, unix.SYS_SETRESUID32, unix.SYS_SETRESGID32, unix.SYS_SETFSUID32,
		unix.SYS_SETFSGID32, unix.SYS_CLOCK_SETTIME64, unix.SYS_CLOCK_ADJTIME64, unix.SYS_VM86, unix.SYS_VM86OLD,
		unix.SYS__SYSCTL, unix.SYS_UMOUNT, unix.SYS_BDFLUSH, unix.SYS_SEMTIMEDOP_TIME64, unix.SYS_MQ_TIMEDSEND_TIME64,
		unix.SYS_MQ_TIMEDRECEIVE_TIME64, unix.SYS_IO_PGETEVENTS_TIME64, unix.SYS_MMAP,
	}
}
