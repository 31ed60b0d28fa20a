package diff

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"govtpm/tpm2"
	"govtpm/tpm2/wire"
)

// A world is the two TPMs and what the generators know of their state. What they know may be out of date: commands that fail are
// compared like all others.
type world struct {
	tpm    [2]device
	rng    *rand.Rand
	infos  []tpm2.CommandInfo
	info   map[wire.CC]*tpm2.CommandInfo
	known  *differences
	report func(format string, args ...any)

	single bool // only theirs runs; for making the state that both start from

	objects  map[wire.Handle]*object
	nv       map[wire.Handle]*nvIndex
	sessions map[wire.Handle]*session
	auths    map[wire.Handle][]byte // of hierarchies
	contexts []savedContext
	policies []*policy
	pool     map[string][]two // values seen in responses, by type
	// fresh names the hierarchies whose seed or proof is no longer that of the common state.
	fresh map[wire.Handle]bool

	shutdown   int              // what the last TPM2_Shutdown since Startup was, notShutDown if there was none
	allocation []byte           // of PCRs, to come into force with the next start
	clockSet   bool             // TPM2_ClockSet since Startup
	firmware   [2]uint64        // version that each attests
	audited    map[wire.CC]bool // commands that are or were audited
	auditApart bool             // the command audit digest may differ
	locality   uint8
	steps      int // commands sent to both
	compared   int // of which both answered
	sequences  int
	log        []string // of the sequence, as it can be repeated
	over       bool     // the two went apart; the sequence ends
	counts     map[wire.CC]map[wire.RC]int
	ends       map[string]int // why sequences ended early
}

// notShutDown is what there is to say of the shutdown while the TPM works.
const notShutDown = -1

// stop ends the sequence, after which both start again from the common state.
func (w *world) stop(why string) {
	if !w.over {
		w.ends[why]++
	}
	w.over = true
}

// An object is a loaded object, a sequence, or a persistent object.
type object struct {
	handle     wire.Handle
	public     two // TPMT_PUBLIC
	area       wire.TPMTPublic
	name       two
	private    two
	auth       []byte
	hierarchy  wire.Handle
	parent     *object
	policy     *policy
	sequence   bool
	cmac       wire.Alg // the cipher of a CMAC sequence
	apart      bool     // a sequence whose result may differ
	ticket     two      // creation ticket
	creation   two      // creationHash
	persistent bool
}

func (o *object) has(a wire.TPMAObject) bool { return o.area.Attributes.Has(a) }

// isParent tells whether children can be made below the object.
func (o *object) isParent() bool {
	return o.has(wire.ObjectRestricted|wire.ObjectDecrypt) && o.area.Type != wire.AlgKeyedHash
}

// An nvIndex is a defined NV index.
type nvIndex struct {
	public  wire.TPMSNVPublic
	auth    []byte
	policy  *policy
	written bool
}

func (x *nvIndex) name() []byte {
	if x.public.NameAlg == wire.AlgNull {
		return nil
	}
	p := x.public
	if x.written {
		p.Attributes |= wire.NVWritten
	}
	b := wire.Marshal(&p)
	return append(binary.BigEndian.AppendUint16(nil, uint16(p.NameAlg)), digest(p.NameAlg, b)...)
}

// A savedContext is an object or session outside the TPM.
type savedContext struct {
	context two
	object  *object
	session *session
}

func (w *world) reset() {
	w.objects = make(map[wire.Handle]*object)
	w.nv = make(map[wire.Handle]*nvIndex)
	w.sessions = make(map[wire.Handle]*session)
	w.auths = make(map[wire.Handle][]byte)
	w.fresh = make(map[wire.Handle]bool)
	w.pool = make(map[string][]two)
	w.contexts, w.policies, w.log = nil, commandPolicies(), nil
	w.locality, w.over, w.shutdown = 0, false, notShutDown
	w.allocation, w.clockSet = nil, false
	w.audited, w.auditApart = map[wire.CC]bool{wire.CCSetCommandCodeAuditStatus: true}, false
}

// name is the Name of an entity (Part 1, 13).
func (w *world) name(h wire.Handle) two {
	if o := w.objects[h]; o != nil {
		return o.name
	}
	if x := w.nv[h]; x != nil {
		return both(x.name())
	}
	if h.Type() == wire.HTTransient || h.Type() == wire.HTPersistent || h.Type() == wire.HTNVIndex {
		return two{}
	}
	return both(binary.BigEndian.AppendUint32(nil, uint32(h)))
}

// authValue is the authValue of an entity, as far as the generators know.
func (w *world) authValue(h wire.Handle) []byte {
	if o := w.objects[h]; o != nil {
		return o.auth
	}
	if x := w.nv[h]; x != nil {
		return x.auth
	}
	return w.auths[h]
}

// apart tells whether what the handle names is not the same in both TPMs.
func (w *world) apart(h wire.Handle) bool {
	if o := w.objects[h]; o != nil {
		return o.apart || !o.name.same() || !o.public.same()
	}
	if s := w.sessions[h]; s != nil {
		return s.tainted
	}
	return h == wire.RHNull || w.fresh[h]
}

// qualifiedApart tells whether the Qualified Name of an object is not the same in both TPMs: a parent of it has another Name.
func (w *world) qualifiedApart(h wire.Handle) bool {
	for o := w.objects[h]; o != nil; o = o.parent {
		if !o.name.same() {
			return true
		}
	}
	return false
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

func (w *world) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return b
}

// pick takes one of a list.
func pick[T any](w *world, list ...T) T { return list[w.rng.IntN(len(list))] }

// keysOf are the keys of a map in their order, so that a seed repeats.
func keysOf[V any](m map[wire.Handle]V) []wire.Handle {
	list := make([]wire.Handle, 0, len(m))
	for h := range m {
		list = append(list, h)
	}
	slices.Sort(list)
	return list
}

// find takes an object that suits, nil if there is none.
func (w *world) find(suits func(*object) bool) *object {
	var list []*object
	for _, h := range keysOf(w.objects) {
		if o := w.objects[h]; suits(o) {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return pick(w, list...)
}

// parent takes a storage key.
func (w *world) parent() *object { return w.find((*object).isParent) }

// room makes sure that a transient slot is free.
func (w *world) room(n int) {
	var list []wire.Handle
	for _, h := range keysOf(w.objects) {
		if h.Type() == wire.HTTransient {
			list = append(list, h)
		}
	}
	for len(list) > 3-n {
		i := w.rng.IntN(len(list))
		w.flush(list[i])
		list = slices.Delete(list, i, i+1)
	}
}

// flush removes a transient object or a session.
func (w *world) flush(h wire.Handle) {
	w.run((&command{code: wire.CCFlushContext}).u32(uint32(h)))
}

// remember keeps a value for commands to come.
func (w *world) remember(kind string, v two) {
	if kind == "qualified" {
		kind = "name"
	}
	list := w.pool[kind]
	if len(list) >= 12 {
		list[w.rng.IntN(len(list))] = v
		return
	}
	w.pool[kind] = append(list, v)
}

// replacePooled puts another value for one that was remembered.
func (w *world) replacePooled(old, v two) {
	for _, list := range w.pool {
		for i, x := range list {
			if bytes.Equal(x[ours], old[ours]) && bytes.Equal(x[theirs], old[theirs]) {
				list[i] = v
			}
		}
	}
}
