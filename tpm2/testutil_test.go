package tpm2

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"govtpm/tpm2/wire"
)

// fakeClock stands still until a test moves it.
type fakeClock struct{ now time.Duration }

func (c *fakeClock) Monotonic() time.Duration { return c.now }
func (c *fakeClock) Wall() time.Time          { return time.Unix(1_700_000_000, 0).Add(c.now) }

// memoryStorage keeps the last state saved; failing makes saving fail.
type memoryStorage struct {
	mu      sync.Mutex
	state   []byte
	saves   int
	failing bool
	given   []byte // what was loaded last
}

var errStorage = errors.New("no space left")

func (s *memoryStorage) SavePermanent(state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing {
		return errStorage
	}
	s.state = bytes.Clone(state)
	s.saves++
	return nil
}

func (s *memoryStorage) LoadPermanent() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = bytes.Clone(s.state)
	return s.given, nil
}

// countingEntropy is a reproducible source of entropy.
type countingEntropy struct{ n byte }

func (e *countingEntropy) Read(b []byte) (int, error) {
	for i := range b {
		e.n++
		b[i] = e.n
	}
	return len(b), nil
}

// testTPM is a TPM in a bench.
type testTPM struct {
	*TPM
	t        *testing.T
	clock    *fakeClock
	storage  *memoryStorage
	locality uint8
	presence bool
	channel  *SecureChannel
	judge    *rowJudge // compares failures of TestCommandRows with libtpms, nil without
}

// vectorSeeds are the seeds of the reference vectors: ranges of bytes, see testdata/vectors/README.md.
func vectorSeeds() *Seeds {
	up := func(first byte) []byte {
		b := make([]byte, 64)
		for i := range b {
			b[i] = first + byte(i)
		}
		return b
	}
	down := func(first byte) []byte {
		b := make([]byte, 64)
		for i := range b {
			b[i] = first - byte(i)
		}
		return b
	}
	return &Seeds{
		Endorsement: up(0x00), Storage: up(0x40), Platform: up(0x80),
		PlatformProof: up(0xC0), StorageProof: down(0x7F), EndorsementProof: down(0x3F),
	}
}

// newTestTPM makes a TPM with the seeds of the reference vectors and the profile that has most, powers it on and starts it up with
// CLEAR.
func newTestTPM(t *testing.T) *testTPM {
	t.Helper()
	return newTestTPMWith(t, Options{Seeds: vectorSeeds(), Profile: testProfile(t, `{"Name":"default-v2"}`)}).startup(wire.SUClear)
}

// testProfile reads a profile.
func testProfile(t *testing.T, json string) *Profile {
	t.Helper()
	p, err := ParseProfile(json)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// newTestTPMWith makes a TPM and powers it on, without Startup.
func newTestTPMWith(t *testing.T, o Options) *testTPM {
	t.Helper()
	b := &testTPM{t: t, clock: new(fakeClock), storage: new(memoryStorage)}
	env := Environment{
		Entropy: new(countingEntropy), Clock: b.clock, Storage: b.storage,
		PhysicalPresence: func() bool { return b.presence },
	}
	var err error
	if b.TPM, err = Manufacture(env, o); err != nil {
		t.Fatal(err)
	}
	if err := b.Init(); err != nil {
		t.Fatal(err)
	}
	return b
}

// startup runs TPM2_Startup.
func (b *testTPM) startup(su wire.SU) *testTPM {
	b.t.Helper()
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCStartup).u16(uint16(su))))
	return b
}

// shutdown runs TPM2_Shutdown.
func (b *testTPM) shutdown(su wire.SU) {
	b.t.Helper()
	b.want(wire.RCSuccess, b.run(newCommand(wire.CCShutdown).u16(uint16(su))))
}

// powerCycle is _TPM_Init.
func (b *testTPM) powerCycle() {
	b.t.Helper()
	if err := b.Init(); err != nil {
		b.t.Fatal(err)
	}
}

// A testCommand is a command being put together: handles, then sessions, then parameters.
type testCommand struct {
	code    wire.CC
	handles []wire.Handle
	auths   []testAuth
	params  wire.Writer
}

// testAuth is one entry of the authorization area.
type testAuth struct {
	handle     wire.Handle
	nonce      []byte
	attributes wire.TPMASession
	hmac       []byte
}

func newCommand(cc wire.CC, handles ...wire.Handle) *testCommand {
	return &testCommand{code: cc, handles: handles}
}

