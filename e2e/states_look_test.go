package e2e

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"govtpm/e2e/rawtpm"
)

// transact sends a command and gives the whole response.
type transact func(rawtpm.Command) ([]byte, error)

// A call is a command that is sent to a state, with a name for it.
type call struct {
	name    string
	command rawtpm.Command
}

// ignored are the properties that differ between libtpms 0.9.2, which made the states, and later releases, by capability.
var ignored = map[[2]uint32]string{
	{6, 0x102}: "revision of the standard", {6, 0x103}: "its day", {6, 0x104}: "its year",
	{6, 0x10b}: "firmware version", {6, 0x10c}: "firmware version",
	{6, 0x121}: "size of an object context", {6, 0x123}: "platform", {6, 0x125}: "its revision", {6, 0x126}: "its day", {6, 0x127}: "its year",
	{6, 0x12f}: "firmware SVN", {6, 0x130}: "highest firmware SVN",
	{6, 0x209}: "how many persistent objects fit: the size set aside for one",
	{7, 0x08}:  "PCR 20 to 22 reset at locality 3 or not", {7, 0x11}: "PCR that do not count updates", {7, 0x13}: "PCR with a policy",
	{7, 0x14}: "PCR with an authorization value",
}

// lookAt asks a TPM that is powered on for all that a client can see, then sends further commands, and gives the answers as
// lines. What moves with time or by chance is left out.
func lookAt(tx transact, startup rawtpm.Command, more []call) (string, error) {
	l := looker{tx: tx}
	if startup != nil && !l.whole("Startup", startup) {
		return l.text.String(), l.err
	}
	for _, kind := range []uint32{0x00, 0x01, 0x02, 0x03, 0x40, 0x80, 0x81} {
		l.whole(fmt.Sprintf("handles %02x", kind), rawtpm.GetCapability(1, kind<<24, 254))
	}
	l.whole("algorithms", rawtpm.GetCapability(0, 0, 254))
	l.whole("commands", rawtpm.GetCapability(2, 0x11f, 254))
	l.whole("PP commands", rawtpm.GetCapability(3, 0x11f, 254))
	l.whole("audited commands", rawtpm.GetCapability(4, 0x11f, 254))
	l.whole("PCR banks", rawtpm.GetCapability(5, 0, 254))
	l.properties(7, 0, 5)
	l.whole("curves", rawtpm.GetCapability(8, 0, 254))
	l.whole("policies", rawtpm.GetCapability(9, 0x40000000, 254))
	l.properties(6, 0x100, 8)
	l.properties(6, 0x200, 8)
	l.clock()
	for _, bank := range []uint16{rawtpm.AlgSHA1, rawtpm.AlgSHA256, rawtpm.AlgSHA384, rawtpm.AlgSHA512} {
		for first := 0; first < 24; first += 8 {
			l.whole(fmt.Sprintf("PCR %04x %d", bank, first), rawtpm.PCRRead(bank, first, first+1, first+2, first+3, first+4, first+5, first+6, first+7))
		}
	}
	for _, h := range l.handles(0x01) {
		l.whole(fmt.Sprintf("NV public %08x", h), rawtpm.NVReadPublic(h))
	}
	for _, kind := range []uint32{0x80, 0x81} {
		for _, h := range l.handles(kind) {
			l.whole(fmt.Sprintf("public %08x", h), rawtpm.ReadPublic(h))
		}
	}
	for _, c := range more {
		l.whole(c.name, c.command)
	}
	return l.text.String(), l.err
}

type looker struct {
	tx   transact
	text strings.Builder
	err  error
}

func (l *looker) send(cmd rawtpm.Command) []byte {
	if l.err != nil {
		return make([]byte, 10)
	}
	rsp, err := l.tx(cmd)
	if err == nil && len(rsp) < 10 {
		err = fmt.Errorf("a response of %d bytes", len(rsp))
	}
	if err != nil {
		l.err = err
		return make([]byte, 10)
	}
	return rsp
}

// retry is TPM_RC_RETRY: send it again. libtpms up to 0.9 wants that at the first use of an object under dictionary attack
// protection.
const retry = 0x922

// whole tells the whole response, or the response code if it is an error.
func (l *looker) whole(name string, cmd rawtpm.Command) (ok bool) {
	rsp := l.send(cmd)
	rc := binary.BigEndian.Uint32(rsp[6:])
	if rc == retry {
		rsp = l.send(cmd)
		rc = binary.BigEndian.Uint32(rsp[6:])
	}
	if rc != 0 {
		fmt.Fprintf(&l.text, "%s: error %03x\n", name, rc)
		return false
	}
	fmt.Fprintf(&l.text, "%s: %s\n", name, hex.EncodeToString(rsp[10:]))
	return true
}

// handles lists the handles of a kind.
func (l *looker) handles(kind uint32) []uint32 {
	rsp := l.send(rawtpm.GetCapability(1, kind<<24, 254))
	var list []uint32
	for b := rsp[min(19, len(rsp)):]; len(b) >= 4; b = b[4:] {
		list = append(list, binary.BigEndian.Uint32(b))
	}
	return list
}

// properties tells the properties of a group, of which each takes size bytes.
func (l *looker) properties(capability, first uint32, size int) {
	rsp := l.send(rawtpm.GetCapability(capability, first, 254))
	for b := rsp[min(19, len(rsp)):]; len(b) >= size; {
		p := binary.BigEndian.Uint32(b)
		if capability == 7 {
			size = 5 + int(b[4])
		}
		if p>>8 == first>>8 && ignored[[2]uint32{capability, p}] == "" && len(b) >= size {
			fmt.Fprintf(&l.text, "property %d %03x: %x\n", capability, p, b[4:size])
		}
		b = b[min(size, len(b)):]
	}
}

// clock tells the counters and whether the clock is safe.
func (l *looker) clock() {
	if rsp := l.send(rawtpm.ReadClock()); len(rsp) == 35 {
		fmt.Fprintf(&l.text, "resets %x, restarts %x, safe %x\n", rsp[26:30], rsp[30:34], rsp[34])
	}
}
