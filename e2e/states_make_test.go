package e2e

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

const statesDir = "testdata/states"

// A stateTPM is an emulator on Unix sockets, powered on with the state in a directory and not started up.
type stateTPM struct {
	*process
	*rawtpm.Conn
	dir, ctrl string
}

// powerStateTPM starts a program on a state directory.
func powerStateTPM(t *testing.T, program, dir string, options ...string) *stateTPM {
	t.Helper()
	sockets := shortDir(t)
	s := &stateTPM{dir: dir, ctrl: filepath.Join(sockets, "c")}
	data := filepath.Join(sockets, "d")
	s.process = start(t, program, append([]string{"socket", "--tpm2", "--tpmstate", "dir=" + dir,
		"--server", "type=unixio,path=" + data, "--ctrl", "type=unixio,path=" + s.ctrl, "--flags", "not-need-init"}, options...)...)
	c, err := rawtpm.Dial("unix", data, startTime)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	s.Conn = c
	t.Cleanup(func() { c.Close() })
	return s
}

// transact is Exchange with a response of its own.
func (s *stateTPM) transact(cmd rawtpm.Command) ([]byte, error) {
	rsp, err := s.Exchange(cmd)
	return append([]byte(nil), rsp...), err
}

// storeVolatile writes the volatile state beside the permanent.
func (s *stateTPM) storeVolatile() {
	s.t.Helper()
	c, err := net.Dial("unix", s.ctrl)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var rsp [4]byte
	_, err = c.Write([]byte{0, 0, 0, 10})
	if err == nil {
		_, err = io.ReadFull(c, rsp[:])
	}
	if err != nil || binary.BigEndian.Uint32(rsp[:]) != 0 {
		s.t.Fatalf("storing volatile state: %x, %v", rsp, err)
	}
}

// copyState copies the state files of a directory.
func copyState(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tpm2-00.permall", "tpm2-00.volatilestate"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A maker makes states with the C implementation.
type maker struct {
	*stateTPM
	options []string
	calls   []call // what is asked of each state made from now on
}

func newMaker(t *testing.T, options ...string) *maker {
	return &maker{stateTPM: powerStateTPM(t, theirs, t.TempDir(), options...), options: options}
}

// do sends a command that has to succeed.
func (m *maker) do(cmd rawtpm.Command) *rawtpm.Fields {
	m.t.Helper()
	f, err := m.Do(cmd)
	if err == rawtpm.RC(retry) {
		f, err = m.Do(cmd)
	}
	if err != nil {
		m.t.Fatalf("command %x: %v", []byte(cmd), err)
	}
	return f
}

// fail sends a command that has to fail.
func (m *maker) fail(cmd rawtpm.Command) {
	m.t.Helper()
	if _, err := m.Do(cmd); err == nil {
		m.t.Fatalf("command %x succeeds", []byte(cmd))
	}
}

// ask adds a command to what states are asked.
func (m *maker) ask(name string, cmd rawtpm.Command) { m.calls = append(m.calls, call{name, cmd}) }

// key makes a primary key and returns its handle.
func (m *maker) primary(hierarchy uint32, hierarchyAuth, auth string, template []byte) uint32 {
	m.t.Helper()
	return m.do(createPrimary(hierarchy, hierarchyAuth, auth, template)).Handle()
}

// child makes an object and returns what Load wants.
func (m *maker) child(parent uint32, parentAuth, auth, data string, template []byte) (private, public []byte) {
	m.t.Helper()
	f := m.do(create(parent, parentAuth, auth, data, template)).Params()
	return f.Sized(), f.Sized()
}

// keep makes a loaded object persistent and unloads it.
func (m *maker) keep(by uint32, object, persistent uint32) {
	m.t.Helper()
	m.do(evict(by, "", object, persistent))
	m.do(rawtpm.FlushContext(object))
}

// snapshot keeps the state as it is now, with what the C implementation answers when it starts with it.
func (m *maker) snapshot(name string, starts ...string) {
	m.t.Helper()
	dir := filepath.Join(statesDir, name)
	if _, err := m.Exchange(rawtpm.ReadClock()); err != nil { // what was saved is saved when the next answer is there
		m.t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		m.t.Fatal(err)
	}
	for _, s := range starts {
		if s == "resume" {
			m.storeVolatile()
		}
	}
	copyState(m.t, m.dir, dir)
	os.Remove(filepath.Join(m.dir, "tpm2-00.volatilestate"))
	var b strings.Builder
	if len(m.options) > 0 {
		fmt.Fprintf(&b, "# key %s\n", recordedKey)
	}
	for _, c := range m.calls {
		fmt.Fprintf(&b, "%s: %s\n", c.name, hex.EncodeToString(c.command))
	}
	files := map[string]string{"commands.txt": b.String()}
	for _, s := range starts {
		files[s+".txt"] = askProgram(m.t, theirs, dir, s, m.calls, m.options...)
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			m.t.Fatal(err)
		}
	}
}

