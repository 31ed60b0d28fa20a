package ioctltool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"govtpm/control"
	"govtpm/control/controltest"
	"govtpm/cuse"
	"govtpm/cuse/cusetest"
	"govtpm/internal/serve"
	"govtpm/internal/tpmdevice"
)

// deviceTool is the tool on a device under a kernel that the test plays.
type deviceTool struct {
	*testing.T
	tpm    *controltest.TPM
	kernel *cusetest.Kernel
	chunk  int
}

func newDeviceTool(t *testing.T, chunk int) *deviceTool {
	d := &deviceTool{T: t, tpm: &controltest.TPM{}, kernel: cusetest.NewKernel(), chunk: chunk}
	locality := new(atomic.Uint32)
	ctx, cancel := context.WithCancel(context.Background())
	dev, err := cuse.New(d.kernel.Wire, cuse.Options{Name: "vtpm"}, &tpmdevice.Driver{
		Control: &control.Handler{TPM: d.tpm, Caps: control.CapsCUSE, Locality: locality},
		Execute: (&serve.Server{TPM: d.tpm, Locality: locality}).Execute,
		End:     func(error) { cancel() },
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- errors.Join(dev.Serve(ctx), dev.Close()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return d
}

// run carries out one command, as its own opening of the device.
func (d *deviceTool) run(args string) (string, error) {
	d.Helper()
	c, err := parse(strings.Fields(args))
	if err != nil {
		d.Fatal(err)
	}
	h, err := d.kernel.Open()
	if err != nil {
		d.Fatal(err)
	}
	var out bytes.Buffer
	t := &tool{stdin: strings.NewReader("more"), stdout: &out, ch: &device{node: h, chunk: d.chunk}}
	defer t.ch.Close()
	err = t.execute(c)
	return out.String(), err
}

func TestDeviceCommands(t *testing.T) {
	d := newDeviceTool(t, 0)
	for _, row := range []struct{ args, stdout, err string }{
		{"-c", "ptm capability is 0x16fff\n", ""},
		{"-e", "", "TPM result from PTM_GET_TPMESTABLISHED: 0xa"},
		{"-b 1", "TPM buffersize: 2896\nminimum size  : 2896\nmaximum size  : 4096\n", ""},
		{"-i", "", ""},
		{"-l 3", "", ""},
		{"-h abc", "", ""},
		{"-h -", "", ""},
		{"-e", "tpmEstablished is 1\n", ""},
		{"-r 2", "", "TPM result from PTM_RESET_TPMESTABLISHED: 0x3d"},
		{"-r 3", "", ""},
		{"-e", "tpmEstablished is 0\n", ""},
		{"-v", "", ""},
		{"-C", "", ""},
		{"-g", "ptm configuration flags: 0x0\n", ""},
		{"--info 1", "{\"Flags\":1}\n", ""},
		{"--lock-storage 1", "", ""},
		{"--stop", "", ""},
		{"-s", "", ""},
	} {
		out, err := d.run(row.args)
		if err == nil {
			err = errors.New("")
		}
		if out != row.stdout || err.Error() != row.err {
			t.Errorf("%s: %q, %v", row.args, out, err)
		}
	}
	if got := d.tpm.Hashed(); string(got) != "more" {
		t.Errorf("hashed %q", got)
	}
}

func TestDeviceState(t *testing.T) {
	dir := t.TempDir()
	for _, chunk := range []int{0, 1, 100, 3072, 100000} {
		for _, size := range []int{0, 1, 3071, 3072, 3073, 6144, 10000} {
			d := newDeviceTool(t, chunk)
			in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
			state := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
			if err := os.WriteFile(in, state, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range []string{"--load permanent " + in, "-i", "--save permanent " + out} {
				if _, err := d.run(args); err != nil {
					t.Fatalf("%d bytes by %d: %s: %v", size, chunk, args, err)
				}
			}
			if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, state) {
				t.Errorf("%d bytes by %d: %d bytes came back, %v", size, chunk, len(got), err)
			}
			if !bytes.Equal(d.tpm.State(control.StatePermanent), state) {
				t.Errorf("%d bytes by %d went wrong", size, chunk)
			}
			if _, err := d.run("--save savestate " + out); err != nil {
				t.Error("no such state:", err)
			}
		}
	}
}

func TestChunkSize(t *testing.T) {
	for text, want := range map[string]int{"": 0, "0": 1, "-5": 1, "x": 1, "100": 100, "99999999": control.MaxStateBlob} {
		if got := chunkSize(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}
