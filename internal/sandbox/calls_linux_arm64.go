package sandbox

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor (AUDIT_ARCH_…).
const auditArch = 0xC00000B7

// foreignCalls is where the numbers of another set of calls would begin: there is none.
const foreignCalls = 0

// mapCall is the call that maps memory.
const mapCall = unix.SYS_MMAP

func archRules() []rule { return nil }

// archForbidden are system calls that not all processors have, most of them because they are old.
func archForbidden() []uint32 {
	return []uint32{
		unix.SYS_KEXEC_FILE_LOAD, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP,
	}
}