// askProgram starts a program on a copy of a state and looks at it.
func askProgram(t *testing.T, program, state, startup string, calls []call, options ...string) string {
	t.Helper()
	dir := t.TempDir()
	copyState(t, state, dir)
	if startup != "resume" {
		os.Remove(filepath.Join(dir, "tpm2-00.volatilestate"))
	}
	s := powerStateTPM(t, program, dir, options...)
	defer s.kill()
	text, err := lookAt(s.transact, startupCommand(startup), calls)
	if err != nil {
		t.Fatalf("%s: %v\n%s", state, err, s.log)
	}
	return text
}

// startupCommand is how a TPM is started: clear, state, or resume from volatile state.
func startupCommand(how string) rawtpm.Command {
	if how == "resume" {
		return nil
	}
	return rawtpm.Startup(how == "state")
}

// recordedKey is the key of the encrypted states.
const recordedKey = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

// TestMakeStates makes all states in testdata/states anew, if it is told to.
func TestMakeStates(t *testing.T) {
	if os.Getenv("GOVTPM_MAKE_STATES") == "" {
		t.Skip("makes the golden states anew: set GOVTPM_MAKE_STATES=1")
	}
	guard(t, theirs)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(recordedKey), 0o600); err != nil {
		t.Fatal(err)
	}
	makeFresh(t)
	makeKeys(t, "keys")
	makeIndexes(t)
	makeSettings(t)
	makeBanks(t)
	makeRunning(t)
	makeKeys(t, "keys-encrypted", "--key", "file="+key+",mode=aes-256-cbc")
}

// primariesOf asks for primary keys, which depend on seed and proof.
func (m *maker) askPrimaries(auths map[uint32]string) {
	for _, h := range []uint32{rawtpm.Owner, rawtpm.Endorsement, rawtpm.Platform} {
		name := fmt.Sprintf("primary of %08x", h)
		m.ask(name, createPrimary(h, auths[h], "", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil)))
		m.ask(name+" flushed", rawtpm.FlushContext(0x80000000))
	}
}

func makeFresh(t *testing.T) {
	m := newMaker(t)
	m.askPrimaries(nil)
	m.snapshot("manufactured", "clear", "state")
	m.do(rawtpm.Startup(false))
	m.snapshot("started", "clear")
	m.do(rawtpm.Shutdown(false))
	m.snapshot("started-clear", "clear", "state")
	m.do(rawtpm.Shutdown(true))
	m.snapshot("started-state", "clear", "state")
}

const (
	keptRSA, keptEndorsement, keptSigning, keptHMAC, keptSealed, keptAES, keptECC, keptPlatform = 0x81000001, 0x81010001,
		0x81000002, 0x81000003, 0x81000004, 0x81000005, 0x81000006, 0x81800001
)

