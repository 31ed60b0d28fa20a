//go:build unix

package setup

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// noFollow refuses a symbolic link at the end of a path.
const noFollow = unix.O_NOFOLLOW

// writable says whether this account may make files in the directory.
func writable(dir string) bool { return unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK) == nil }

// changeUser switches to the account with the given name or number, with all its groups. A number need not have a name: its group
// has the same number.
func changeUser(name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		if u, err = user.LookupId(name); err != nil {
			n, err := strconv.ParseUint(name, 10, 31)
			if err != nil {
				return fmt.Errorf("Error: User '%s' does not exist.", name) //nolint:staticcheck // known words
			}
			return changeIDs(int(n), int(n), nil, name)
		}
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("the account '%s' has no numbers", name)
	}
	var groups []int
	ids, err := u.GroupIds()
	if err != nil {
		return fmt.Errorf("looking up the groups of '%s': %w", name, err)
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			groups = append(groups, n)
		}
	}
	return changeIDs(uid, gid, groups, name)
}

// changeIDs switches to the numbers, unless the process has them.
func changeIDs(uid, gid int, groups []int, name string) error {
	if uid == os.Geteuid() && gid == os.Getegid() {
		return nil
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("changing to the groups of '%s': %w", name, err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return fmt.Errorf("changing to the group of '%s': %w", name, err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("changing to '%s': %w", name, err)
	}
	return nil
}
