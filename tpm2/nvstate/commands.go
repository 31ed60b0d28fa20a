package nvstate

import "govtpm/tpm2/wire"

const firstCommand wire.CC = 0x11F

const (
	commandSetSize = 18 // bytes that hold the commands up to 0x1AA
	libtpmsSetSize = 17 // bytes that libtpms 0.10 takes; at more it aborts
)

// commandRanges are the commands of libtpms 0.9. In the compressed form of a set the rank of a command among them is
// the number of its bit, whatever commands the profile enables.
var commandRanges = [...]struct{ first, last wire.CC }{
	{0x11F, 0x122}, {0x124, 0x12E}, {0x130, 0x140}, {0x142, 0x159}, {0x15B, 0x15E},
	{0x160, 0x165}, {0x167, 0x174}, {0x176, 0x178}, {0x17A, 0x193}, {0x197, 0x197},
}

const compressedCommands = 110

// CommandSet is a set of commands. The zero value is empty.
type CommandSet struct {
	bits [commandSetSize]byte // bit number is command code less 0x11F, lowest bit of a byte first

	// Length is the number of bytes the set had in the blob it was read from, which depends on the release and the
	// profile of its writer. Zero chooses the length libtpms gives to a set of all commands.
	Length int
}

// Contains says whether a command is in the set.
func (s *CommandSet) Contains(cc wire.CC) bool {
	if cc < firstCommand || cc >= firstCommand+8*commandSetSize {
		return false
	}
	return getBit(s.bits[:], int(cc-firstCommand))
}

// Set puts a command into the set or takes it out. A command the format has no place for is ignored.
func (s *CommandSet) Set(cc wire.CC, in bool) {
	if cc >= firstCommand && cc < firstCommand+8*commandSetSize {
		putBit(s.bits[:], int(cc-firstCommand), in)
	}
}

// Commands lists the set in ascending order.
func (s *CommandSet) Commands() []wire.CC {
	var list []wire.CC
	for i := range 8 * commandSetSize {
		if getBit(s.bits[:], i) {
			list = append(list, firstCommand+wire.CC(i))
		}
	}
	return list
}

// code visits a set in the form of a version of PERSISTENT_DATA. The set of audited commands has one bit more in the
// compressed form.
func (s *CommandSet) code(c *coder, version uint16, extra int) {
	var array []byte
	if !c.reading {
		array = s.array(version, extra)
	}
	c.sized(&array, 1<<16-1, "command set")
	if !c.reading {
		return
	}
	*s = CommandSet{Length: len(array)}
	if version < 5 {
		for rank, cc := range compressed {
			s.Set(cc, getBit(array, rank))
		}
		return
	}
	if !c.extended { // what a foreign writer has beyond must not come out again
		array = array[:min(len(array), libtpmsSetSize)]
	}
	copy(s.bits[:], array)
	s.Length = min(s.Length, libtpmsSetSize)
}

// array gives the set in the form of a version.
func (s *CommandSet) array(version uint16, extra int) []byte {
	if version >= 5 {
		array := make([]byte, commandSetSize)
		copy(array, s.bits[:])
		return trim(array, s.Length, 16)
	}
	array := make([]byte, (compressedCommands+extra+7)/8)
	for rank, cc := range compressed {
		putBit(array, rank, s.Contains(cc))
	}
	return trim(array, s.Length, len(array))
}

// trim shortens an array to the wanted length, or to the usual one, but not below its last set bit.
func trim(array []byte, length, usual int) []byte {
	if length == 0 || length > len(array) {
		length = usual
	}
	for n := len(array); n > length; n-- {
		if array[n-1] != 0 {
			return array[:n]
		}
	}
	return array[:length]
}

// compressed enumerates the commands of the compressed form by rank.
func compressed(yield func(int, wire.CC) bool) {
	rank := 0
	for _, r := range commandRanges {
		for cc := r.first; cc <= r.last; cc++ {
			if !yield(rank, cc) {
				return
			}
			rank++
		}
	}
}

func getBit(b []byte, n int) bool { return n>>3 < len(b) && b[n>>3]>>(n&7)&1 != 0 }

func putBit(b []byte, n int, v bool) {
	if v {
		b[n>>3] |= 1 << (n & 7)
	} else {
		b[n>>3] &^= 1 << (n & 7)
	}
}
