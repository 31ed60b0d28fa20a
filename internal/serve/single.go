package serve

import "context"

// Execute carries out a command that came whole, as one write to a device does. An error is fatal, as TPM's.
func (s *Server) Execute(ctx context.Context, cmd []byte) ([]byte, error) {
	return s.execute(ctx, message{cmd: cmd})
}
