package sandbox

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor (AUDIT_ARCH_…).
const auditArch = 0xC000003E

// foreignCalls is where the numbers begin that belong to another set of calls: those of x32.
const foreignCalls = 0x40000000

// mapCall is the call that maps memory.
const mapCall = unix.SYS_MMAP

func archRules() []rule { return nil }

// archForbidden are system calls that not all processors have, most of them because they are old.
func archForbidden() []uint32 {
	return []uint32{
		unix.SYS_KEXEC_FILE_LOAD, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_SYSFS,
		unix.SYS_MKNOD, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_CREATE_MODULE, unix.SYS_GET_KERNEL_SYMS,
		unix.SYS_QUERY_MODULE, unix.SYS_USELIB, unix.SYS_GETPMSG, unix.SYS_PUTPMSG, unix.SYS_AFS_SYSCALL, unix.SYS_TUXCALL,
		unix.SYS_SECURITY, unix.SYS_VSERVER, unix.SYS_SIGNALFD, unix.SYS_INOTIFY_INIT, unix.SYS_USTAT, unix.SYS_MODIFY_LDT,
		unix.SYS__SYSCTL, unix.SYS_EPOLL_CTL_OLD, unix.SYS_EPOLL_WAIT_OLD,
	}
}
