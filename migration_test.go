package govtpm_test

import (
	"context"
	"errors"
	"testing"

	"govtpm"
	"govtpm/store"
)

// A TPM that a migration brought is shut down in order once its machine runs here; while it waits for its machine it is still the
// source's, and ends without.
func TestShutdownAfterMigration(t *testing.T) {
	ctx := context.Background()
	reset := func(b *bench) error { return b.Init(ctx, false) }
	for _, tt := range []struct {
		name  string
		steps []func(*bench) error
		want  string // of TPM2_Startup(STATE) afterwards
	}{
		{"process ends", []func(*bench) error{func(b *bench) error { return b.Shutdown(ctx) }}, notOrderly},
		{"process is ended", nil, notOrderly},
		{"reset", []func(*bench) error{func(b *bench) error { return b.Stop(ctx) }, reset}, success},
		{"reset by Init", []func(*bench) error{reset}, success},
		{"stopped", []func(*bench) error{func(b *bench) error { return b.Stop(ctx) }}, success},
		{"dynamic launch", []func(*bench) error{(*bench).hashStart}, success},
		{"command, process ends", []func(*bench) error{
			func(b *bench) error { _, err := b.Execute(ctx, 0, unhex(getRandom)); return err },
			func(b *bench) error { return b.Shutdown(ctx) },
		}, success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source, _ := busy(t, store.NewMemory(), govtpm.Options{})
			perm, vol, _ := source.leave()
			mem := store.NewMemory()
			target := open(t, mem, govtpm.Options{Incoming: true})
			if err := errors.Join(target.SetStateBlob(permanent, false, perm), target.SetStateBlob(volatile, false, vol)); err != nil {
				t.Fatal(err)
			}
			target.on()
			for _, step := range tt.steps {
				if err := step(target); err != nil {
					t.Fatal(err)
				}
			}
			if err := target.Close(); err != nil {
				t.Fatal(err)
			}
			open(t, mem.Open(), govtpm.Options{}).on().want(startupState, tt.want)
		})
	}
}

// notOrderly is the answer to TPM2_Startup(STATE) without TPM2_Shutdown(STATE) before it.
const notOrderly = "8001 0000000a 000001c4"

func (b *bench) hashStart() error { return errors.Join(b.HashStart(), b.HashEnd()) }
