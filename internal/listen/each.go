package listen

import (
	"context"
	"errors"
	"net"
	"time"
)

// pause is how long Each waits after a failure to accept: there are no descriptors left, or the client was faster gone
// than come.
const pause = 10 * time.Millisecond

// Each hands one client after the other to serve, which owns it. It returns nil when ctx is done, which closes l, or
// when serve says that there is to be no next client; and an error when l was closed by somebody else.
func Each(ctx context.Context, l net.Listener, serve func(net.Conn) (next bool)) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			time.Sleep(pause)
		case !serve(conn):
			return nil
		}
	}
}
