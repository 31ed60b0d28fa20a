//go:build unix

package control

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxFiles is how many descriptors one message can bring before the rest is cut
// off; more than one is refused anyway.
const maxFiles = 8

// receive reads from conn, with the descriptors that travel on a Unix socket.
func receive(conn net.Conn, b []byte) (int, []*os.File, error) {
	uc, ok := conn.(*net.UnixConn)
	if !ok {
		n, err := conn.Read(b)
		return n, nil, err
	}
	oob := make([]byte, unix.CmsgSpace(4*maxFiles))
	n, oobn, _, _, err := uc.ReadMsgUnix(b, oob)
	if err != nil || oobn == 0 {
		return max(n, 0), nil, err
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return n, nil, nil
	}
	var files []*os.File
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "data channel"))
		}
	}
	return n, files, nil
}

// send writes b to conn, with a descriptor on a Unix socket.
func send(conn net.Conn, b []byte, f *os.File) error {
	uc, ok := conn.(*net.UnixConn)
	if !ok {
		return errNoDescriptor
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Control(func(fd uintptr) {
		_, _, sendErr = uc.WriteMsgUnix(b, unix.UnixRights(int(fd)), nil)
	})
	if err == nil {
		err = sendErr
	}
	return err
}