func makeKeys(t *testing.T, name string, options ...string) {
	m := newMaker(t, options...)
	m.do(rawtpm.Startup(false))
	m.keep(rawtpm.Owner, m.primary(rawtpm.Owner, "", "parent", rawtpm.RSA(2048, rawtpm.Storage, nil)), keptRSA)
	m.keep(rawtpm.Owner, m.primary(rawtpm.Endorsement, "", "", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil)), keptEndorsement)
	m.keep(rawtpm.Platform, m.primary(rawtpm.Platform, "", "", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, nil)), keptPlatform)
	for _, c := range []struct {
		handle   uint32
		data     string
		template []byte
	}{
		{keptSigning, "", rawtpm.RSA(2048, rawtpm.Signing, nil)}, {keptHMAC, "", hmacTemplate}, {keptSealed, "sealed data", sealedTemplate},
		{keptAES, "", aesTemplate}, {keptECC, "", rawtpm.ECC(rawtpm.CurveP384, rawtpm.Signing, nil)},
	} {
		private, public := m.child(keptRSA, "parent", "child", c.data, c.template)
		m.keep(rawtpm.Owner, m.do(load(keptRSA, "parent", private, public)).Handle(), c.handle)
	}
	private, public := m.child(keptRSA, "parent", "leaf", "under RSA", sealedTemplate)
	m.ask("load under RSA", load(keptRSA, "parent", private, public))
	m.ask("unseal under RSA", unseal(0x80000001, "leaf"))
	private, public = m.child(keptEndorsement, "", "leaf", "under ECC", sealedTemplate)
	m.ask("load under ECC", load(keptEndorsement, "", private, public))
	m.ask("unseal under ECC", unseal(0x80000002, "leaf"))
	m.ask("flush", rawtpm.FlushContext(0x80000001))
	m.ask("flush", rawtpm.FlushContext(0x80000002))
	m.ask("sign", sign(keptSigning, "child", make([]byte, 32)))
	m.ask("HMAC", hmacOf(keptHMAC, "child", "message"))
	m.ask("unseal", unseal(keptSealed, "child"))
	m.ask("unseal without authorization", unseal(keptSealed, ""))
	m.ask("encrypt", encrypt(keptAES, "child", "sixteen bytes at"))
	m.askPrimaries(nil)
	m.snapshot(name, "clear")
	m.do(rawtpm.Shutdown(false))
	m.snapshot(name+"-clear", "clear", "state")
	m.do(rawtpm.Shutdown(true))
	m.snapshot(name+"-state", "clear", "state")
	if len(options) > 0 {
		m.do(rawtpm.FlushContext(m.primary(rawtpm.Null, "", "", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil))))
		m.snapshot(name+"-running", "resume")
	}
}

