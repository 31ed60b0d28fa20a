// Command bench does the same work on two emulators, in turns, and prints the medians and their ratio, a row for each
// kind of work. It uses raw commands on sockets, so that nothing but the emulators differs. Start at rows.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options of a run.
type options struct {
	programs [2]string // ours, theirs
	dir      string    // for state and sockets
	scale    float64   // of the number of measurements
	only     string
}

func main() {
	var o options
	flag.StringVar(&o.programs[0], "ours", "", "program under test (default: ./cmd/swtpm of this tree)")
	flag.StringVar(&o.programs[1], "theirs", "/usr/bin/swtpm", "program to compare with")
	flag.StringVar(&o.dir, "dir", "", "where state and sockets live (default: a temporary directory)")
	flag.Float64Var(&o.scale, "scale", 1, "scale of the number of measurements")
	flag.StringVar(&o.only, "only", "", "only rows whose name contains this")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	work, err := os.MkdirTemp(o.dir, "gb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	o.dir = work
	if o.programs[0] == "" {
		o.programs[0] = filepath.Join(work, "swtpm")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", o.programs[0], "./cmd/swtpm")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build ./cmd/swtpm: %w", err)
		}
	}
	fmt.Printf("%s, %d processors, %s\n", runtime.GOARCH, runtime.NumCPU(), time.Now().Format(time.DateOnly))
	for i, name := range []string{"ours", "theirs"} {
		version, _ := exec.Command(o.programs[i], "--version").CombinedOutput()
		first, _, _ := strings.Cut(string(version), "\n")
		fmt.Printf("%-7s %s: %s\n", name, o.programs[i], first)
	}
	fmt.Printf("\n%-34s %12s %12s %8s\n", "median", "ours", "theirs", "ratio")
	failed := false
	for _, r := range rows() {
		if !strings.Contains(r.name, o.only) {
			continue
		}
		failed = r.print(o) != nil || failed
	}
	if failed {
		return errors.New("some rows failed")
	}
	return nil
}

// A row is one kind of work: prepare sets an emulator up and gives the function that is measured, count times.
type row struct {
	name    string
	unit    string
	count   int
	prepare func(e *emulator) (func() (float64, error), error)
	where   place
}

// block is how many times one side is measured before the other has its turn. What takes next to no time is measured more often in a row: or else most of
// it would be a sleeping processor that wakes up.
func (r row) block() int {
	if r.count >= 300 {
		return 20
	}
	return 1
}

// A place says what state directories a row wants.
type place int

const (
	anywhere place = iota
	alike          // both begin with the same state, so that they derive the same keys
	inMemory       // on a file system in memory, where syncing costs nothing
)

// print measures the row, the emulators in turns, and prints it. A ratio above 1 says that ours is better. Only a
// failure of ours is one of the row: theirs may lack an option.
func (r row) print(o options) error {
	if r.where == inMemory {
		dir, err := os.MkdirTemp("/dev/shm", "gb")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	var sides [2]side
	for i := range sides {
		e := &emulator{program: o.programs[i], ours: i == 0, dir: filepath.Join(o.dir, fmt.Sprint(i))}
		defer e.stop()
		if sides[i].err = e.reset(); sides[i].err == nil && r.where == alike {
			sides[i].err = e.inherit(o.programs[1], filepath.Join(o.dir, "alike"))
		}
		if sides[i].err == nil {
			sides[i].measure, sides[i].err = r.prepare(e)
		}
	}
	for n := range max(3, int(float64(r.count)*o.scale)/r.block()) {
		for i := range sides {
			for range r.block() {
				sides[(n+i)%2].again()
			}
		}
	}
	ratio := "-"
	if sides[0].err == nil && sides[1].err == nil {
		ratio = fmt.Sprintf("%.2fx", sides[1].median()/sides[0].median())
	}
	fmt.Printf("%-34s %12s %12s %8s\n", r.name, sides[0].text(r.unit), sides[1].text(r.unit), ratio)
	for i, s := range sides {
		if s.err != nil {
			fmt.Printf("    %s: %v\n", o.programs[i], s.err)
		}
	}
	return sides[0].err
}

// A side is what was measured of one emulator, up to its first error.
type side struct {
	measure func() (float64, error)
	values  []float64
	err     error
}

func (s *side) again() {
	if s.err != nil {
		return
	}
	v, err := s.measure()
	s.values, s.err = append(s.values, v), err
}

func (s *side) text(unit string) string {
	if s.err != nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %s", s.median(), unit)
}

func (s *side) median() float64 {
	sorted := slices.Sorted(slices.Values(s.values))
	return sorted[len(sorted)/2]
}
