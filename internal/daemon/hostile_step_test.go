//go:build unix

package daemon

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"govtpm/control"
)

// everyRequest is each message of the control channel, in good form. The last one ends the process.
func everyRequest() [][]byte {
	var all [][]byte
	for _, r := range []control.Request{
		control.GetCapability{}, control.Init{}, control.GetTPMEstablished{}, control.SetLocality{Locality: 1}, control.HashStart{},
		control.HashData{Data: []byte("measured")}, control.HashEnd{}, control.CancelTPMCmd{}, control.StoreVolatile{},
		control.ResetTPMEstablished{Locality: 4}, control.GetStateBlob{Kind: control.StatePermanent}, control.GetStateBlob{Kind: control.StateVolatile},
		control.SetStateBlob{Kind: control.StatePermanent, Data: []byte("no state")}, control.GetConfig{}, control.SetDataFD{},
		control.SetBufferSize{}, control.GetInfo{Flags: 1}, control.LockStorage{Retries: 1}, control.Stop{}, control.Shutdown{},
	} {
		all = append(all, control.AppendRequest(nil, r))
	}
	return all
}

// everyCommand is what a client of the data channel can say, in good form.
func everyCommand() [][]byte {
	return [][]byte{
		unhex("80010000000c0000017b0010"),                   // GetRandom
		unhex("00000008000000000c80010000000c0000017b0010"), // the same in locality 0
		unhex("80010000000a00000181"),                       // ReadClock
		unhex("80010000000b0000014301"),                     // SelfTest
		unhex("80020000000b2000100000"),                     // SetLocality
	}
}

// hangUp sends a message and goes away after so many bytes of the response.
func (v *victim) hangUp(channel string, msg []byte, descriptors, bytesRead int) {
	v.t.Helper()
	conn := v.dialed(channel)
	v.send(conn, msg, descriptors)
	if bytesRead > 0 {
		_, _ = io.ReadFull(conn, make([]byte, bytesRead))
	}
	conn.Close()
}

// flat wants the program to use no more than before.
func (v *victim) flat(files, memory int) {
	v.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		f, m := v.use()
		if f <= files+4 && m <= memory+16<<10 {
			return
		}
		if time.Now().After(end) {
			v.t.Errorf("%d descriptors and %d KiB, before %d and %d", f, m, files, memory)
			return
		}
	}
}

// Clients that go at any byte of any message, or of its response, leave a TPM for the next one.
func TestDisconnectAtEachStep(t *testing.T) {
	v := newVictim(t)
	requests, commands := everyRequest(), everyCommand()
	for round := range 2 {
		for _, msg := range requests {
			for cut := 1; cut < len(msg); cut++ {
				v.hangUp("ctrl", msg[:cut], (cut+round)%3, 0)
			}
		}
		for _, msg := range commands {
			for cut := 1; cut < len(msg); cut++ {
				v.hangUp("data", msg[:cut], (cut+round)%3, 0)
			}
			for n := range 11 { // no response is shorter than a header
				v.hangUp("data", msg, n%3, n)
			}
		}
		v.serves()
	}
	files, memory := v.use()
	for range 20 {
		for _, msg := range requests[:len(requests)-1] {
			for _, n := range []int{0, 1, 3, 4} {
				v.hangUp("ctrl", msg, 0, n)
			}
		}
	}
	v.flat(files, memory)
	// The power was switched off and on, by those who said so.
	ctrl, data := v.dialed("ctrl"), v.dialed("data")
	ask(t, ctrl, unhex("0000000200000000"), unhex("00000000"))
	ask(t, ctrl, unhex("0000000500000000"), unhex("00000000"))
	ask(t, data, unhex("80010000000c000001440000"), unhex("80010000000a00000000"))
	ctrl.Close()
	data.Close()
	v.serves()
	v.orderly()
}

// Clients that read nothing hold up nobody but those behind them, and the program ends when it is told to.
func TestClientsThatDoNotRead(t *testing.T) {
	for channel, msg := range map[string][]byte{
		"ctrl": control.AppendRequest(nil, control.GetStateBlob{Kind: control.StatePermanent}),
		"data": unhex("80010000000c0000017b0010"),
	} {
		v := newVictim(t)
		_, memory := v.use()
		conn := v.dialed(channel)
		conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		batch := bytes.Repeat(msg, 1000)
		for {
			if _, err := conn.Write(batch); err != nil { // the queues are full
				break
			}
		}
		if _, m := v.use(); m > memory+32<<10 {
			t.Errorf("%s: %d KiB, before %d", channel, m, memory)
		}
		v.orderly()
		conn.Close()
	}
}