// makeIndexes makes NV indexes of every type, ordinary and orderly, in all conditions.
func makeIndexes(t *testing.T) {
	m := newMaker(t)
	m.do(rawtpm.Startup(false))
	for _, orderly := range []uint32{0, nvOrderly} {
		base := uint32(0x01500000)
		if orderly != 0 {
			base = 0x01500100
		}
		for _, d := range []struct{ index, attributes uint32 }{
			{1, nvUsual}, {2, nvUsual | 1<<4}, {3, nvUsual | 2<<4}, {4, nvUsual | 4<<4}, {5, nvPIN | 8<<4 | nvNoDA}, {6, nvPIN | 9<<4}, {7, nvUsual | nvClear},
			{8, nvUsual},
		} {
			size := 8
			switch d.index {
			case 1, 4, 7, 8:
				size = 32
			}
			if orderly != 0 && d.index == 7 {
				d.attributes &^= nvClear
			}
			m.do(nvDefine(rawtpm.Owner, "", "ix", base+d.index, d.attributes|orderly, size, nil))
		}
		m.do(nvWrite(base+1, "ix", base+1, "ordinary data of thirty-two byte", 0))
		for range 3 {
			m.do(nvIncrement(base+2, "ix", base+2))
		}
		m.do(nvSetBits(base+3, "ix", base+3, 0x8000000000000105))
		m.do(nvExtend(base+4, "ix", base+4, "extended with this"))
		m.do(nvWrite(rawtpm.Owner, "", base+5, "\x00\x00\x00\x01\x00\x00\x00\x05", 0))
		m.do(nvWrite(rawtpm.Owner, "", base+6, "\x00\x00\x00\x02\x00\x00\x00\x05", 0))
		m.do(nvWrite(base+7, "ix", base+7, "cleared with each TPM Reset.....", 0))
	}
	policy := make([]byte, 32)
	for i := range policy {
		policy[i] = byte(i)
	}
	m.do(nvDefine(rawtpm.Owner, "", "ix", 0x01500201, nvUsual|nvWriteLock|nvReadLock, 2048, policy))
	m.do(nvWrite(rawtpm.Owner, "", 0x01500201, strings.Repeat("much data ", 100), 700))
	m.do(tpmCommand(0x138, on{rawtpm.Owner, 0x01500201}, with{""})) // NV_WriteLock
	m.do(tpmCommand(0x14f, on{rawtpm.Owner, 0x01500201}, with{""})) // NV_ReadLock
	m.do(nvDefine(rawtpm.Owner, "", "", 0x01500202, nvUsual|nvGlobalLock, 0, nil))
	m.do(nvDefine(rawtpm.Owner, "", "ix", 0x01500203, nvUsual|nvGlobalLock, 16, nil))
	m.do(nvWrite(rawtpm.Owner, "", 0x01500203, "globally locked.", 0))
	m.do(tpmCommand(0x132, on{rawtpm.Owner}, with{""})) // NV_GlobalWriteLock
	m.do(nvDefine(rawtpm.Platform, "", "ix", 0x01400001, nvPlatform|nvUsual, 16, nil))
	m.do(nvWrite(rawtpm.Platform, "", 0x01400001, "of the platform.", 0))
	// A counter that was deleted: the next goes on behind it.
	m.do(nvDefine(rawtpm.Owner, "", "ix", 0x01500204, nvUsual|1<<4, 8, nil))
	for range 9 {
		m.do(nvIncrement(rawtpm.Owner, "", 0x01500204))
	}
	m.do(tpmCommand(0x122, on{rawtpm.Owner, 0x01500204}, with{""})) // NV_UndefineSpace
	for _, x := range []struct {
		index uint32
		size  int
	}{
		{0x01500001, 32}, {0x01500002, 8}, {0x01500003, 8}, {0x01500004, 32}, {0x01500005, 8}, {0x01500006, 8}, {0x01500007, 32}, {0x01500008, 32},
		{0x01500101, 32}, {0x01500102, 8}, {0x01500103, 8}, {0x01500104, 32}, {0x01500105, 8}, {0x01500106, 8}, {0x01500107, 32}, {0x01500108, 32},
		{0x01500201, 1024}, {0x01500202, 0}, {0x01500203, 16}, {0x01400001, 16},
	} {
		m.ask(fmt.Sprintf("NV %08x by owner", x.index), nvRead(rawtpm.Owner, "", x.index, x.size))
		m.ask(fmt.Sprintf("NV %08x by authorization", x.index), nvRead(x.index, "ix", x.index, x.size))
	}
	m.ask("increment", nvIncrement(rawtpm.Owner, "", 0x01500002))
	m.ask("incremented", nvRead(rawtpm.Owner, "", 0x01500002, 8))
	m.ask("increment orderly", nvIncrement(rawtpm.Owner, "", 0x01500102))
	m.ask("incremented orderly", nvRead(rawtpm.Owner, "", 0x01500102, 8))
	m.ask("new counter", nvDefine(rawtpm.Owner, "", "ix", 0x01500205, nvUsual|1<<4, 8, nil))
	m.ask("new counter counts", nvIncrement(rawtpm.Owner, "", 0x01500205))
	m.ask("new counter's value", nvRead(rawtpm.Owner, "", 0x01500205, 8))
	m.ask("write locked", nvWrite(rawtpm.Owner, "", 0x01500203, "x", 0))
	m.snapshot("nv", "clear", "resume")
	m.do(rawtpm.Shutdown(false))
	m.snapshot("nv-clear", "clear")
	m.do(rawtpm.Shutdown(true))
	m.snapshot("nv-state", "clear", "state", "resume")
}

