package daemon

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govtpm/control/controltest"
	"govtpm/store"
)

// A test needs the program as a process of its own: this binary is it when the
// variable is set, with the true engine if it says "real".
const actVariable = "DAEMON_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if act := os.Getenv(actVariable); act != "" {
		p := &Program{Engine: fakeEngine(), Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Getenv, Confine: true}
		if act == "real" {
			p.Engine = DefaultEngine()
		}
		os.Exit(p.Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeTPM is a TPM that executes nothing, on a store.
type fakeTPM struct {
	controltest.TPM
	cfg Config
}

func (t *fakeTPM) Interrupt() { _ = t.Cancel() }

func (t *fakeTPM) Close() error {
	if t.cfg.Store != nil {
		return t.cfg.Store.Close()
	}
	return nil
}

func fakeEngine() Engine {
	return Engine{
		TPM20: true, RSAKeySizes: []int{1024, 2048},
		Open: func(cfg Config) (Instance, error) {
			t := &fakeTPM{cfg: cfg}
			if cfg.Store == nil {
				t.Fail = map[string]error{"Init": errors.New("SWTPM_NVRAM_Init: Missing backend URI.")}
			}
			return t, nil
		},
		ProfileCapabilities: func() string { return `"names": [ "null" ]` },
		AvailableProfiles:   func() ([]byte, error) { return []byte(`[{"Name":"null"}]`), nil },
	}
}

func runProgram(env map[string]string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	p := &Program{Engine: fakeEngine(), Stdout: &out, Stderr: &errs, Env: func(k string) string { return env[k] }}
	status = p.Main(args)
	return status, out.String(), errs.String()
}

// The texts are those of swtpm; programs and people know them.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	rows := []struct{ args, stderr string }{
		{"", "Missing TPM interface type.\n" + synopsis + "Try 'swtpm --help'.\n"},
		{"foo", "Unsupported TPM interface type 'foo'.\n" + synopsis + "Try 'swtpm --help'.\n"},
		{"socket --foo", "socket: unrecognized option '--foo'\nTry 'swtpm socket --help'.\n"},
		{"socket --tpmstate", "socket: option '--tpmstate' requires an argument\nTry 'swtpm socket --help'.\n"},
		{"socket bar", "swtpm: Unknown parameter 'bar'\n"},
		{"socket -p 70000", "swtpm: Port is outside valid range.\n"},
		{"socket -p abc", "swtpm: Cannot parse socket port number 'abc'.\n"},
		{"socket --tpm2 --tpmstate xx=1", "swtpm: Error parsing tpmstate options: Unknown option 'xx=1'\nswtpm: Known are dir=, mode=, backend-uri=, lock, backup, fsync, sync=.\n"},
		{"socket --tpm2 --tpmstate dir=/x,sync=no", "swtpm: The sync parameter of the tpmstate option is on or off, not 'no'.\n"},
		{"socket --tpm2 --tpmstate dir=/x,fsync,sync=off", "swtpm: The fsync and sync=off parameters of the tpmstate option contradict each other.\n"},
		{"socket --tpm2 --tpmstate mode=0600", "swtpm: The dir or backend-uri parameters is required for the tpmstate option.\n"},
		{"socket --tpm2 --tpmstate dir=/x,mode=999", "swtpm: Error parsing tpmstate options: invalid mode type '999'\n"},
		{"socket --tpm2 --tpmstate dir=/x,mode=1777", "swtpm: Error parsing tpmstate options: mode 1777 is invalid\n"},
		{"socket --tpm2 --tpmstate backend-uri=etcd://x --flags not-need-init", "swtpm: SWTPM_NVRAM_Init: Unsupported backend. \"etcd://x\" is none of dir://PATH, file://PATH and mem:\n"},
		{"socket --tpm2 --ctrl path=1", "swtpm: Missing type parameter for control channel\n"},
		{"socket --tpm2 --ctrl type=foo", "swtpm: Unsupported control channel type: foo\n"},
		{"socket --tpm2 --ctrl type=tcp", "swtpm: Missing port and fd options for TCP control channel\n"},
		{"socket --tpm2 --ctrl type=tcp,port=99999", "swtpm: TCP control channel port outside valid range\n"},
		{"socket --tpm2 --ctrl type=tcp,port=abc", "swtpm: Error parsing ctrl options: invalid number 'abc'\n"},
		{"socket --tpm2 --ctrl type=unixio", "swtpm: Missing path and fd options for UnixIO control channel\n"},
		{"socket --tpm2 --ctrl type=unixio,fd=155", "swtpm: Bad filedescriptor 155 for UnixIO control channel\n"},
		{"socket --tpm2 --server type=tcp", "swtpm: No valid port number provided for TCP socket.\n"},
		{"socket --tpm2 --server type=unixio", "swtpm: Missing path and file descriptor option for UnixIO socket\n"},
		{"socket --tpm2 --server type=foo,port=1", "swtpm: Unsupported socket type: foo\n"},
		{"socket --tpm2 --fd 1", "swtpm: Error: Cannot accept file descriptors with values 0, 1, or 2\n"},
		{"socket --tpm2 --fd 177", "swtpm: Cannot stat file descriptor: Bad file descriptor\n"},
		{"socket --tpm2 --print-states", "swtpm: Error: --tpmstate option is required for --print-states\n"},
		{"socket --tpm2 --pid foo=1", "swtpm: Error parsing pid options: Unknown option 'foo=1'\nswtpm: Known are file=, fd=.\n"},
		{"socket --tpm2 --pid fd=144", "swtpm: Bad filedescriptor 144 for pid file\n"},
		{"socket --tpm2 --flags startup-clear,foo", "swtpm: Error parsing flags options: Unknown option 'foo'\nswtpm: Known are not-need-init, startup-clear, startup-state, startup-deactivated, startup-none, disable-auto-shutdown.\n"},
		{"socket --tpm2 --flags startup-clear", "swtpm: Error: Could not start the TPM: no place for its state was given; see --tpmstate\n"},
		{"socket --tpm2 --flags startup-deactivated --tpmstate dir=" + dir, "swtpm: Error: TPM 2 does not support startup deactivated.\n"},
		{"socket --tpm2 --log file=", "swtpm: Error parsing logging options: Unknown option 'file='\nswtpm: Known are file=, fd=, level=, prefix=, truncate.\n"},
		{"socket --tpm2 --log foo", "swtpm: Error parsing logging options: Unknown option 'foo'\nswtpm: Known are file=, fd=, level=, prefix=, truncate.\n"},
		{"socket --tpm2 --key foo", "swtpm: Error parsing key options: Unknown option 'foo'\nswtpm: Known are file=, fd=, pwdfile=, pwdfd=, mode=, format=, kdf=, remove.\n"},
		{"socket --tpm2 --key mode=aes-cbc", "swtpm: Either file=, fd=, pwdfile=, or pwdfd= is required for key option\n"},
		{"socket --tpm2 --migration-key file=/nonexist", "swtpm: Unable to open file /nonexist: No such file or directory\n"},
		{"socket --tpm2 --locality foo", "swtpm: Error parsing locality options: Unknown option 'foo'\nswtpm: Known are reject-locality-4, allow-set-locality.\n"},
		{"socket --tpm2 --seccomp action=foo", "swtpm: Unsupported seccomp log action foo\n"},
		{"socket --tpm2 --migration foo", "swtpm: Error parsing migration options: Unknown option 'foo'\nswtpm: Known are incoming, release-lock-outgoing.\n"},
		{"socket --tpm2 --profile name=a,profile={}", "swtpm: Only one of the profile options name, profile, file and fd may be given.\n"},
		{"socket --tpm2 --pcap foo", "swtpm: Error parsing pcap options: Unknown option 'foo'\nswtpm: Known are file=, fd=, truncate, mode=, checksums.\n"},
		{"socket --tpm2 --pcap truncate", "swtpm: The file or fd parameter is required for the pcap option.\n"},
		{"socket --tpm2 --pcap fd=155", "swtpm: Bad filedescriptor 155 for pcap file\n"},
		{"socket --print-states --tpmstate dir=/x", "swtpm: Error: This program does not support TPM 1.2; use --tpm2.\n"},
		{"socket --tpm2 --runas nouser", "swtpm: Error: User 'nouser' does not exist.\n"},
	}
	for _, row := range rows {
		status, stdout, stderr := runProgram(nil, strings.Fields(row.args)...)
		if status != 1 || stdout != "" || stderr != row.stderr {
			t.Errorf("%q: %d, %q, %q; want %q", row.args, status, stdout, stderr, row.stderr)
		}
	}
}

