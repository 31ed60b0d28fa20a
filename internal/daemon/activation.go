package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// firstActivated is the number of the first descriptor that systemd hands over (sd_listen_fds(3)).
const firstActivated = 3

// activated are the descriptors that systemd opened for the process, 0 for none.
type activated struct{ data, ctrl int }

// activation reads what systemd says about descriptors in the environment of the process it started, which is pid.
// FileDescriptorName= tells which is which, data or ctrl; without such names the first is the data channel and the
// second the control channel.
func activation(env func(string) string, pid int) (a activated, err error) {
	if owner, err := strconv.Atoi(env("LISTEN_PID")); err != nil || owner != pid || env("LISTEN_FDS") == "" {
		return a, nil
	}
	count, err := strconv.Atoi(env("LISTEN_FDS"))
	if err != nil || count < 0 || count > 1000 {
		return a, fmt.Errorf("LISTEN_FDS is no number of descriptors: %q", env("LISTEN_FDS"))
	}
	names := strings.Split(env("LISTEN_FDNAMES"), ":")
	var others []int
	for i := range count {
		fd, name := firstActivated+i, ""
		if i < len(names) {
			name = names[i]
		}
		switch {
		case name == "data" && a.data == 0:
			a.data = fd
		case name == "ctrl" && a.ctrl == 0:
			a.ctrl = fd
		default:
			others = append(others, fd)
		}
	}
	for _, to := range []*int{&a.data, &a.ctrl} {
		if *to == 0 && len(others) != 0 {
			*to, others = others[0], others[1:]
		}
	}
	return a, nil
}

// activate takes the sockets of systemd for the channels that no option names.
func (r *process) activate() error {
	if r.options.form.name != "socket" {
		return nil
	}
	pid := os.Getpid()
	if r.ready != nil { // in the background: systemd means the parent
		pid = os.Getppid()
	}
	a, err := activation(r.Env, pid)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		fd      int
		channel **channel
		what    string
		ends    bool
	}{{a.data, &r.data, "data", r.options.has("terminate")}, {a.ctrl, &r.ctrl, "control", false}} {
		if x.fd == 0 || *x.channel != nil {
			continue
		}
		l, err := listenerOf(x.fd)
		if err != nil {
			return badDescriptor(x.fd, "the "+x.what+" channel, from systemd", err)
		}
		*x.channel = &channel{listener: l, ends: x.ends}
	}
	return nil
}
