package tpm2

import "fmt"

// markPermanent notes that the permanent state changed: it is saved before the response leaves.
func (t *TPM) markPermanent() { t.volatile.permanentDirty = true }

// clearOrderly takes back an orderly shutdown, because state that it saved is about to change (Part 1, 9.2.4).
// A later Startup(STATE) then fails.
func (t *TPM) clearOrderly() {
	if t.persistent.orderlyState&^(orderlyFlagLocality|orderlyFlagHCRTM) <= orderlyState {
		t.persistent.orderlyState = orderlyNone
		if t.volatile.daUsed {
			t.persistent.orderlyState = orderlyNoneDAUsed
		}
		t.markPermanent()
	}
}

// settle makes what was done durable. What a fault of the engine left behind is not to be trusted, and is not saved.
func (t *TPM) settle() {
	if t.volatile.failure != nil {
		return
	}
	if err := t.savePermanent(); err != nil {
		t.fail(err)
	}
}

// savePermanent hands the permanent state to storage if it changed.
func (t *TPM) savePermanent() error {
	if !t.volatile.permanentDirty {
		return nil
	}
	state, err := t.PermanentState()
	if err != nil {
		return err
	}
	defer clear(state)
	if err := t.env.Storage.SavePermanent(state); err != nil {
		return fmt.Errorf("saving the permanent state: %w", err)
	}
	t.volatile.permanentDirty = false
	return nil
}
