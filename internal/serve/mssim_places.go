package serve

import (
	"net"
	"sync"
	"time"
)

// maxClients is how many clients one port serves at once, so that no number of connections takes all descriptors.
const maxClients = 64

// places are the clients of one port. If there are too many, the one that has been silent the longest has to go: clients that
// connect and then hang must not keep others out.
type places struct {
	mu    sync.Mutex
	taken map[*place]struct{}
}

// A place is a client that is being served.
type place struct {
	net.Conn
	all   *places
	heard time.Time // guarded by all.mu
}

// take gives a client a place.
func (p *places) take(conn net.Conn) *place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.taken) >= maxClients {
		var silent *place
		for c := range p.taken {
			if silent == nil || c.heard.Before(silent.heard) {
				silent = c
			}
		}
		silent.Conn.Close()
		delete(p.taken, silent)
	}
	if p.taken == nil {
		p.taken = make(map[*place]struct{})
	}
	c := &place{Conn: conn, all: p, heard: time.Now()}
	p.taken[c] = struct{}{}
	return c
}

// leave frees the place.
func (c *place) leave() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	delete(c.all.taken, c)
}

// Read notes that the client is alive.
func (c *place) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.all.mu.Lock()
		c.heard = time.Now()
		c.all.mu.Unlock()
	}
	return n, err
}
