//go:build linux

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"govtpm/e2e/rawtpm"
)

// State on a block device: what was acknowledged is there after a kill, and the C implementation reads it and writes it back.
func TestBlockDevice(t *testing.T) {
	guard(t, theirs)
	under := program(t)
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(disk, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	device := loopDevice(t, disk)
	backend := "backend-uri=file://" + device
	c, p := crashing(t, under, backend, "")
	m := &maker{stateTPM: &stateTPM{process: p, Conn: c}}
	m.do(rawtpm.NVDefine(costIndex, crashRecord))
	m.do(rawtpm.NVWrite(costIndex, record(0, 1)))
	p.kill()
	for n, program := range []string{under, theirs, under} {
		c, p := crashing(t, program, backend, "")
		if got, err := c.ReadNV(costIndex, crashRecord); err != nil || !bytes.Equal(got, record(0, uint64(n+1))) {
			t.Fatalf("%s: %x, %v\n%s", program, got, err, p.log)
		}
		if _, err := c.Do(rawtpm.NVWrite(costIndex, record(0, uint64(n+2)))); err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		p.kill()
	}
}