func TestPrinting(t *testing.T) {
	dir := t.TempDir()
	st, err := store.Open("dir://"+dir, store.Options{Lock: store.LockOff})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := errors.Join(st.Save(store.Permanent, make([]byte, 1315)), st.Save(store.Volatile, make([]byte, 8800))); err != nil {
		t.Fatal(err)
	}
	rows := []struct{ args, stdout string }{
		{"--version", versionText},
		{"--help", usageText},
		{"socket --help", socketUsage},
		{"socket --print-capabilities", `{ "type": "swtpm", "features": [ "tpm-2.0", "tpm-send-command-header", "flags-opt-startup", "flags-opt-disable-auto-shutdown", "ctrl-opt-terminate", "cmdarg-key-fd", "cmdarg-pwd-fd", "cmdarg-print-states", "cmdarg-chroot", "cmdarg-migration", "nvram-backend-dir", "nvram-backend-file", "cmdarg-print-info", "tpmstate-opt-lock", "tpmstate-dir-backend-opt-backup", "tpmstate-dir-backend-opt-fsync", "cmdarg-pcap", "systemd-notify" ], "profiles": { }, "version": "0.11.0" }` + "\n"},
		{"socket --print-cap --tpm2", `{ "type": "swtpm", "features": [ "tpm-2.0", "tpm-send-command-header", "flags-opt-startup", "flags-opt-disable-auto-shutdown", "ctrl-opt-terminate", "cmdarg-key-fd", "cmdarg-pwd-fd", "cmdarg-print-states", "cmdarg-chroot", "cmdarg-migration", "nvram-backend-dir", "nvram-backend-file", "rsa-keysize-1024", "rsa-keysize-2048", "cmdarg-profile", "cmdarg-print-profiles", "profile-opt-remove-disabled", "cmdarg-print-info", "tpmstate-opt-lock", "tpmstate-dir-backend-opt-backup", "tpmstate-dir-backend-opt-fsync", "cmdarg-pcap", "systemd-notify" ], "profiles": { "names": [ "null" ] }, "version": "0.11.0" }` + "\n"},
		{"socket --tpm2 --print-states --tpmstate dir=" + dir, `{ "type": "swtpm", "states": [ {"name": "permall", "size": 1315}, {"name": "volatilestate", "size": 8800} ] }`},
		{"socket --tpm2 --print-states --tpmstate dir=" + filepath.Join(dir, "none"), `{ "type": "swtpm", "states": [] }`},
		{"socket --tpm2 --print-profiles", `{"AvailableProfiles":[{"Name":"null"}]}`},
		{"socket --tpm2 --print-info 0x0", "{}\n"},
		{"socket --tpm2 --print-info 0x21 --tpmstate dir=" + dir, "{\"Flags\":33}\n"},
	}
	for _, row := range rows {
		status, stdout, stderr := runProgram(nil, strings.Fields(row.args)...)
		if status != 0 || stdout != row.stdout || stderr != "" {
			t.Errorf("%q: %d, %q, %q; want %q", row.args, status, stdout, stderr, row.stdout)
		}
	}
}

func TestFlags(t *testing.T) {
	rows := map[string]flagSettings{
		"":                                 {},
		"not-need-init":                    {start: true},
		"startup-none":                     {},
		"startup-state":                    {start: true, startup: startupState},
		"startup-state,startup-clear":      {start: true, startup: startupClear},
		"startup-deactivated":              {start: true, startup: startupDeactivated},
		"not-need-init,startup-none":       {start: true},
		"disable-auto-shutdown":            {disableAutoShutdown: true},
		"not-need-init=false,startup-none": {},
	}
	for arg, want := range rows {
		o := &options{given: map[string]string{"flags": arg}}
		if got, err := o.flags(); err != nil || got != want {
			t.Errorf("%q: %+v, %v", arg, got, err)
		}
	}
}
