package guestimage

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Kernel is a kernel of a distribution with its modules.
type Kernel struct {
	Image   string // path of vmlinuz
	Release string
	modules map[string]string // name with underscores to path
}

// FindKernel looks for the kernel in a directory made by script/guest-kernel: boot/vmlinuz-* and lib/modules/*.
func FindKernel(dir string) (*Kernel, error) {
	images, err := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if err != nil {
		return nil, err
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("no boot/vmlinuz-* in %s", dir)
	}
	k := &Kernel{Image: images[0], modules: map[string]string{}}
	k.Release = strings.TrimPrefix(filepath.Base(k.Image), "vmlinuz-")
	err = filepath.WalkDir(filepath.Join(dir, "lib", "modules", k.Release), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if name, _, ok := strings.Cut(filepath.Base(p), ".ko"); ok {
				k.modules[strings.ReplaceAll(name, "-", "_")] = p
			}
		}
		return err
	})
	return k, err
}

// ModuleDir is where the guest finds its modules; sorted by name they are in the order to load them.
const ModuleDir = "/modules"

// Modules gives the modules and those they need. What the kernel has built in is no module: it is left out.
func (k *Kernel) Modules(names ...string) ([]File, error) {
	var files []File
	done := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		name = strings.ReplaceAll(name, "-", "_")
		p := k.modules[name]
		if p == "" || done[name] {
			return nil
		}
		done[name] = true
		data, err := readModule(p)
		if err != nil {
			return err
		}
		needs, err := needed(data)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, n := range needs {
			if err := add(n); err != nil {
				return err
			}
		}
		files = append(files, File{Name: fmt.Sprintf("%s/%03d-%s.ko", ModuleDir, len(files), name), Mode: 0o644, Data: data})
		return nil
	}
	for _, name := range names {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readModule(p string) ([]byte, error) {
	if strings.HasSuffix(p, ".xz") {
		return exec.Command("xz", "-dc", p).Output()
	}
	return os.ReadFile(p)
}

// needed reads the names that a module itself says it depends on.
func needed(module []byte) ([]string, error) {
	f, err := elf.NewFile(strings.NewReader(string(module)))
	if err != nil {
		return nil, err
	}
	section := f.Section(".modinfo")
	if section == nil {
		return nil, errors.New("no .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return nil, err
	}
	for _, field := range strings.Split(string(info), "\x00") {
		if list, ok := strings.CutPrefix(field, "depends="); ok && list != "" {
			return strings.Split(list, ","), nil
		}
	}
	return nil, nil
}