// makeSettings changes authorization values, policies, and everything else that is set.
func makeSettings(t *testing.T) {
	m := newMaker(t)
	m.do(rawtpm.Startup(false))
	policy := []byte(strings.Repeat("policy..", 4))
	m.do(createPrimary(rawtpm.Owner, "", "da", pack(uint16(8), uint16(0xb), uint32(1<<1|1<<4|1<<5|1<<6|1<<18), tpm2b(nil), uint16(5), uint16(0xb), tpm2b(nil))))
	m.do(evict(rawtpm.Owner, "", 0x80000000, keptHMAC))
	m.do(rawtpm.FlushContext(0x80000000))
	m.do(tpmCommand(0x13a, on{lockout}, with{""}, uint32(5), uint32(100000), uint32(200000))) // DictionaryAttackParameters
	m.fail(hmacOf(keptHMAC, "wrong", "x"))
	m.fail(hmacOf(keptHMAC, "wrong", "x"))
	m.do(tpmCommand(0x140, on{rawtpm.Owner}, with{""}, uint16(0x10), uint32(1), uint32(0x17b), uint32(0))) // audit GetRandom
	m.do(tpmCommand(0x140, on{rawtpm.Owner}, with{""}, uint16(0xc), uint32(0), uint32(0)))                 // with SHA-384
	m.do(rawtpm.GetRandom(8))
	m.do(tpmCommand(0x127, on{lockout}, with{""}, uint8(1))) // ClearControl
	m.do(rawtpm.PCRExtend(0, rawtpm.Digest{Bank: rawtpm.AlgSHA256, Value: policy}))
	m.do(rawtpm.PCRExtend(16, rawtpm.Digest{Bank: rawtpm.AlgSHA1, Value: policy[:20]}))
	m.do(tpmCommand(0x128, on{rawtpm.Owner}, with{""}, uint64(1000000000))) // ClockSet
	m.do(tpmCommand(0x12c, on{rawtpm.Platform}, with{""}, tpm2b(nil), uint16(0x10), uint32(20)))
	m.do(setPolicy(rawtpm.Owner, "", policy))
	m.do(setPolicy(rawtpm.Platform, "", policy))
	m.do(setPolicy(lockout, "", policy))
	m.do(changeAuth(rawtpm.Owner, "", "owner"))
	m.do(changeAuth(rawtpm.Endorsement, "", "endorsement"))
	m.do(changeAuth(lockout, "", "lockout"))
	m.do(changeAuth(rawtpm.Platform, "", "platform"))
	m.ask("HMAC", hmacOf(keptHMAC, "da", "message"))
	m.askPrimaries(map[uint32]string{rawtpm.Owner: "owner", rawtpm.Endorsement: "endorsement", rawtpm.Platform: "platform"})
	m.ask("owner with the old authorization", changeAuth(rawtpm.Owner, "", ""))
	m.ask("platform after a reset", changeAuth(rawtpm.Platform, "", ""))
	m.ask("clear", tpmCommand(0x126, on{lockout}, with{"lockout"}))
	m.snapshot("settings", "clear", "resume")
	m.do(rawtpm.Shutdown(false))
	m.snapshot("settings-clear", "clear")
	m.do(tpmCommand(0x121, on{rawtpm.Platform}, with{"platform"}, uint32(rawtpm.Endorsement), uint8(0))) // HierarchyControl
	m.do(rawtpm.Shutdown(true))
	m.snapshot("settings-state", "clear", "state", "resume")
}

// makeBanks gives up banks of PCR.
func makeBanks(t *testing.T) {
	m := newMaker(t)
	m.do(rawtpm.Startup(false))
	m.do(tpmCommand(0x12b, on{rawtpm.Platform}, with{""}, uint32(4), uint16(4), uint8(3), "\x00\x00\x00", uint16(0xb), uint8(3), "\xff\xff\xff",
		uint16(0xc), uint8(3), "\xff\xff\xff", uint16(0xd), uint8(3), "\x00\x00\x00"))
	m.askPrimaries(nil)
	m.snapshot("banks-pending", "clear", "resume")
	m.do(rawtpm.Shutdown(false))
	m.snapshot("banks-pending-clear", "clear")
	m.again("banks-pending-clear", false)
	m.do(rawtpm.PCRExtend(7, rawtpm.Digest{Bank: rawtpm.AlgSHA256, Value: make([]byte, 32)}))
	m.snapshot("banks", "clear", "resume")
	m.do(rawtpm.Shutdown(true))
	m.snapshot("banks-state", "clear", "state")
}

// again starts a new emulator on a state.
func (m *maker) again(name string, state bool) {
	m.t.Helper()
	m.kill()
	dir := m.t.TempDir()
	copyState(m.t, filepath.Join(statesDir, name), dir)
	m.stateTPM = powerStateTPM(m.t, theirs, dir, m.options...)
	m.do(rawtpm.Startup(state))
}

