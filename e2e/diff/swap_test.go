package diff

import "govtpm/tpm2/wire"

// genSwap gives each of the two the permanent state of the other, and goes on.
func genSwap(w *world) {
	if !w.chance(0.5) {
		return
	}
	kind := w.rng.IntN(2)
	if !w.do((&command{code: wire.CCShutdown}).u16(uint16(kind))).ok || w.over {
		return
	}
	var states [2][]byte
	for side, tpm := range w.tpm {
		var err error
		if states[side], err = tpm.permanent(); err != nil {
			w.report("permanent state of side %d: %v", side, err)
			w.stop("no swap")
			return
		}
	}
	for side, tpm := range w.tpm {
		if err := tpm.load(states[1-side]); err != nil {
			w.report("side %d does not load the state of the other: %v\n%x", side, err, states[1-side])
			w.stop("no swap")
			return
		}
	}
	w.log = append(w.log, "     each loads the state of the other")
	w.swapValues()
	w.startAgain(kind)
	w.askFirmware()
	genLook(w)
	for _, h := range keysOf(w.nv) {
		w.nvUse(h)
	}
}

// swapValues turns what is known of the one into what is known of the other.
func (w *world) swapValues() {
	seen := make(map[*two]bool)
	turn := func(list ...*two) {
		for _, v := range list {
			if !seen[v] {
				seen[v] = true
				v[ours], v[theirs] = v[theirs], v[ours]
			}
		}
	}
	var swapObject func(*object)
	swapObject = func(o *object) {
		if o == nil || seen[&o.name] {
			return
		}
		turn(&o.public, &o.name, &o.private, &o.ticket, &o.creation)
		wire.Unmarshal(o.public[theirs], nil, &o.area)
		swapObject(o.parent)
	}
	for _, h := range keysOf(w.objects) {
		swapObject(w.objects[h])
	}
	for i := range w.contexts {
		x := &w.contexts[i]
		turn(&x.context)
		swapObject(x.object)
		if x.session != nil {
			turn(&x.session.key, &x.session.nonceTPM)
		}
	}
	for _, list := range w.pool {
		for i := range list {
			turn(&list[i])
		}
	}
}
