package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// A Message is one TPM command or response of a recording.
type Message struct {
	Time       time.Time
	FromClient bool
	Data       []byte
}

// maxBlock bounds the size of a block; those of a recording have one packet.
const maxBlock = 1 << 18

// Magic is what recordings begin with.
const Magic = "\x0a\x0d\x0d\x0a"

// errDamaged is what a recording that breaks the format comes to.
var errDamaged = errors.New("damaged pcapng file")

// Messages gives what was recorded, in its order: the payload of each segment from or to the TPM's port. It knows
// recordings of this package and of swtpm, in either byte order, and skips packets of other kinds. An error is the last
// thing it gives.
func Messages(r io.Reader) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		b := blocks{r: r}
		for {
			kind, body, err := b.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Message{}, err)
				return
			}
			if kind != 6 {
				continue
			}
			if m, ok := b.message(body); ok && !yield(m, nil) {
				return
			}
		}
	}
}

// blocks takes a file apart.
type blocks struct {
	r     io.Reader
	order binary.ByteOrder
}

// next reads a block: its type and body, between the two fields with its size.
func (b *blocks) next() (kind uint32, body []byte, err error) {
	var head [8]byte
	if n, err := io.ReadFull(b.r, head[:]); err != nil {
		if n == 0 && err == io.EOF {
			return 0, nil, io.EOF
		}
		return 0, nil, errDamaged
	}
	if string(head[:4]) == Magic {
		return 0, nil, b.section(head[4:])
	}
	if b.order == nil {
		return 0, nil, fmt.Errorf("%w: it does not begin with a section", errDamaged)
	}
	body, err = b.body(b.order.Uint32(head[4:]), 8)
	return b.order.Uint32(head[:]), body, err
}

// section reads the rest of a Section Header Block, which tells the byte order.
func (b *blocks) section(size []byte) error {
	var magic [4]byte
	if _, err := io.ReadFull(b.r, magic[:]); err != nil {
		return errDamaged
	}
	switch uint32(0x1A2B3C4D) {
	case binary.LittleEndian.Uint32(magic[:]):
		b.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic[:]):
		b.order = binary.BigEndian
	default:
		return fmt.Errorf("%w: unknown byte order", errDamaged)
	}
	_, err := b.body(b.order.Uint32(size), 12)
	return err
}

// body reads what is left of a block of so many bytes, and takes the size at its end off.
func (b *blocks) body(size, done uint32) ([]byte, error) {
	if size > maxBlock || size%4 != 0 || size < done+4 {
		return nil, fmt.Errorf("%w: block of %d bytes", errDamaged, size)
	}
	body := make([]byte, size-done)
	if _, err := io.ReadFull(b.r, body); err != nil {
		return nil, errDamaged
	}
	return body[:len(body)-4], nil
}

// message finds the message in an Enhanced Packet Block.
func (b *blocks) message(body []byte) (m Message, ok bool) {
	if len(body) < 20 {
		return m, false
	}
	micros := uint64(b.order.Uint32(body[4:]))<<32 | uint64(b.order.Uint32(body[8:]))
	frame := body[20:]
	if n := b.order.Uint32(body[12:]); uint64(n) < uint64(len(frame)) {
		frame = frame[:n]
	}
	from, to, payload := tcpSegment(frame)
	if len(payload) == 0 || from != serverPort && to != serverPort {
		return m, false
	}
	return Message{time.UnixMicro(int64(micros & (1<<62 - 1))), to == serverPort, payload}, true
}

// tcpSegment takes Ethernet, IPv4 and TCP off a frame.
func tcpSegment(frame []byte) (from, to uint16, payload []byte) {
	const ethernet, ip, tcp = 14, 20, 20
	if len(frame) < ethernet+ip+tcp || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return 0, 0, nil
	}
	packet := frame[ethernet:]
	head := int(packet[0]&15) * 4
	total := int(binary.BigEndian.Uint16(packet[2:]))
	if packet[0]>>4 != 4 || packet[9] != 6 || head < ip || total < head+tcp || total > len(packet) {
		return 0, 0, nil
	}
	packet = packet[head:total]
	offset := int(packet[12]>>4) * 4
	if offset < tcp || offset > len(packet) {
		return 0, 0, nil
	}
	return binary.BigEndian.Uint16(packet), binary.BigEndian.Uint16(packet[2:]), packet[offset:]
}
