package simdisk

import "maps"

// survival says how much of a change is on the disk after the machine stopped.
type survival func(n int, c change) []change

func none(int, change) []change    { return nil }
func all(_ int, c change) []change { return []change{c} }
func only(i int) survival          { return func(n int, c change) []change { return pick(n == i, c) } }
func allBut(i int) survival        { return func(n int, c change) []change { return pick(n != i, c) } }
func pick(yes bool, c change) []change {
	if yes {
		return []change{c}
	}
	return nil
}

// torn lets only some sectors of change i survive: those before or after a middle one, and of the others all.
func torn(i int, front bool) survival {
	return func(n int, c change) []change {
		first, last := c.at/Sector, (c.at+int64(len(c.data))-1)/Sector
		if n != i || c.data == nil || first == last {
			return []change{c}
		}
		cut := (first+(last-first+1)/2)*Sector - c.at
		if front {
			return []change{{at: c.at, data: c.data[:cut]}}
		}
		return []change{{at: c.at + cut, data: c.data[cut:]}}
	}
}

// AfterStop returns the disks that may be found when the machine starts again.
func (d *Disk) AfterStop() []*Disk {
	total := 0
	for _, ino := range d.inodes() {
		total = max(total, len(ino.pending))
	}
	ways := []survival{none, all}
	for i := range total {
		ways = append(ways, only(i), allBut(i), torn(i, true), torn(i, false))
	}
	var list []*Disk
	names := maps.Clone(d.durable)
	for n := 0; ; n++ {
		for _, w := range ways {
			list = append(list, revive(names, w))
		}
		if n == len(d.pending) {
			return list
		}
		d.pending[n](names)
	}
}

// inodes returns every inode that some name had since the last sync.
func (d *Disk) inodes() map[*inode]*inode {
	set := map[*inode]*inode{}
	names := maps.Clone(d.durable)
	add := func() {
		for _, ino := range names {
			set[ino] = ino
		}
	}
	add()
	for _, op := range d.pending {
		op(names)
		add()
	}
	return set
}

func revive(names map[string]*inode, w survival) *Disk {
	d := New()
	copies := map[*inode]*inode{}
	for name, ino := range names {
		if copies[ino] == nil {
			content := ino.durable
			for i, c := range ino.pending {
				for _, part := range w(i, c) {
					content = part.apply(content)
				}
			}
			copies[ino] = &inode{content: content, durable: content, mode: ino.mode}
		}
		d.names[name] = copies[ino]
	}
	d.durable = maps.Clone(d.names)
	return d
}
