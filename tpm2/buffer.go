package tpm2

// SetBufferSize sets the size of the largest command and response (TPM_PT_MAX_COMMAND_SIZE and _RESPONSE_SIZE), at most
// maxCommandSize. It stays over Init.
func (t *TPM) SetBufferSize(size int) { t.bufferSize = min(size, maxCommandSize) }

// maxCommand is the size of the largest command and of the largest response.
func (t *TPM) maxCommand() int {
	if t.bufferSize == 0 {
		return maxCommandSize
	}
	return t.bufferSize
}
