package e2e

import (
	"encoding/json"
	"net"
	"testing"
	"time"
)

// A qmp is a connection to QEMU's monitor.
type qmp struct {
	t   *testing.T
	dec *json.Decoder
	enc *json.Encoder
}

// A qmpMessage is what the monitor says: an event, an answer or an error.
type qmpMessage struct {
	Event  string          `json:"event"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Desc string `json:"desc"`
	} `json:"error"`
}

// monitor connects to the machine's monitor, which serves one connection.
func (v *vm) monitor() *qmp {
	v.t.Helper()
	if v.qmp != nil {
		return v.qmp
	}
	var c net.Conn
	var err error
	for end := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		if c, err = net.Dial("unix", v.qmpSocket()); err == nil {
			break
		}
		if time.Now().After(end) {
			v.t.Fatal(err)
		}
	}
	v.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(bootTime))
	q := &qmp{t: v.t, dec: json.NewDecoder(c), enc: json.NewEncoder(c)}
	var greeting map[string]any
	if err := q.dec.Decode(&greeting); err != nil {
		v.t.Fatal(err)
	}
	q.do("qmp_capabilities", nil)
	v.qmp = q
	return q
}

// do carries out a command that has to succeed.
func (q *qmp) do(command string, args map[string]any) json.RawMessage {
	q.t.Helper()
	request := map[string]any{"execute": command}
	if args != nil {
		request["arguments"] = args
	}
	if err := q.enc.Encode(request); err != nil {
		q.t.Fatal(err)
	}
	for {
		var m qmpMessage
		if err := q.dec.Decode(&m); err != nil {
			q.t.Fatalf("%s: %v", command, err)
		}
		switch {
		case m.Error != nil:
			q.t.Fatalf("%s: %s", command, m.Error.Desc)
		case m.Event == "":
			return m.Return
		}
	}
}

// human carries out a command of the monitor for people, which says nothing if it succeeds.
func (q *qmp) human(line string) {
	q.t.Helper()
	var said string
	if err := json.Unmarshal(q.do("human-monitor-command", map[string]any{"command-line": line}), &said); err != nil || said != "" {
		q.t.Fatalf("%s: %q, %v", line, said, err)
	}
}

// migrate sends the machine to an address and waits until it is there.
func (q *qmp) migrate(uri string) {
	q.t.Helper()
	q.do("migrate", map[string]any{"uri": uri})
	q.await("query-migrate", "completed", "failed", "cancelled")
}

// await polls a status until it is the wanted one.
func (q *qmp) await(query, want string, bad ...string) {
	q.t.Helper()
	for end := time.Now().Add(commandTime); ; time.Sleep(50 * time.Millisecond) {
		var got struct {
			Status string `json:"status"`
			Why    string `json:"error-desc"`
		}
		if err := json.Unmarshal(q.do(query, nil), &got); err != nil {
			q.t.Fatal(err)
		}
		if got.Status == want {
			return
		}
		for _, b := range bad {
			if got.Status == b {
				q.t.Fatalf("%s: %s: %s", query, got.Status, got.Why)
			}
		}
		if time.Now().After(end) {
			q.t.Fatalf("%s: still %s", query, got.Status)
		}
	}
}
