package wire

// Command and response headers (Part 1, 15) and authorizations (Part 2, 10.12).

// HeaderSize is the size of a command header and of a response header.
const HeaderSize = 10

// CommandHeader starts every command: tag, commandSize, commandCode.
type CommandHeader struct {
	Tag  ST
	Size uint32
	Code CC
}

// Unmarshal reads the header of the command that fills the Reader. The checks come in the order of Part 3, 5.2: a tag
// that is no TPM_ST gives RCValue, as libtpms does, and one that is no command tag RCBadTag (TPMI_ST_COMMAND_TAG, Part 2,
// Table 85); a size other than that of the command, or above the limit, gives RCCommandSize. Whether the command exists
// is not asked.
func (t *CommandHeader) Unmarshal(r *Reader) {
	t.Tag.unmarshalIn(r, RCBadTag, STNoSessions, STSessions)
	t.Size = r.Uint32()
	if uint64(t.Size) != uint64(r.total) || uint64(t.Size) > uint64(r.limits.MaxCommandSize) {
		r.Fail(RCCommandSize)
	}
	t.Code.Unmarshal(r)
}

// Marshal writes the header.
func (t *CommandHeader) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	w.Uint32(t.Size)
	t.Code.Marshal(w)
}

// ResponseHeader starts every response: tag, responseSize, responseCode.
type ResponseHeader struct {
	Tag  ST
	Size uint32
	Code RC
}

// Unmarshal reads the header.
func (t *ResponseHeader) Unmarshal(r *Reader) {
	t.Tag.Unmarshal(r)
	t.Size = r.Uint32()
	t.Code.Unmarshal(r)
}

// Marshal writes the header.
func (t *ResponseHeader) Marshal(w *Writer) {
	t.Tag.Marshal(w)
	w.Uint32(t.Size)
	t.Code.Marshal(w)
}

// ErrorResponse returns the whole response to a command that failed (Part 2, 6.6.1).
func ErrorResponse(rc RC) []byte {
	return Marshal(&ResponseHeader{STNoSessions, HeaderSize, rc})
}

// TPMSAuthCommand is TPMS_AUTH_COMMAND (Part 2, 10.12.2).
type TPMSAuthCommand struct {
	SessionHandle Handle
	Nonce         TPM2BNonce
	Attributes    TPMASession
	HMAC          TPM2BAuth
}

// Unmarshal reads the authorization.
func (t *TPMSAuthCommand) Unmarshal(r *Reader) {
	t.SessionHandle = r.Handle(TPMISHAuthSession | OrNull)
	t.Nonce.Unmarshal(r)
	t.Attributes.Unmarshal(r)
	t.HMAC.Unmarshal(r)
}

// Marshal writes the authorization.
func (t *TPMSAuthCommand) Marshal(w *Writer) {
	t.SessionHandle.Marshal(w)
	t.Nonce.Marshal(w)
	t.Attributes.Marshal(w)
	t.HMAC.Marshal(w)
}

// TPMSAuthResponse is TPMS_AUTH_RESPONSE (Part 2, 10.12.3).
type TPMSAuthResponse struct {
	Nonce      TPM2BNonce
	Attributes TPMASession
	HMAC       TPM2BAuth
}

// Unmarshal reads the authorization.
func (t *TPMSAuthResponse) Unmarshal(r *Reader) {
	t.Nonce.Unmarshal(r)
	t.Attributes.Unmarshal(r)
	t.HMAC.Unmarshal(r)
}

// Marshal writes the authorization.
func (t *TPMSAuthResponse) Marshal(w *Writer) {
	t.Nonce.Marshal(w)
	t.Attributes.Marshal(w)
	t.HMAC.Marshal(w)
}
