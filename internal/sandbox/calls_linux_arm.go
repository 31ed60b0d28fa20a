package sandbox

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor (AUDIT_ARCH_…).
const auditArch = 0x40000028

// foreignCalls is where the numbers of another set of calls would begin: there is none.
const foreignCalls = 0

// mapCall is the call that maps memory.
const mapCall = unix.SYS_MMAP2

func archRules() []rule { return nil }

// archForbidden are system calls that not all processors have, most of them because they are old.
func archForbidden() []uint32 {
	return []uint32{
		unix.SYS_KEXEC_FILE_LOAD, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_SYSFS,
		unix.SYS_MKNOD, unix.SYS_USELIB, unix.SYS_VSERVER, unix.SYS_SIGNALFD, unix.SYS_INOTIFY_INIT, unix.SYS_USTAT,
		unix.SYS_SETUID32, unix.SYS_SETGID32, unix.SYS_SETREUID32, unix.SYS_SETREGID32, unix.SYS_SETGROUPS32,
		unix.SYS_SETRESUID32, unix.SYS_SETRESGID32, unix.SYS_SETFSUID32, unix.SYS_SETFSGID32, unix.SYS_CLOCK_SETTIME64,
		unix.SYS_CLOCK_ADJTIME64, unix.SYS__SYSCTL, unix.SYS_BDFLUSH, unix.SYS_SEMTIMEDOP_TIME64,
		unix.SYS_MQ_TIMEDSEND_TIME64, unix.SYS_MQ_TIMEDRECEIVE_TIME64, unix.SYS_IO_PGETEVENTS_TIME64,
	}
}
