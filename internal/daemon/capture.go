package daemon

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"govtpm/internal/option"
	"govtpm/internal/pcap"
)

// openCapture begins to record the traffic for --pcap.
func (r *process) openCapture() error {
	if !r.options.has("pcap") {
		return nil
	}
	l, err := r.options.list("pcap", "pcap", option.Def{Name: "file"}, option.Def{Name: "fd", Type: option.Uint},
		option.Def{Name: "truncate", Type: option.Bool}, option.Def{Name: "mode", Type: option.Mode}, option.Def{Name: "checksums", Type: option.Bool})
	if err != nil {
		return err
	}
	f, err := captureFile(l)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, f)
	var seed [10]byte
	rand.Read(seed[:])
	rec := pcap.New(f, pcap.Options{
		Checksums:  l.Bool("checksums", false),
		ClientPort: 50000 + binary.BigEndian.Uint16(seed[8:])%5000,
		ClientSeq:  binary.BigEndian.Uint32(seed[:]), ServerSeq: binary.BigEndian.Uint32(seed[4:]),
		Now: time.Now,
	})
	r.closers = append(r.closers, rec)
	r.trace = func(label string, msg []byte) {
		if label == "Read" {
			rec.Command(msg)
		} else {
			rec.Response(msg)
		}
	}
	return nil
}

// recordOwn records a command that no client sent.
func (r *process) recordOwn(cmd, rsp []byte) {
	if r.trace != nil {
		r.trace("Read", cmd)
		r.trace("Write", rsp)
	}
}

func captureFile(l *option.List) (*os.File, error) {
	mode := l.Mode("mode", 0o640)
	var f *os.File
	var err error
	switch {
	case l.Has("file"):
		flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND | noFollow
		if l.Bool("truncate", false) {
			flags |= os.O_TRUNC
		}
		if f, err = os.OpenFile(l.String("file", ""), flags, mode); err != nil {
			return nil, fmt.Errorf("Could not open pcap file %s: %s", l.String("file", ""), option.Sentence(err))
		}
	case l.Has("fd"):
		fd := l.Int("fd", -1)
		if f, err = option.Inherited(fd); err != nil {
			return nil, fmt.Errorf("Bad filedescriptor %d for pcap file", fd)
		}
	default:
		return nil, fmt.Errorf("The file or fd parameter is required for the pcap option.")
	}
	// Neither a pipe nor a foreign file has to take these.
	_ = f.Chmod(mode)
	if l.Has("fd") && l.Bool("truncate", false) {
		_ = f.Truncate(0)
	}
	return f, nil
}
