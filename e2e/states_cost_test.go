package e2e

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"govtpm/e2e/rawtpm"
)

// costIndex is the NV index whose writes are counted.
const costIndex = rawtpm.HandlesNV + 0x500200

// costWrites is how often it is written.
const costWrites = 5

// storageCalls are the system calls that reach files; those of sockets, threads and memory are left out.
const storageCalls = "open,openat,close,read,write,pread64,pwrite64,lseek,fsync,fdatasync,sync_file_range,msync,mmap,munmap,fallocate," +
	"ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,stat,lstat,fstat,newfstatat,statx,fchmod,fcntl,epoll_ctl"

// Forms of what strace writes: a call that begins, the descriptor it is made on, and the ends of an NV write.
var (
	tracedCall    = regexp.MustCompile(`^\d+ +(\w+)\((?:\d+<([^>]*)>)?`)
	tracedCommand = regexp.MustCompile(`"\\x80\\x02(\\x[0-9a-f]{2}){4}\\x00\\x00\\x01\\x37`)
	tracedAnswer  = regexp.MustCompile(`^\d+ +(write|sendto|sendmsg)\(.*"\\x80\\x02\\x00\\x00`)
)

// A save is what was called between an NV write and its answer.
type save struct {
	calls map[string]int
	syncs []string // what was synced, in order
}

// tracedSaves finds the NV writes in what strace wrote.
func tracedSaves(text string) (list []save) {
	var now *save
	for line := range strings.Lines(text) {
		switch {
		case now == nil && tracedCommand.MatchString(line):
			now = &save{calls: map[string]int{}}
			continue
		case now == nil:
			continue
		case tracedAnswer.MatchString(line):
			list, now = append(list, *now), nil
			continue
		}
		m := tracedCall.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		now.calls[m[1]]++
		if strings.Contains(m[1], "sync") {
			now.syncs = append(now.syncs, tracedName(m[2]))
		}
	}
	return list
}

// tracedName is the last part of a path, which is written as hexadecimal digits.
func tracedName(path string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(path, `\x`, ""))
	if err != nil {
		return path
	}
	return filepath.Base(string(b))
}

// traceSaves runs a program under strace, writes an NV index, and gives what each write called.
func traceSaves(t *testing.T, under, backend string) []save {
	t.Helper()
	sockets := shortDir(t)
	data, log := filepath.Join(sockets, "d"), filepath.Join(sockets, "trace")
	p := start(t, "strace", "-f", "-qq", "-y", "-xx", "-s", "16", "-o", log, "-e", "signal=none", "-e", "trace="+storageCalls,
		under, "socket", "--tpm2", "--tpmstate", backend, "--terminate", "--flags", "not-need-init,startup-clear",
		"--server", "type=unixio,path="+data, "--ctrl", "type=unixio,path="+filepath.Join(sockets, "c"))
	c, err := rawtpm.Dial("unix", data, startTime)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	defer c.Close() // which ends the program, and strace with it
	tpm := &stateTPM{process: p, Conn: c}
	m := &maker{stateTPM: tpm}
	m.do(rawtpm.NVDefine(costIndex, 64))
	for n := range costWrites {
		m.do(rawtpm.NVWrite(costIndex, bytes.Repeat([]byte{byte(n + 1)}, 64)))
	}
	c.Close()
	p.wait(10 * time.Second)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return tracedSaves(string(text))
}

// What an NV write costs, side by side with the C implementation: a directory syncs the new file and the directory, once each; a
// single file is synced when the data are there and when the header points to them. No more is done for a backup.
func TestSaveCalls(t *testing.T) {
	guard(t, theirs, "strace")
	traceable(t)
	under := program(t)
	const file, dir = "TMP2-00.permall", "state"
	for _, tt := range []struct {
		name, program, backend string
		want                   []string // what is synced by each write; nil: as it likes
		most                   int      // calls
	}{
		{"theirs, directory", theirs, "backend-uri=dir://%s", nil, 0},
		{"ours, directory", under, "backend-uri=dir://%s", []string{file, dir}, 10},
		{"ours, directory, no lock", under, "backend-uri=dir://%s,lock=false", []string{file, dir}, 10},
		{"ours, directory, mode", under, "backend-uri=dir://%s,mode=0600", []string{file, dir}, 11},
		{"ours, directory, backup", under, "backend-uri=dir://%s,backup", []string{file, dir}, 12},
		{"theirs, file", theirs, "backend-uri=file://%s/one", nil, 0},
		{"ours, file", under, "backend-uri=file://%s/one", []string{"one", "one"}, 8},
	} {
		if tt.program == theirs && under == theirs && tt.want != nil {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			where := filepath.Join(shortDir(t), dir)
			if err := os.Mkdir(where, 0o700); err != nil {
				t.Fatal(err)
			}
			saves := traceSaves(t, tt.program, fmt.Sprintf(tt.backend, where))
			if len(saves) != costWrites {
				t.Fatalf("%d writes seen, not %d", len(saves), costWrites)
			}
			for n, s := range saves {
				total := 0
				for _, count := range s.calls {
					total += count
				}
				if tt.want != nil && (!slices.Equal(s.syncs, tt.want) || total > tt.most) {
					t.Errorf("write %d: synced %q, want %q; %d calls, at most %d wanted: %v", n, s.syncs, tt.want, total, tt.most, s.calls)
				}
				if n == costWrites-1 {
					t.Logf("%-26s %2d calls, %d syncs: %s", tt.name, total, len(s.syncs), table(s.calls))
				}
			}
		})
	}
}

// table gives counts in the order of their names.
func table(counts map[string]int) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, " %s %d", name, counts[name])
	}
	return b.String()[1:]
}
