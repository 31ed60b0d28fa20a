// Package pcap records TPM commands and responses in a pcapng file, as if they
// had travelled in one TCP connection, for network analysers to show. Start at
// [New].
package pcap

import (
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// serverPort is the TPM's port in the recorded connection.
const serverPort = 2321

// Flags of TCP.
const (
	fin = 0x01
	syn = 0x02
	ack = 0x10
)

// maxPayload is what fits into an IPv4 packet with its headers.
const maxPayload = 65535 - 40

// Options are what may differ from one recording to the next.
type Options struct {
	Checksums  bool   // fill the checksums in
	ClientPort uint16 // of the recorded connection
	// ClientSeq and ServerSeq are the initial sequence numbers.
	ClientSeq, ServerSeq uint32
	Now                  func() time.Time
}

// Recorder writes a recording. It is safe for concurrent use. Errors of writing
// are ignored: a TPM goes on when a disk is full.
type Recorder struct {
	mu  sync.Mutex
	w   io.Writer
	opt Options
}

// New begins a section, with the opening of the connection.
func New(w io.Writer, opt Options) *Recorder {
	r := &Recorder{w: w, opt: opt}
	w.Write(sectionHeader())
	w.Write(interfaceDescription())
	r.packet(true, syn, nil)
	r.opt.ClientSeq++
	r.packet(false, syn|ack, nil)
	r.opt.ServerSeq++
	r.packet(true, ack, nil)
	return r
}

// Command records what came from a client.
func (r *Recorder) Command(msg []byte) { r.message(true, msg) }

// Response records what went to a client.
func (r *Recorder) Response(msg []byte) { r.message(false, msg) }

func (r *Recorder) message(fromClient bool, msg []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	msg = msg[:min(len(msg), maxPayload)]
	r.packet(fromClient, 0, msg)
	if fromClient {
		r.opt.ClientSeq += uint32(len(msg))
	} else {
		r.opt.ServerSeq += uint32(len(msg))
	}
}

// Close records the end of the connection. It does not close the file.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.packet(true, fin, nil)
	r.opt.ClientSeq++
	r.packet(false, fin|ack, nil)
	r.opt.ServerSeq++
	r.packet(true, ack, nil)
	return nil
}

// sectionHeader is a Section Header Block of unknown length.
func sectionHeader() []byte {
	b := words(0x0A0D0D0A, 28, 0x1A2B3C4D)
	b = binary.NativeEndian.AppendUint16(b, 1)
	b = binary.NativeEndian.AppendUint16(b, 0)
	b = binary.NativeEndian.AppendUint64(b, 0)
	return append(b, words(28)...)
}

// interfaceDescription is an Interface Description Block for Ethernet.
func interfaceDescription() []byte {
	b := words(1, 20)
	b = binary.NativeEndian.AppendUint16(b, 1)
	b = binary.NativeEndian.AppendUint16(b, 0)
	return append(b, words(0, 20)...)
}

func words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return b
}

// packet writes an Enhanced Packet Block with one segment.
func (r *Recorder) packet(fromClient bool, flags byte, payload []byte) {
	frame := r.frame(fromClient, flags, payload)
	pad := -len(frame) & 3
	size := uint32(32 + len(frame) + pad)
	now := uint64(r.opt.Now().UnixMicro())
	b := words(6, size, 0, uint32(now>>32), uint32(now), uint32(len(frame)), uint32(len(frame)))
	b = append(b, frame...)
	b = append(b, make([]byte, pad)...)
	r.w.Write(append(b, words(size)...))
}

// frame builds an Ethernet frame around one TCP segment.
func (r *Recorder) frame(fromClient bool, flags byte, payload []byte) []byte {
	from, to := r.opt.ClientPort, uint16(serverPort)
	seq, ackSeq := r.opt.ClientSeq, r.opt.ServerSeq
	if !fromClient {
		from, to, seq, ackSeq = to, from, ackSeq, seq
	}
	if flags == syn {
		ackSeq = 0
	}
	ip := ipHeader(20 + len(payload))
	tcp := binary.BigEndian.AppendUint16(nil, from)
	tcp = binary.BigEndian.AppendUint16(tcp, to)
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, ackSeq)
	tcp = append(tcp, 5<<4, flags, 0xff, 0xc4, 0, 0, 0, 0)
	tcp = append(tcp, payload...)
	if r.opt.Checksums {
		binary.BigEndian.PutUint16(ip[10:], checksum(0, ip))
		pseudo := uint32(6 + len(tcp))
		for i := 12; i < 20; i += 2 {
			pseudo += uint32(binary.BigEndian.Uint16(ip[i:]))
		}
		binary.BigEndian.PutUint16(tcp[16:], checksum(pseudo, tcp))
	}
	frame := append(make([]byte, 12), 0x08, 0x00)
	return append(append(frame, ip...), tcp...)
}

// ipHeader is an IPv4 header for so many bytes of TCP on the loopback.
func ipHeader(n int) []byte {
	b := []byte{0x45, 0x10, 0, 0, 0x06, 0x9b, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1}
	binary.BigEndian.PutUint16(b[2:], uint16(20+n))
	return b
}

// checksum is the Internet checksum of b, on top of a sum so far.
func checksum(sum uint32, b []byte) uint16 {
	for len(b) > 1 {
		sum += uint32(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
