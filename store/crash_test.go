package store

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"govtpm/store/internal/vfs/simdisk"
)

// scenario is a life of a store: what is done to it, one after the other.
var scenario = []struct {
	do   string
	kind Kind
	blob []byte
}{
	{"save", Permanent, bytes.Repeat([]byte("a"), 1300)},
	{"save", Permanent, bytes.Repeat([]byte("b"), 1400)},
	{"save", Volatile, bytes.Repeat([]byte("c"), 3000)},
	{"save", Permanent, bytes.Repeat([]byte("d"), 2500)},
	{"delete", Volatile, nil},
	{"save", Permanent, bytes.Repeat([]byte("e"), 700)},
	{"save", Permanent, bytes.Repeat([]byte("f"), 1200)},
	{"delete", Permanent, nil},
	{"save", Permanent, bytes.Repeat([]byte("g"), 1200)},
}

// hope is what may be found: for each kind the blobs that are allowed. nil stands for "none".
type hope map[Kind][][]byte

func newHope() hope {
	h := hope{}
	for _, k := range Kinds() {
		h[k] = [][]byte{nil}
	}
	return h
}

// live runs the scenario until the machine stops, and returns what may be found then.
func live(t *testing.T, d *simdisk.Disk, uri string, o Options) hope {
	t.Helper()
	s := openOn(t, d, uri, o)
	h := newHope()
	if err := s.Lock(0); err != nil {
		return h
	}
	for i, step := range scenario {
		var err error
		if step.do == "save" {
			err = s.Save(step.kind, step.blob)
		} else {
			err = s.Delete(step.kind)
		}
		switch {
		case err == nil:
			h[step.kind] = [][]byte{step.blob}
		case errors.Is(err, simdisk.ErrStopped):
			h[step.kind] = append(h[step.kind], step.blob)
			return h
		case errors.Is(err, simdisk.ErrFailed):
			h[step.kind] = append(h[step.kind], step.blob)
			h.check(t, s, fmt.Sprintf("after the failed step %d", i))
			noRemains(t, d, fmt.Sprintf("after the failed step %d", i))
		default:
			t.Fatalf("step %d: %v", i, err)
		}
	}
	return h
}

// check fails the test unless what is found is what may be.
func (h hope) check(t *testing.T, s Store, when string) {
	t.Helper()
	for _, k := range Kinds() {
		b, err := s.Load(k)
		if err != nil && !errors.Is(err, ErrNotExist) {
			if errors.Is(err, simdisk.ErrStopped) {
				continue
			}
			t.Fatalf("%s: Load(%v): %v", when, k, err)
		}
		ok := false
		for _, want := range h[k] {
			ok = ok || bytes.Equal(b, want) && (b == nil) == (want == nil)
		}
		if !ok {
			t.Fatalf("%s: Load(%v) = %s; want %s", when, k, short(b), shorts(h[k]))
		}
	}
}

func short(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d×%q", len(b), b[0])
}

func shorts(list [][]byte) string {
	var s []string
	for _, b := range list {
		s = append(s, short(b))
	}
	return strings.Join(s, " or ")
}

var crashBackends = []struct {
	name string
	uri  string
	opt  Options
	disk func() *simdisk.Disk
}{
	{"directory", "dir:///d", Options{}, simdisk.New},
	{"backup", "dir:///d", Options{Backup: true}, simdisk.New},
	{"backup without links", "dir:///d", Options{Backup: true}, func() *simdisk.Disk {
		d := simdisk.New()
		d.NoLinks = true
		return d
	}},
	{"file", "file:///f", Options{Lock: LockOn}, simdisk.New},
	{"device", "file:///f", Options{}, func() *simdisk.Disk { return withDevice(16384) }},
	{"small device", "file:///f", Options{}, func() *simdisk.Disk { return withDevice(10000) }},
}

// withDevice returns a disk on which /f is a block device.
func withDevice(size int) *simdisk.Disk {
	d := simdisk.New()
	d.MakeDevice("/f", size)
	return d
}

