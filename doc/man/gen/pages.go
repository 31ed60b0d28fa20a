package main

import (
	"bytes"
	"fmt"
	"strings"

	"govtpm/internal/programs"
)

// A page is a manual page: the help of a program, and what a help screen has no room for.
type page struct {
	name    string
	section int
	what    string
	about   []string      // in front of what the help says
	help    func() string // what the program prints
	more    []extra
	see     []string
}

// An extra is a section that the help does not have.
type extra struct {
	title string
	text  []string
	items []item
	code  []string
}

func (p *page) file() string { return fmt.Sprintf("%s.%d", p.name, p.section) }

// helpOf returns what the program prints that is run with the words.
func helpOf(words ...string) func() string {
	return func() string {
		var out, errs bytes.Buffer
		if code := programs.Run(words, strings.NewReader(""), &out, &errs); code != 0 {
			panic(fmt.Sprintf("%v: exit status %d, %s", words, code, errs.String()))
		}
		return out.String()
	}
}

func exitStatus(what string) extra {
	return extra{title: "EXIT STATUS", text: []string{what}}
}

const zeroOne = "0 if all went well, 1 otherwise; the reason stands on standard error, or in the log if there is one."

func pages() []*page {
	return append(programPages(), filePages()...)
}

func programPages() []*page {
	return []*page{
		{
			name: "swtpm", section: 8, what: "software TPM", help: helpOf("swtpm", "--help"),
			about: []string{"A TPM in software, for virtual machines, containers and tests. The first word chooses how its clients reach it; " +
				"each interface has a page of its own. What the TPM promises a client is on disk before the client has the response."},
			more: []extra{
				{title: "PROFILES", text: []string{
					"A profile says which commands and algorithms a new TPM 2 has; its state keeps it. default-v2, default-v1 and null are those of " +
						"libtpms. A profile with the name custom, or one that begins with custom:, has lists of its own: Commands, numbers and " +
						"ranges of TPM_CC; Algorithms; Attributes. A list stands in place of the profile's, so it must name all that the TPM is to " +
						"have: --print-profiles tells what to begin with, and --print-capabilities what can be left out (canbedisabled). " +
						"Without a profile it is null, with which every libtpms can take the TPM over.",
					"Beyond what libtpms has, Commands can name every command of TPM 2.0 version 185 that this program can run, and Algorithms " +
						"sm3-256, sm4, sha3-256, sha3-384, sha3-512 and hkdf; compatibility.md tells which. libtpms refuses the state of such a TPM. A " +
						"profile with TPM2_VerifyDigestSignature and TPM2_SignDigest, for --profile file=sign.json:",
				}, code: []string{
					`{"Name":"custom:sign","Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,` +
						`0x167-0x174,0x176-0x178,0x17a-0x193,0x197,0x199-0x19c,0x1a5-0x1a6"}`,
				}},
				{title: "EXAMPLES", text: []string{"A TPM for tpm2-tools, on TCP ports 2321 and 2322, ready for commands:"}, code: []string{
					"swtpm socket --tpm2 --tpmstate dir=mytpm --server type=tcp,port=2321 \\",
					"    --ctrl type=tcp,port=2322 --flags not-need-init,startup-clear",
				}},
				exitStatus(zeroOne),
			},
			see: []string{"swtpm-socket(8)", "swtpm-chardev(8)", "swtpm-cuse(8)", "swtpm-inspect(8)", "swtpm-decode(8)",
				"swtpm_setup(8)", "swtpm_ioctl(8)", "swtpm_bios(8)", "swtpm_cert(8)", "swtpm_localca(8)", "swtpm-create-tpmca(8)"},
		},
		{
			name: "swtpm-socket", section: 8, what: "software TPM on sockets", help: helpOf("swtpm", "socket", "--help"),
			about: []string{"A TPM whose commands come over one connection, and its control over another. This is the TPM of virtual machines."},
			more: []extra{
				{title: "EXAMPLES", text: []string{"A TPM for a virtual machine:"}, code: []string{
					"swtpm socket --tpm2 --tpmstate dir=vmtpm --ctrl type=unixio,path=vmtpm/sock --terminate &",
					"qemu-system-x86_64 ... -chardev socket,id=chrtpm,path=vmtpm/sock \\",
					"    -tpmdev emulator,id=tpm0,chardev=chrtpm -device tpm-crb,tpmdev=tpm0",
				}},
				{title: "ENVIRONMENT", items: []item{
					{"TPM_PATH", "state directory, if there is no --tpmstate"},
					{"TPM_PORT", "TCP port, if --server type=tcp has neither port nor fd"},
					{"NOTIFY_SOCKET", "where systemd is told that the service is ready"},
					{"LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES", "sockets that systemd opened: those named data and ctrl, or else the first for the data " +
						"channel and the second for the control channel, where no option says otherwise"},
				}},
				exitStatus(zeroOne),
			},
			see: []string{"swtpm(8)", "swtpm_ioctl(8)", "swtpm_setup(8)"},
		},
		{
			name: "swtpm-chardev", section: 8, what: "software TPM on a character device", help: helpOf("swtpm", "chardev", "--help"),
			about: []string{"A TPM whose commands come from a character device: one that is open, or one that the kernel's proxy driver makes for a container."},
			more:  []extra{exitStatus(zeroOne)}, see: []string{"swtpm(8)", "swtpm_ioctl(8)"},
		},
		{
			name: "swtpm-cuse", section: 8, what: "software TPM as a character device in user space", help: helpOf("swtpm", "cuse", "--help"),
			about: []string{"A TPM that is a device of this machine. Programs read and write it as they would a chip's; swtpm_ioctl controls it."},
			more: []extra{{title: "EXIT STATUS", items: []item{
				{"0", "the device is there, and the process in the background"},
				{"1", "the command line makes no sense, or the kernel gives no device"},
				{"255", "a device number is none, there is no place for the state, the device exists already, or the TPM does not start"},
				{"254", "the device has no name"}, {"253", "suboptions make no sense"}, {"252", "the process is not root"},
				{"251", "it cannot become the user of --runas"}, {"243", "the PID file cannot be written"},
				{"242", "there is no seccomp filter although --seccomp was given"},
			}}},
			see: []string{"swtpm(8)", "swtpm_ioctl(8)"},
		},
		{
			name: "swtpm-inspect", section: 8, what: "tell what a saved state of a TPM holds", help: helpOf("swtpm", "inspect", "--help"),
			more: []extra{
				{title: "EXAMPLES", code: []string{"swtpm inspect vmtpm", "swtpm inspect --json --key pwdfile=passphrase file://vmtpm.state"}},
			},
			see: []string{"swtpm(8)", "swtpm-decode(8)"},
		},
		{
			name: "swtpm-decode", section: 8, what: "say TPM commands and responses in words", help: helpOf("swtpm", "decode", "--help"),
			more: []extra{
				{title: "EXAMPLES", text: []string{"What a guest asked of its TPM, and a response in digits:"}, code: []string{
					"swtpm socket --tpm2 --tpmstate dir=vmtpm --ctrl type=unixio,path=vmtpm/sock --pcap file=vmtpm.pcap",
					"swtpm decode vmtpm.pcap",
					"swtpm decode '< 8001 0000000a 0000018b'",
				}},
				exitStatus(zeroOne),
			},
			see: []string{"swtpm(8)", "swtpm-socket(8)", "swtpm-inspect(8)"},
		},
		{
			name: "swtpm_setup", section: 8, what: "make a TPM: keys, certificates, PCR banks", help: helpOf("swtpm_setup", "--help"),
			about: []string{
				"A TPM comes from its manufacturer with endorsement keys and certificates for them. This program does for a software TPM " +
					"what a manufacturer does for a chip.",
				"The TPM is made in the program's own memory, and its state is put in place when all of it is there. If anything fails, " +
					"the place is as it was: no half of a TPM is left, and one that was there before still is; an empty file .lock may remain.",
			},
			more: []extra{
				{title: "WHAT IS MADE", items: []item{
					{"0x81010001, 0x8101001c, 0x8101001e", "endorsement keys of RSA 2048, 3072, 4096; certificates in NV indexes 0x01c00002, 0x01c0001c, 0x01c0001e"},
					{"0x8101000a, 0x81010016, 0x81010018", "endorsement keys of P-256, P-384, P-521; certificates in 0x01c0000a, 0x01c00016, 0x01c00018"},
					{"0x01c08000", "platform certificate"},
					{"0x81000001", "storage primary key"},
					{"0x81020000, 0x81020001", "IDevID and IAK; certificates in 0x01c90200, 0x01c90100"},
				}},
				{title: "AUTHORITIES", text: []string{
					"Certificates come from the program that create_certs_tool names: swtpm_localca, or one of your own, which may ask an authority " +
						"wherever that is. It is called once for each certificate, with the options of swtpm_localca(8): --type says which, --ek (for IAK " +
						"and IDevID --key) is the key, an RSA modulus or x=X,y=Y,id=CURVE in hexadecimal digits, and the certificate in DER is to be the " +
						"file TYPE.cert in the directory of --dir.",
					"An exit status other than 0, no file, something that is no certificate of that key, or more time than create_certs_tool_timeout: " +
						"then no TPM is made.",
				}},
				{title: "FILES", items: []item{
					{"~/.config/swtpm_setup.conf, /etc/swtpm_setup.conf", "configuration: swtpm_setup.conf(5)"},
					{"/usr/share/swtpm/profiles", "profiles of the distribution"},
				}},
				{title: "EXAMPLES", text: []string{"A TPM as libvirt has it made:"}, code: []string{
					"swtpm_setup --tpm2 --tpm-state mytpm --create-ek-cert --create-platform-cert \\",
					"    --lock-nvram --vmid myvm --not-overwrite",
				}},
				exitStatus("0 if the TPM was made, or was there and is kept by --not-overwrite; 1 otherwise."),
			},
			see: []string{"swtpm(8)", "swtpm_setup.conf(5)", "swtpm_localca(8)", "swtpm_cert(8)"},
		},
		{
			name: "swtpm_localca", section: 8, what: "certificate authority on this machine", help: helpOf("swtpm_localca", "--help"),
			more: []extra{
				{title: "FILES", items: []item{
					{"~/.config/swtpm-localca.conf, /etc/swtpm-localca.conf", "where the authority is: swtpm-localca.conf(5)"},
					{"~/.config/swtpm-localca.options, /etc/swtpm-localca.options", "options of swtpm_cert for every certificate, such as --platform-model"},
					{"<directory>/ek.cert, platform.cert, iak.cert, idevid.cert", "the certificate"},
				}},
				exitStatus(zeroOne),
			},
			see: []string{"swtpm_cert(8)", "swtpm-localca.conf(5)", "swtpm-create-tpmca(8)", "swtpm_setup(8)"},
		},
		{
			name: "swtpm-create-tpmca", section: 8, what: "make a certificate authority whose key is in a TPM", help: helpOf("swtpm-create-tpmca", "--help"),
			more: []extra{
				{title: "FILES", items: []item{
					{"<directory>/swtpm-localca-tpmca-privkey.pem, swtpm-localca-tpmca-pubkey.pem, swtpm-localca-tpmca-cert.pem",
						"signing key, which only the TPM can open, its public part and its certificate"},
					{"<directory>/swtpm-localca-rootca-privkey.pem, swtpm-localca-rootca-cert.pem", "key and certificate of the root authority"},
				}},
				{title: "EXAMPLES", text: []string{"An authority for libvirt, with a key in the TPM of this machine:"}, code: []string{
					"swtpm-create-tpmca --tpm2 --dir /var/lib/swtpm-localca-tpm --owner tss --group tss \\",
					"    --outfile /etc/swtpm-localca.conf",
				}},
				exitStatus("0 if all went well, 1 otherwise; the reason stands on standard error."),
			},
			see: []string{"swtpm_localca(8)", "swtpm-localca.conf(5)"},
		},
		{
			name: "swtpm_cert", section: 8, what: "make a certificate for a key of a TPM", help: helpOf("swtpm_cert", "--help"),
			more: []extra{exitStatus(zeroOne)}, see: []string{"swtpm_localca(8)"},
		},
		{
			name: "swtpm_ioctl", section: 8, what: "control a running software TPM", help: helpOf("swtpm_ioctl", "--help"),
			about: []string{"Sends one command to the control channel of a TPM and tells the answer."},
			more: []extra{
				{title: "ENVIRONMENT", items: []item{
					{"SWTPM_IOCTL_BUFFERSIZE", "with a device, move state by read and write, in pieces of this many bytes, instead of ioctls"},
				}},
				{title: "EXAMPLES", code: []string{"swtpm_ioctl --unix vmtpm/sock -c", "swtpm_ioctl --tcp :2322 --save permanent state"}},
				exitStatus(zeroOne),
			},
			see: []string{"swtpm(8)"},
		},
		{
			name: "swtpm_bios", section: 8, what: "send a TPM the commands of firmware", help: helpOf("swtpm_bios", "--help"),
			more: []extra{{title: "ENVIRONMENT", items: []item{
				{"TPM_DEVICE", "the device, unless an option says otherwise"},
				{"TCSD_USE_TCP_DEVICE", "if it is set: TCP, to TCSD_TCP_DEVICE_HOSTNAME and TCSD_TCP_DEVICE_PORT, by default 127.0.0.1 and 6545"},
			}}, {title: "EXIT STATUS", items: []item{
				{"0", "all went well"}, {"1", "the options make no sense"}, {"128", "the TPM refused a command"},
				{"129", "the TPM must be reset to become active"}, {"255", "the TPM cannot be reached, or does not answer as a TPM does"},
			}}},
			see: []string{"swtpm(8)"},
		},
	}
}
