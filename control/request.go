package control

import "encoding/binary"

// Order is a byte order of messages: binary.BigEndian on sockets,
// binary.NativeEndian in the structures of ioctls.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// Request is a message to the TPM.
type Request interface {
	// Command is the number of the message.
	Command() Command
	// appendBody appends what follows the command number.
	appendBody(b []byte, o Order) []byte
}

// The requests. Those without fields have no body.
type (
	// GetCapability asks which commands there are.
	GetCapability struct{}
	// Init powers the TPM on.
	Init struct{ Flags uint32 }
	// Shutdown powers the TPM off and ends the process.
	Shutdown struct{}
	// GetTPMEstablished reads the tpmEstablished bit.
	GetTPMEstablished struct{}
	// SetLocality chooses the locality of the commands that follow.
	SetLocality struct{ Locality uint8 }
	// HashStart begins a hash sequence.
	HashStart struct{}
	// HashData hashes data.
	HashData struct{ Data []byte }
	// HashEnd ends a hash sequence.
	HashEnd struct{}
	// CancelTPMCmd gives a running command up.
	CancelTPMCmd struct{}
	// StoreVolatile writes the volatile state into the storage.
	StoreVolatile struct{}
	// ResetTPMEstablished clears the tpmEstablished bit.
	ResetTPMEstablished struct{ Locality uint8 }
	// GetStateBlob fetches state.
	GetStateBlob struct {
		Flags  uint32
		Kind   StateKind
		Offset uint32
	}
	// SetStateBlob hands state over.
	SetStateBlob struct {
		Flags uint32
		Kind  StateKind
		Data  []byte
	}
	// Stop powers the TPM off.
	Stop struct{}
	// GetConfig asks which keys are in use.
	GetConfig struct{}
	// SetDataFD accompanies the descriptor of the data channel.
	SetDataFD struct{}
	// SetBufferSize sets the size of TPM commands and responses, 0 asks.
	SetBufferSize struct{ Size uint32 }
	// GetInfo asks for a description of the TPM.
	GetInfo struct {
		Flags  uint64
		Offset uint32
	}
	// LockStorage takes the lock of the storage.
	LockStorage struct{ Retries uint32 }
)

// AppendRequest appends the message of a socket.
func AppendRequest(b []byte, r Request) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(r.Command()))
	return r.appendBody(b, binary.BigEndian)
}

// ParseRequest decodes a whole message: the command number and exactly its
// body. A SET_LOCALITY or RESET_TPMESTABLISHED may have three bytes of padding.
// The result is BadOrdinal for an unknown command, BadParameter for a wrong length.
func ParseRequest(msg []byte) (Request, Result) {
	if len(msg) < 4 {
		return nil, BadParameter
	}
	return parseBody(Command(binary.BigEndian.Uint32(msg)), msg[4:], binary.BigEndian)
}

// parseBody decodes what follows the command number.
func parseBody(cmd Command, body []byte, o Order) (Request, Result) {
	s := cmd.spec()
	if s == nil {
		return nil, BadOrdinal
	}
	if s.extra == padExtra && len(body) == 4 {
		body = body[:1]
	}
	if len(body) < s.body || len(body) > s.body && !s.data {
		return nil, BadParameter
	}
	data := body[s.body:]
	if s.data && uint64(len(data)) != uint64(o.Uint32(body[s.body-4:])) {
		return nil, BadParameter
	}
	return decodeBody(cmd, body, data, o), Success
}

// decodeBody reads the fields of a body whose length was checked.
func decodeBody(cmd Command, body, data []byte, o Order) Request {
	switch cmd {
	case CmdGetCapability:
		return GetCapability{}
	case CmdInit:
		return Init{Flags: o.Uint32(body)}
	case CmdShutdown:
		return Shutdown{}
	case CmdGetTPMEstablished:
		return GetTPMEstablished{}
	case CmdSetLocality:
		return SetLocality{Locality: body[0]}
	case CmdHashStart:
		return HashStart{}
	case CmdHashData:
		return HashData{Data: data}
	case CmdHashEnd:
		return HashEnd{}
	case CmdCancelTPMCmd:
		return CancelTPMCmd{}
	case CmdStoreVolatile:
		return StoreVolatile{}
	case CmdResetTPMEstablished:
		return ResetTPMEstablished{Locality: body[0]}
	case CmdGetStateBlob:
		return GetStateBlob{Flags: o.Uint32(body), Kind: StateKind(o.Uint32(body[4:])), Offset: o.Uint32(body[8:])}
	case CmdSetStateBlob:
		return SetStateBlob{Flags: o.Uint32(body), Kind: StateKind(o.Uint32(body[4:])), Data: data}
	case CmdStop:
		return Stop{}
	case CmdGetConfig:
		return GetConfig{}
	case CmdSetDataFD:
		return SetDataFD{}
	case CmdSetBufferSize:
		return SetBufferSize{Size: o.Uint32(body)}
	case CmdGetInfo:
		return GetInfo{Flags: o.Uint64(body), Offset: o.Uint32(body[8:])}
	case CmdLockStorage:
		return LockStorage{Retries: o.Uint32(body)}
	}
	return nil
}

