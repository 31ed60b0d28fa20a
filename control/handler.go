package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// ErrShutdown is what Handler.Handle and Server.ServeConn return when a client
// ended the process by SHUTDOWN.
var ErrShutdown = errors.New("shutdown requested on the control channel")

// MaxLocality is the highest locality of a TPM.
const MaxLocality = 4

// DataChannel takes the descriptor of SET_DATAFD.
type DataChannel interface {
	// Free tells whether a descriptor would be taken: not while there is
	// one already, or a listening socket.
	Free() bool
	// Attach serves TPM commands from f from now on, and owns f.
	Attach(f *os.File) error
}

// Handler carries out requests on a TPM. It knows the rules of the protocol and
// nothing of how messages travel.
type Handler struct {
	TPM      TPM
	Caps     Capability     // what GET_CAPABILITY answers
	Config   uint32         // what GET_CONFIG answers
	Data     DataChannel    // nil: no SET_DATAFD
	Locality *atomic.Uint32 // the locality in force, shared with the data channel

	// RejectLocality4 refuses locality 4 to SET_LOCALITY.
	RejectLocality4 bool
}

// Check applies the rule about the TPM's state: BadOrdinal if cmd is unknown or
// cannot be carried out now.
func (h *Handler) Check(cmd Command) Result {
	s := cmd.spec()
	if s == nil {
		return BadOrdinal
	}
	if s.need != anyState && (s.need == needRunning) != h.TPM.Running() {
		return BadOrdinal
	}
	return Success
}

// Handle carries out one request. An error means that the process has to end
// after the response has been sent: ErrShutdown, or something fatal.
func (h *Handler) Handle(ctx context.Context, req Request) (Response, error) {
	if r := h.Check(req.Command()); r != Success {
		return r, nil
	}
	switch r := req.(type) {
	case GetCapability:
		return Capabilities{Mask: h.Caps}, nil
	case Init:
		return ResultOf(h.TPM.Init(ctx, r.Flags&InitDeleteVolatile != 0)), nil
	case Shutdown:
		return ResultOf(h.TPM.Shutdown(ctx)), ErrShutdown
	case Stop:
		return ResultOf(h.TPM.Stop(ctx)), nil
	case GetTPMEstablished:
		bit, err := h.TPM.Established()
		if err != nil {
			return ResultOf(err), nil
		}
		return Established{Bit: bit}, nil
	case ResetTPMEstablished:
		if r.Locality > MaxLocality {
			return BadLocality, nil
		}
		return ResultOf(h.TPM.ResetEstablished(r.Locality)), nil
	case SetLocality:
		return h.setLocality(r.Locality), nil
	case HashStart:
		return ResultOf(h.TPM.HashStart()), nil
	case HashData:
		return ResultOf(h.TPM.HashData(r.Data)), nil
	case HashEnd:
		return ResultOf(h.TPM.HashEnd()), nil
	case CancelTPMCmd:
		return ResultOf(h.TPM.Cancel()), nil
	case StoreVolatile:
		return ResultOf(h.TPM.StoreVolatile()), nil
	case GetStateBlob:
		return h.getStateBlob(r), nil
	case SetStateBlob:
		return h.setStateBlob(r)
	case GetConfig:
		return Config{Flags: h.Config}, nil
	case SetDataFD:
		return h.setDataFD(nil), nil
	case SetBufferSize:
		return h.setBufferSize(r.Size), nil
	case GetInfo:
		return h.getInfo(r), nil
	case LockStorage:
		return ResultOf(h.TPM.LockStorage(r.Retries)), nil
	}
	return BadOrdinal, nil
}

func (h *Handler) setLocality(l uint8) Result {
	if l > MaxLocality || l == MaxLocality && h.RejectLocality4 {
		return BadLocality
	}
	h.Locality.Store(uint32(l))
	return Success
}

// getStateBlob answers with all of the state from the offset on. Fetching the
// savestate blob is what ends an outgoing migration, so the storage is given up
// for the receiving side before the response tells it to go on.
func (h *Handler) getStateBlob(r GetStateBlob) Response {
	if r.Kind < StatePermanent || r.Kind > StateSave {
		return StateBlob{Result: Fail}
	}
	data, encrypted, err := h.TPM.StateBlob(uint32(r.Kind), r.Flags&StateDecrypted != 0)
	if r.Kind == StateSave {
		err = errors.Join(err, h.TPM.UnlockStorage())
	}
	if err != nil {
		return StateBlob{Result: ResultOf(err)}
	}
	from := min(uint64(r.Offset), uint64(len(data)))
	clear(data[:from]) // it may be plain state, and who sends the rest wipes that
	data = data[from:]
	rsp := StateBlob{Total: uint32(len(data)), Data: data}
	if encrypted {
		rsp.Flags = StateEncrypted
	}
	return rsp
}

// setStateBlob hands state over and wipes what came: the TPM keeps its own copy.
func (h *Handler) setStateBlob(r SetStateBlob) (Response, error) {
	defer clear(r.Data)
	if r.Kind < StatePermanent || r.Kind > StateSave {
		return BadParameter, nil
	}
	if len(r.Data) > MaxStateBlob {
		return Fail, nil
	}
	err := h.TPM.SetStateBlob(uint32(r.Kind), r.Flags&StateEncrypted != 0, r.Data)
	var f interface{ Fatal() bool }
	if errors.As(err, &f) && f.Fatal() {
		return ResultOf(err), fmt.Errorf("set state blob: %w", err)
	}
	return ResultOf(err), nil
}

// setDataFD hands the one descriptor that came with a message to the data
// channel, and closes what it does not hand over.
func (h *Handler) setDataFD(files []*os.File) Result {
	if h.Data == nil || !h.Data.Free() {
		closeAll(files)
		return IOError
	}
	if len(files) != 1 {
		closeAll(files)
		return BadParameter
	}
	return ResultOf(h.Data.Attach(files[0]))
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func (h *Handler) setBufferSize(size uint32) Response {
	if size != 0 && h.TPM.Running() {
		return BadOrdinal
	}
	var rsp BufferSize
	var err error
	rsp.Current, rsp.Min, rsp.Max, err = h.TPM.SetBufferSize(size)
	if err != nil {
		return ResultOf(err)
	}
	return rsp
}

// getInfo answers with a piece of the text, which counts with a final zero byte.
func (h *Handler) getInfo(r GetInfo) Response {
	text, err := h.TPM.Info(r.Flags)
	if err != nil {
		return ResultOf(err)
	}
	if uint64(r.Offset) >= uint64(len(text)) {
		return BadParameter
	}
	all := append(text[:len(text):len(text)], 0)
	rest := all[r.Offset:]
	return Info{Total: uint32(len(all)), Data: rest[:min(len(rest), InfoSize)]}
}