// Thousands of connections leave nothing behind, those that stay silent, say half a message, or a whole one.
func TestThousandsOfConnections(t *testing.T) {
	v := newVictim(t)
	rounds, crowd := 30, 100
	if testing.Short() {
		rounds = 2
	}
	says := map[string][][]byte{
		"data": {nil, unhex("8001"), unhex("80010000000c0000017b"), unhex("80010000000c0000017b0010")},
		"ctrl": {nil, unhex("0000"), unhex("0000000d00000000"), unhex("00000001")},
	}
	var files, memory int
	for round := range rounds {
		for _, channel := range []string{"data", "ctrl"} {
			conns := make([]*net.UnixConn, crowd)
			for i := range conns {
				conns[i] = v.dialed(channel)
				v.send(conns[i], says[channel][(i+round)%4], i%2)
			}
			for _, c := range conns {
				c.Close()
			}
		}
		v.serves()
		if round == 1 {
			files, memory = v.use()
		}
	}
	v.flat(files, memory)
	v.orderly()
}

// The simulator's two ports take the same.
func TestHostileSimulatorClients(t *testing.T) {
	commands := freePorts(t)
	port, _ := strconv.Atoi(commands)
	v := &victim{proc: startAs(t, "real", nil, "--server", "type=mssim,port="+commands, "--log", "file=DIR/log",
		"--flags", "not-need-init,startup-clear")}
	dial := func(p int) net.Conn {
		t.Helper()
		for range 500 {
			if conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+p))); err == nil {
				conn.SetDeadline(time.Now().Add(30 * time.Second))
				return conn
			}
			time.Sleep(10 * time.Millisecond)
		}
		log, _ := os.ReadFile(filepath.Join(v.dir, "log"))
		t.Fatalf("nobody listens: %s", log)
		return nil
	}
	serves := func() {
		t.Helper()
		conn := dial(0)
		defer conn.Close()
		ask(t, conn, unhex("00000008000000000c80010000000c0000017b0010"), unhex("0000001c80010000001c000000000010"))
		conn = dial(1)
		defer conn.Close()
		ask(t, conn, unhex("0000000b"), unhex("00000000"))
	}
	serves()
	msgs := []struct {
		port int
		msg  string
	}{
		{0, "00000008000000000c80010000000c0000017b0010"}, // a command
		{0, "0000000800fffffffff0"},                       // a command of 4 GiB
		{0, "000000080000100000"},                         // one of 1 MiB that does not come
		{0, "0000000f00000001"},                           // a handshake
		{0, "0000000f00000000"},                           // of version 0
		{0, "00000006000000040102"},                       // data to hash
		{0, "ffffffff"},                                   // nonsense
		{0, "00000014"},                                   // the end of a session
		{1, "0000000500000006000fffff01020304"},           // 1 MiB to hash that does not come
		{1, "00000006ffffffff"},
		{1, "0000001a40000110"},
		{1, "ffffffff"},
		{1, "0000000300000004000000090000000a"},
	}
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	var files, memory int
	for round := range rounds {
		for _, m := range msgs {
			msg := unhex(m.msg)
			var conns []net.Conn
			for cut := range len(msg) + 1 {
				conn := dial(m.port)
				_, _ = conn.Write(msg[:cut])
				conns = append(conns, conn)
			}
			for _, c := range conns {
				c.Close()
			}
		}
		serves()
		if round == 1 {
			files, memory = v.use()
		}
	}
	v.flat(files, memory)
	// Many at once hash much.
	var conns []net.Conn
	for range 60 {
		conn := dial(1)
		_, _ = conn.Write(unhex("0000000600100000"))
		_, _ = conn.Write(make([]byte, 1<<20-1))
		conns = append(conns, conn)
	}
	v.flat(files+60, memory)
	for _, c := range conns {
		c.Close()
	}
	serves()
	v.orderly()
}
