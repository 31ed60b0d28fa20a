package daemon

import "testing"

func TestActivation(t *testing.T) {
	for _, tt := range []struct {
		name, pid, fds, names string
		want                  activated
		fails                 bool
	}{
		{name: "none"},
		{name: "for another process", pid: "8", fds: "2"},
		{name: "no process", pid: "x", fds: "2"},
		{name: "no descriptors", pid: "7", fds: "0"},
		{name: "one", pid: "7", fds: "1", want: activated{data: 3}},
		{name: "two", pid: "7", fds: "2", want: activated{data: 3, ctrl: 4}},
		{name: "of one unit", pid: "7", fds: "2", names: "swtpm.socket:swtpm.socket", want: activated{data: 3, ctrl: 4}},
		{name: "named", pid: "7", fds: "2", names: "ctrl:data", want: activated{data: 4, ctrl: 3}},
		{name: "control only", pid: "7", fds: "1", names: "ctrl", want: activated{ctrl: 3}},
		{name: "one named", pid: "7", fds: "2", names: "ctrl:unknown", want: activated{data: 4, ctrl: 3}},
		{name: "a name twice", pid: "7", fds: "3", names: "data:data:ctrl", want: activated{data: 3, ctrl: 5}},
		{name: "fewer names", pid: "7", fds: "3", names: "x", want: activated{data: 3, ctrl: 4}},
		{name: "no number", pid: "7", fds: "many", fails: true},
		{name: "no count", pid: "7"},
		{name: "negative", pid: "7", fds: "-1", fails: true},
		{name: "absurd", pid: "7", fds: "2000000000", fails: true},
	} {
		env := map[string]string{"LISTEN_PID": tt.pid, "LISTEN_FDS": tt.fds, "LISTEN_FDNAMES": tt.names}
		got, err := activation(func(name string) string { return env[name] }, 7)
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}