func openOn(t *testing.T, d *simdisk.Disk, uri string, o Options) Store {
	t.Helper()
	o.fs = d
	s, err := Open(uri, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// survives looks at every disk that a stop may leave: it loads, it can be written again, and is clean then.
func survives(t *testing.T, d *simdisk.Disk, uri string, o Options, h hope, when string) {
	t.Helper()
	for i, left := range d.AfterStop() {
		left.NoLinks = d.NoLinks
		when := fmt.Sprintf("%s, disk %d", when, i)
		s := openOn(t, left, uri, o)
		h.check(t, s, when)
		if err := s.Lock(0); err != nil {
			t.Fatalf("%s: Lock: %v", when, err)
		}
		for range 2 {
			if err := s.Save(Permanent, []byte("after")); err != nil {
				t.Fatalf("%s: Save: %v", when, err)
			}
		}
		next := hope{Permanent: [][]byte{[]byte("after")}, Volatile: h[Volatile], SaveState: h[SaveState]}
		next.check(t, s, when+", written again")
		noRemains(t, left, when)
	}
}

// noRemains fails the test if a temporary file is there, unless the machine stopped.
func noRemains(t *testing.T, d *simdisk.Disk, when string) {
	t.Helper()
	if d.StopAt != 0 && d.Calls() >= d.StopAt {
		return
	}
	for _, name := range d.Names() {
		if strings.Contains(name, "TMP") || strings.HasSuffix(name, ".tmp") {
			t.Fatalf("%s: %s is left over", when, name)
		}
	}
}

// The machine stops before each call that changes something.
func TestStopAnywhere(t *testing.T) {
	for _, b := range crashBackends {
		t.Run(b.name, func(t *testing.T) {
			d := b.disk()
			live(t, d, b.uri, b.opt)
			calls := d.Calls()
			for at := 1; at <= calls+1; at++ {
				d := b.disk()
				d.StopAt = at
				h := live(t, d, b.uri, b.opt)
				survives(t, d, b.uri, b.opt, h, fmt.Sprintf("stop at call %d of %d", at, calls))
			}
		})
	}
}

// Each call fails; life goes on and the machine stops some calls later.
func TestFailAnywhere(t *testing.T) {
	for _, b := range crashBackends {
		t.Run(b.name, func(t *testing.T) {
			d := b.disk()
			live(t, d, b.uri, b.opt)
			calls := d.Calls()
			reach := 12
			if testing.Short() {
				reach = 6
			}
			for fail := 1; fail <= calls; fail++ {
				for at := fail + 1; at <= fail+reach; at++ {
					d := b.disk()
					d.StopAt, d.FailAt = at, map[int]bool{fail: true}
					h := live(t, d, b.uri, b.opt)
					survives(t, d, b.uri, b.opt, h, fmt.Sprintf("call %d fails, stop at call %d", fail, at))
				}
			}
		})
	}
}

// Without syncs the simulated disk must find states that do not load: else the tests above prove nothing.
func TestSimulationFindsMissingSync(t *testing.T) {
	for _, b := range crashBackends {
		t.Run(b.name, func(t *testing.T) {
			o := b.opt
			o.NoSync = true
			bad := 0
			for at := 2; at < 40; at++ {
				d := b.disk()
				d.StopAt = at
				h := live(t, d, b.uri, o)
				for _, left := range d.AfterStop() {
					got, err := openOn(t, left, b.uri, o).Load(Permanent)
					ok := false
					for _, want := range h[Permanent] {
						ok = ok || bytes.Equal(got, want)
					}
					if !ok || err != nil && !errors.Is(err, ErrNotExist) {
						bad++
					}
				}
			}
			if bad == 0 {
				t.Error("every state loads though nothing is synced")
			}
		})
	}
}

// The machine stops while permanent state and backup change places.
func TestStopInSwap(t *testing.T) {
	o := Options{Backup: true}
	prepare := func() *simdisk.Disk {
		d := simdisk.New()
		s := openOn(t, d, "dir:///d", o)
		for _, err := range []error{s.Lock(0), s.Save(Permanent, []byte("old")), s.Save(Permanent, []byte("new")), s.Close()} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	start := prepare().Calls()
	either := newHope()
	either[Permanent] = [][]byte{[]byte("new"), []byte("old")}
	for at := start + 1; at <= start+5; at++ {
		d := prepare()
		d.StopAt = at
		s := openOn(t, d, "dir:///d", o)
		if err := s.Lock(0); err != nil && !errors.Is(err, simdisk.ErrStopped) {
			t.Fatal(err)
		}
		err := s.(Rewinder).SwapBackup()
		if (err == nil) != (at == start+5) {
			t.Fatalf("stop at %d: SwapBackup: %v", at, err)
		}
		survives(t, d, "dir:///d", o, either, fmt.Sprintf("stop at %d in the swap", at-start))
	}
}