// makeRunning makes volatile state: loaded objects, sequences and sessions, and saved contexts.
func makeRunning(t *testing.T) {
	m := newMaker(t)
	m.do(rawtpm.Startup(false))
	parent := m.primary(rawtpm.Owner, "", "", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Storage, nil))
	null := m.primary(rawtpm.Null, "", "n", rawtpm.ECC(rawtpm.CurveP256, rawtpm.Signing, nil))
	private, public := m.child(parent, "", "child", "", hmacTemplate)
	child := m.do(load(parent, "", private, public)).Handle()
	saved := m.do(contextSave(child)).Rest()
	m.ask("HMAC", hmacOf(child, "child", "message"))
	m.ask("load again", rawtpm.FlushContext(null))
	m.ask("load context", contextLoad(saved))
	m.ask("HMAC of the context", hmacOf(null, "child", "message"))
	m.snapshot("objects", "resume")
	m.do(rawtpm.FlushContext(null))
	m.do(rawtpm.FlushContext(parent))

	m.calls = nil
	m.do(tpmCommand(0x15b, on{child}, with{"child"}, tpm2b("sequence"), uint16(0x10))) // HMAC_Start: in slot 0
	hash := m.do(tpmCommand(0x186, nil, nil, tpm2b("sequence"), uint16(0xc))).Handle()
	m.do(tpmCommand(0x15c, on{hash}, with{"sequence"}, tpm2b(strings.Repeat("part of the message ", 9))))
	m.do(tpmCommand(0x15c, on{0x80000000}, with{"sequence"}, tpm2b("start ")))
	m.do(rawtpm.FlushContext(child))
	m.do(tpmCommand(0x186, nil, nil, tpm2b("event"), uint16(0x10)))
	event := child // the slot that was free
	m.do(tpmCommand(0x15c, on{event}, with{"event"}, tpm2b(strings.Repeat("event data ", 20))))
	m.do(contextSave(hash))
	m.ask("HMAC goes on", sequenceComplete(0x80000000, "sequence", "end"))
	m.ask("hash goes on", sequenceComplete(hash, "sequence", "end"))
	m.ask("event goes on", tpmCommand(0x185, on{16, event}, with{"", "event"}, tpm2b("end")))
	m.ask("PCR with the event", rawtpm.PCRRead(rawtpm.AlgSHA512, 16))
	m.snapshot("sequences", "resume")
	m.do(rawtpm.FlushContext(0x80000000))
	m.do(rawtpm.FlushContext(hash))
	m.do(rawtpm.FlushContext(event))

	m.calls = nil
	session := func(key, bind uint32, kind uint8, hash uint16) uint32 {
		return m.do(startSession(key, bind, kind, hash)).Handle()
	}
	policy := session(rawtpm.Null, rawtpm.Null, 1, rawtpm.AlgSHA256)
	m.do(tpmCommand(0x17f, on{policy}, nil, tpm2b(nil), uint32(1), uint16(0xb), uint8(3), "\x01\x00\x00")) // PolicyPCR
	m.do(tpmCommand(0x16c, on{policy}, nil, uint32(0x12e)))                                                // PolicyCommandCode
	toSave := session(rawtpm.Null, rawtpm.Null, 1, rawtpm.AlgSHA384)
	m.do(tpmCommand(0x16b, on{toSave}, nil)) // PolicyAuthValue
	context := m.do(contextSave(toSave)).Rest()
	bound := session(rawtpm.Null, rawtpm.Owner, 0, rawtpm.AlgSHA256)
	trial := session(rawtpm.Null, rawtpm.Null, 3, rawtpm.AlgSHA512)
	m.do(tpmCommand(0x16f, on{trial}, nil, uint8(6))) // PolicyLocality
	_ = bound
	m.ask("policy", policyGetDigest(policy))
	m.ask("trial", policyGetDigest(trial))
	m.ask("no policy", policyGetDigest(bound))
	m.ask("room", rawtpm.FlushContext(bound))
	m.ask("load session", contextLoad(context))
	m.ask("saved policy", policyGetDigest(toSave))
	m.ask("load session twice", contextLoad(context))
	m.ask("policy goes on", tpmCommand(0x16c, on{policy}, nil, uint32(0x12e)))
	m.ask("policy after", policyGetDigest(policy))
	m.snapshot("sessions", "resume")
	m.kill()

	m = newMaker(t)
	m.ask("start", rawtpm.Startup(false))
	m.ask("handles", rawtpm.GetCapability(1, 0x40000000, 254))
	m.askPrimaries(nil)
	m.snapshot("before-startup", "resume")
}