// password adds a password session.
func (c *testCommand) password(p string) *testCommand {
	c.auths = append(c.auths, testAuth{handle: wire.RSPW, hmac: []byte(p)})
	return c
}

// session adds a session with the given HMAC.
func (c *testCommand) session(h wire.Handle, nonce []byte, a wire.TPMASession, hmac []byte) *testCommand {
	c.auths = append(c.auths, testAuth{h, nonce, a, hmac})
	return c
}

func (c *testCommand) u8(v uint8) *testCommand   { c.params.Uint8(v); return c }
func (c *testCommand) u16(v uint16) *testCommand { c.params.Uint16(v); return c }
func (c *testCommand) u32(v uint32) *testCommand { c.params.Uint32(v); return c }
func (c *testCommand) u64(v uint64) *testCommand { c.params.Uint64(v); return c }
func (c *testCommand) b2(p []byte) *testCommand  { c.params.TPM2B(p); return c }
func (c *testCommand) raw(p []byte) *testCommand { c.params.Raw(p); return c }

// put appends structures of Part 2.
func (c *testCommand) put(v ...wire.Marshaler) *testCommand {
	for _, m := range v {
		m.Marshal(&c.params)
	}
	return c
}

// bytes is the whole command.
func (c *testCommand) bytes() []byte {
	var w wire.Writer
	tag := wire.STNoSessions
	if len(c.auths) != 0 {
		tag = wire.STSessions
	}
	w.Uint16(uint16(tag))
	w.Uint32(0)
	w.Uint32(uint32(c.code))
	for _, h := range c.handles {
		w.Uint32(uint32(h))
	}
	if len(c.auths) != 0 {
		mark := w.Begin32()
		for _, a := range c.auths {
			w.Uint32(uint32(a.handle))
			w.TPM2B(a.nonce)
			w.Uint8(uint8(a.attributes))
			w.TPM2B(a.hmac)
		}
		w.End32(mark)
	}
	w.Raw(c.params.Bytes())
	b := w.Bytes()
	binary.BigEndian.PutUint32(b[2:], uint32(len(b)))
	return b
}

// A testResponse is a response taken apart. For a command that returns a handle, call handle first.
type testResponse struct {
	t      *testing.T
	rc     wire.RC
	tag    wire.ST
	body   []byte       // after the header
	r      *wire.Reader // over the parameters
	hasOut bool
}

// run executes a command.
func (b *testTPM) run(c *testCommand) *testResponse { return b.runBytes(c.bytes()) }

// runBytes executes a command given as bytes.
func (b *testTPM) runBytes(cmd []byte) *testResponse {
	b.t.Helper()
	out := b.ExecuteOver(context.Background(), b.channel, b.locality, cmd)
	if len(out) < 10 || int(binary.BigEndian.Uint32(out[2:])) != len(out) {
		b.t.Fatalf("malformed response %x", out)
	}
	return &testResponse{
		t: b.t, tag: wire.ST(binary.BigEndian.Uint16(out)), rc: wire.RC(binary.BigEndian.Uint32(out[6:])),
		body: out[10:], r: wire.NewReader(out[10:], nil),
	}
}

// must runs a command that has to succeed.
func (b *testTPM) must(c *testCommand) *testResponse {
	b.t.Helper()
	r := b.run(c)
	if r.rc != wire.RCSuccess {
		b.t.Fatalf("%v: %v (%v)", c.code, r.rc, b.Failure())
	}
	return r
}

// want checks the response code.
func (b *testTPM) want(rc wire.RC, r *testResponse) {
	b.t.Helper()
	if r.rc != rc {
		b.t.Errorf("response code %v (%#x), want %v (%#x) (failure: %v)", r.rc, uint32(r.rc), rc, uint32(rc), b.Failure())
	}
}

// handle reads the returned handle.
func (r *testResponse) handle() wire.Handle { return wire.Handle(r.r.Uint32()) }

// params positions the reader on the response parameters, past the parameter size of a response with sessions, and returns it.
func (r *testResponse) params() *wire.Reader {
	if r.tag == wire.STSessions && !r.hasOut {
		r.r.Uint32()
		r.hasOut = true
	}
	return r.r
}

// b2 reads a sized buffer from the response parameters.
func (r *testResponse) b2() []byte { return r.params().TPM2B(1 << 16) }
