package guestimage

import (
	"os/exec"
	"strings"
)

// Program takes a program of this machine with the libraries and the loader it is linked with. Libraries that it opens
// itself are taken like programs.
func Program(name, from string) ([]File, error) {
	f, err := HostFile(name, from)
	if err != nil {
		return nil, err
	}
	f.Mode = 0o755
	files := []File{f}
	out, err := exec.Command("ldd", from).Output()
	if err != nil {
		return files, nil // linked statically
	}
	for _, line := range strings.Split(string(out), "\n") {
		fields := strings.Fields(line)
		for _, lib := range fields {
			if strings.HasPrefix(lib, "/") {
				l, err := HostFile(lib, lib)
				if err != nil {
					return nil, err
				}
				l.Mode = 0o755
				files = append(files, l)
			}
		}
	}
	return files, nil
}
