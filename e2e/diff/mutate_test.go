package diff

import (
	"encoding/binary"
	"slices"

	"govtpm/tpm2/wire"
)

// do runs a command, and before it, now and then, spoiled copies of it.
func (w *world) do(c *command) *response {
	c.locality = w.locality
	for !w.single && w.chance(0.35) {
		w.run(w.spoil(c))
	}
	return w.run(c)
}

// spoil makes a copy of a command with something wrong in it.
func (w *world) spoil(c *command) *command {
	d := c.clone()
	for range pick(w, 1, 1, 1, 2) {
		w.spoilOnce(d)
	}
	return d
}

func (w *world) spoilOnce(d *command) {
	switch n := w.rng.IntN(10); {
	case n < 3 && len(d.params) > 0:
		w.spoilParams(d)
	case n < 4 && len(d.handles) > 0:
		i := w.rng.IntN(len(d.handles))
		d.handles[i] = w.anyHandle()
		d.note += " handle"
	case n < 6 && len(d.auths) > 0:
		w.spoilAuths(d)
	case n == 6:
		if w.chance(0.5) {
			d.locality = uint8(w.rng.IntN(5))
			d.note += " locality"
		} else {
			d.auths = append(d.auths, auth{value: nil})
			d.note += " more-auth"
		}
	default:
		w.spoilBytes(d)
	}
}

// spoilParams changes a parameter, for both in the same way.
func (w *world) spoilParams(d *command) {
	i := w.rng.IntN(len(d.params))
	seed := w.rng.Uint32()
	change := func(f func(b []byte) []byte) {
		for side := range d.params[i] {
			d.params[i][side] = f(slices.Clone(d.params[i][side]))
		}
	}
	at := func(b []byte) int { return int(seed>>8) % len(b) }
	switch w.rng.IntN(8) {
	case 0:
		change(func(b []byte) []byte {
			if len(b) > 0 {
				b[at(b)] ^= 1 << (seed % 8)
			}
			return b
		})
		d.note += " flip"
	case 1:
		change(func(b []byte) []byte { return b[:len(b)-min(len(b), 1+int(seed%4))] })
		d.note += " cut"
	case 2:
		change(func(b []byte) []byte { return append(b, byte(seed)) })
		d.note += " longer"
	case 3:
		d.params = slices.Delete(d.params, i, i+1)
		d.note += " dropped"
	case 4:
		j := w.rng.IntN(len(d.params))
		d.params[i], d.params[j] = d.params[j], d.params[i]
		d.note += " swapped"
	case 5: // the size in front
		change(func(b []byte) []byte {
			if len(b) >= 2 {
				size := binary.BigEndian.Uint16(b)
				binary.BigEndian.PutUint16(b, []uint16{size + 1, size - 1, 0, 0xFFFF, size ^ 0x100}[seed%5])
			}
			return b
		})
		d.note += " size"
	case 6: // an algorithm somewhere
		a := pick(w, append(odd, hashes...)...)
		change(func(b []byte) []byte {
			if len(b) >= 2 {
				binary.BigEndian.PutUint16(b[(int(seed>>8)%(len(b)/2))*2:], uint16(a))
			}
			return b
		})
		d.note += " alg"
	case 7: // another size, with content to match
		n := pick(w, sizes...)
		fill := w.bytes(n)
		change(func([]byte) []byte { return sized(fill) })
		d.note += " content"
	}
}

// spoilAuths changes the authorization.
func (w *world) spoilAuths(d *command) {
	i := w.rng.IntN(len(d.auths))
	a := &d.auths[i]
	switch w.rng.IntN(9) {
	case 0:
		d.auths = slices.Delete(d.auths, i, i+1)
		d.note += " auth-dropped"
	case 1:
		a.spoil = func(b []byte) []byte { return append(slices.Clone(b), 7) }
		d.note += " auth-longer"
	case 2:
		a.spoil = func(b []byte) []byte {
			b = slices.Clone(b)
			if len(b) > 0 {
				b[0] ^= 1
			}
			return b
		}
		d.note += " auth-flip"
	case 3:
		a.attrs ^= 1 << w.rng.IntN(8)
		d.note += " attrs"
	case 4:
		a.nonce = w.bytes(pick(w, 0, 1, 15, 16, 32, 33, 64, 65))
		d.note += " nonce"
	case 5:
		a.handle = w.anyHandle()
		d.note += " session"
	case 6:
		d.auths = append(d.auths, *a)
		d.note += " auth-twice"
	case 7:
		*a = auth{value: w.bytes(pick(w, 0, 1, 32)), entity: a.entity}
		d.note += " password"
	case 8:
		a.value = append(slices.Clone(a.value), 0, 0)
		d.note += " zeros"
	}
}

// spoilBytes changes the command as a whole.
func (w *world) spoilBytes(d *command) {
	seed := w.rng.Uint64()
	fix := func(b []byte) []byte {
		if len(b) >= 6 {
			binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
		}
		return b
	}
	previous := d.raw
	then := func(note string, f func([]byte) []byte) {
		d.note += note
		d.raw = func(b []byte) []byte {
			if previous != nil {
				b = previous(b)
			}
			return f(b)
		}
	}
	switch w.rng.IntN(6) {
	case 0, 1:
		then(" bit", func(b []byte) []byte {
			if n := len(b) - 10; n > 0 {
				b[10+int(seed>>8)%n] ^= 1 << (seed % 8)
			}
			return b
		})
	case 2:
		then(" short", func(b []byte) []byte { return fix(b[:10+int(seed)&0x7FFF%(len(b)-9)]) })
	case 3:
		then(" long", func(b []byte) []byte { return fix(append(b, make([]byte, 1+seed%8)...)) })
	case 4:
		if d.tag == 0 && len(d.auths) == 0 {
			d.tag = wire.STSessions
		} else {
			d.tag = wire.STNoSessions
		}
		d.note += " tag"
	case 5: // the same for another command
		info := pick(w, w.infos...)
		d.code = info.Code
		d.note += " code"
	}
}
