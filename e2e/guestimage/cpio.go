// Package guestimage builds what the guest of an end-to-end suite boots: an initramfs of given files, programs with the
// libraries they need, and kernel modules with the modules they need. It runs no foreign program but ldd and xz, and
// needs no rights. Start at FindKernel, Kernel.Modules and Write.
package guestimage

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
)

// A File is a regular file of the image, or a symbolic link if Link is set.
type File struct {
	Name string // absolute, in the guest
	Mode os.FileMode
	Data []byte
	Link string
}

// HostFile takes a file of this machine into the image under a name of the guest.
func HostFile(name, from string) (File, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return File{}, err
	}
	st, err := os.Stat(from)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, Mode: st.Mode().Perm(), Data: data}, nil
}

// Write writes an initramfs with the files and the directories above them (the newc form of cpio). The guest's first
// process is /init. Of two files with one name the first counts.
func Write(w io.Writer, files []File) error {
	out := &archive{w: bufio.NewWriter(w)}
	seen := map[string]bool{}
	for _, dir := range directories(files) {
		out.entry(dir, 0o040755, nil)
	}
	for _, f := range files {
		if seen[f.Name] {
			continue
		}
		seen[f.Name] = true
		if f.Link != "" {
			out.entry(f.Name, 0o120777, []byte(f.Link))
			continue
		}
		out.entry(f.Name, 0o100000|uint32(f.Mode.Perm()), f.Data)
	}
	out.entry("/TRAILER!!!", 0, nil)
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

// directories lists every directory above the files, and the usual mount points, parents first.
func directories(files []File) []string {
	all := map[string]bool{}
	names := []string{"/dev/x", "/proc/x", "/sys/x", "/tmp/x", "/run/x"}
	for _, f := range files {
		names = append(names, f.Name)
	}
	for _, name := range names {
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			all[dir] = true
		}
	}
	var sorted []string
	for dir := range all {
		sorted = append(sorted, dir)
	}
	sort.Strings(sorted)
	return sorted
}

// archive writes entries of a newc archive; the first error stays.
type archive struct {
	w    *bufio.Writer
	n    int // bytes written
	node int
	err  error
}

func (a *archive) entry(name string, mode uint32, data []byte) {
	if a.err != nil {
		return
	}
	name = name[1:]
	a.node++
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.node, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
	a.put([]byte(head))
	a.put([]byte(name + "\x00"))
	a.pad()
	a.put(data)
	a.pad()
}

func (a *archive) put(b []byte) {
	n, err := a.w.Write(b)
	a.n += n
	if a.err == nil {
		a.err = err
	}
}

// pad fills up to a multiple of four bytes.
func (a *archive) pad() {
	a.put(make([]byte, -a.n&3))
}
