package govtpm

// Limits of the size of commands and responses, as libtpms has them: the least one holds the largest saved context.
const (
	minBufferSize = 0xb50
	maxBufferSize = 0x1000
)

// SetBufferSize sets the size of commands and responses to the nearest possible one, while the TPM is off; 0 only asks. It
// stays in force over Init.
func (t *TPM) SetBufferSize(size uint32) (current, minimum, maximum uint32, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case size == 0:
	case t.engine != nil:
		err = withResult(errRunning, resultBadOrdinal)
	default:
		t.bufferSize = min(max(size, minBufferSize), maxBufferSize)
	}
	return t.bufferSize, minBufferSize, maxBufferSize, err
}