func (GetCapability) Command() Command       { return CmdGetCapability }
func (Init) Command() Command                { return CmdInit }
func (Shutdown) Command() Command            { return CmdShutdown }
func (GetTPMEstablished) Command() Command   { return CmdGetTPMEstablished }
func (SetLocality) Command() Command         { return CmdSetLocality }
func (HashStart) Command() Command           { return CmdHashStart }
func (HashData) Command() Command            { return CmdHashData }
func (HashEnd) Command() Command             { return CmdHashEnd }
func (CancelTPMCmd) Command() Command        { return CmdCancelTPMCmd }
func (StoreVolatile) Command() Command       { return CmdStoreVolatile }
func (ResetTPMEstablished) Command() Command { return CmdResetTPMEstablished }
func (GetStateBlob) Command() Command        { return CmdGetStateBlob }
func (SetStateBlob) Command() Command        { return CmdSetStateBlob }
func (Stop) Command() Command                { return CmdStop }
func (GetConfig) Command() Command           { return CmdGetConfig }
func (SetDataFD) Command() Command           { return CmdSetDataFD }
func (SetBufferSize) Command() Command       { return CmdSetBufferSize }
func (GetInfo) Command() Command             { return CmdGetInfo }
func (LockStorage) Command() Command         { return CmdLockStorage }

func (GetCapability) appendBody(b []byte, _ Order) []byte     { return b }
func (Shutdown) appendBody(b []byte, _ Order) []byte          { return b }
func (GetTPMEstablished) appendBody(b []byte, _ Order) []byte { return b }
func (HashStart) appendBody(b []byte, _ Order) []byte         { return b }
func (HashEnd) appendBody(b []byte, _ Order) []byte           { return b }
func (CancelTPMCmd) appendBody(b []byte, _ Order) []byte      { return b }
func (StoreVolatile) appendBody(b []byte, _ Order) []byte     { return b }
func (Stop) appendBody(b []byte, _ Order) []byte              { return b }
func (GetConfig) appendBody(b []byte, _ Order) []byte         { return b }
func (SetDataFD) appendBody(b []byte, _ Order) []byte         { return b }

func (r Init) appendBody(b []byte, o Order) []byte { return o.AppendUint32(b, r.Flags) }

// A locality is followed by three bytes of padding, as QEMU sends it.
func (r SetLocality) appendBody(b []byte, _ Order) []byte { return append(b, r.Locality, 0, 0, 0) }

func (r ResetTPMEstablished) appendBody(b []byte, _ Order) []byte {
	return append(b, r.Locality, 0, 0, 0)
}

func (r HashData) appendBody(b []byte, o Order) []byte {
	return append(o.AppendUint32(b, uint32(len(r.Data))), r.Data...)
}

func (r GetStateBlob) appendBody(b []byte, o Order) []byte {
	b = o.AppendUint32(b, r.Flags)
	b = o.AppendUint32(b, uint32(r.Kind))
	return o.AppendUint32(b, r.Offset)
}

func (r SetStateBlob) appendBody(b []byte, o Order) []byte {
	b = o.AppendUint32(b, r.Flags)
	b = o.AppendUint32(b, uint32(r.Kind))
	return append(o.AppendUint32(b, uint32(len(r.Data))), r.Data...)
}

func (r SetBufferSize) appendBody(b []byte, o Order) []byte { return o.AppendUint32(b, r.Size) }

func (r GetInfo) appendBody(b []byte, o Order) []byte {
	b = o.AppendUint64(b, r.Flags)
	b = o.AppendUint32(b, r.Offset)
	return o.AppendUint32(b, 0)
}

func (r LockStorage) appendBody(b []byte, o Order) []byte { return o.AppendUint32(b, r.Retries) }
