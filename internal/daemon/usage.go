package daemon

// Version is the release of swtpm whose interface the programs have.
const Version = "0.11.0"

const versionText = "TPM emulator version " + Version + ", Copyright (c) 2026 the govtpm authors\n"

// synopsis is how the program is called. Programs look in its first line for the interfaces there are.
const synopsis = `Usage: swtpm socket|chardev|cuse [options]
       swtpm inspect|decode|setup|ioctl|bios|cert|localca|create-tpmca [options]
       swtpm -v|--version
`

// usageText explains the choice of interfaces.
const usageText = `TPM emulator with choice of interface.

` + synopsis + `
Interfaces
socket               : sockets, of TCP or UnixIO; what QEMU uses
chardev              : a character device that is there already, or that the
                       kernel's proxy driver makes
cuse                 : a character device in user space; also swtpm_cuse

Tools
inspect              : tell what a saved state holds
decode               : say recorded TPM commands and responses in words
setup                : make a TPM: keys, certificates, PCR banks; also swtpm_setup
ioctl                : control a running TPM; also swtpm_ioctl
bios                 : send a TPM the commands of firmware; also swtpm_bios
cert                 : make a certificate for a key of a TPM; also swtpm_cert
localca              : certificate authority on this machine; also swtpm_localca
create-tpmca         : make an authority whose key is in a TPM; also
                       swtpm-create-tpmca

Use the --help option to see the help screen of each interface and tool.
Use 'swtpm --version' to see version information.
`

const socketUsage = `Usage: swtpm socket [options]

The following options are supported:

Channels
-p|--port <port>     : listen for TPM commands on this TCP port of 127.0.0.1 and
                       close the connection after each response
-f|--fd <fd>         : take TPM commands from this connected file descriptor
--server [type=tcp][,port=<port>[,bindaddr=<address>[,ifname=<ifname>]]][,fd=<fd>][,disconnect]
                     : listen for TPM commands on a TCP port, of 127.0.0.1 unless
                       bindaddr is given; fd is a connected socket; disconnect
                       closes the connection after each response
--server type=unixio[,path=<path>][,fd=<fd>][,mode=0...][,uid=<uid>][,gid=<gid>][,disconnect]
                     : the same on a UnixIO socket; fd is a listening socket; mode,
                       uid and gid are those of the socket's file
--server type=mssim[,port=<port>][,bindaddr=<address>[,ifname=<ifname>]]
                     : the protocol of the simulator of the reference code: commands
                       on a TCP port, 2321 unless port is given, and signals of the
                       platform (power, presence, cancel) on the next one
--ctrl type=[unixio|tcp][,path=<path>][,port=<port>[,bindaddr=<address>[,ifname=<ifname>]]][,fd=<fd>|clientfd=<fd>][,mode=0...][,uid=<uid>][,gid=<gid>][,terminate]
                     : control channel; fd is a listening socket, clientfd (UnixIO
                       only) a connected one; terminate ends the process when the
                       control connection is lost
-t|--terminate       : end the process when the data connection is lost

` + stateUsage + daemonUsage + restUsage

// stateUsage and restUsage explain the options that all interfaces have.
const stateUsage = `State
--tpm2               : be a TPM 2; must be given, for TPM 1.2 is not supported yet
--tpmstate dir=<dir>|backend-uri=<uri>[,mode=0...][,lock][,backup][,fsync][,sync=on|off]
                     : where the state is kept: a directory, dir://<path>,
                       file://<path>, or mem: for a TPM that is thrown away;
                       mode is that of its files (default 0640), lock locks them,
                       backup keeps the previous state; every change is synced
                       to disk before its response, with fsync or without,
                       unless sync=off gives that up; the environment variable
                       TPM_PATH may name the directory
--key file=<path>|fd=<fd>[,mode=aes-cbc|aes-256-cbc][,format=hex|binary][,remove=[true|false]]
--key pwdfile=<path>|pwdfd=<fd>[,mode=aes-cbc|aes-256-cbc][,remove=[true|false]][,kdf=sha512|pbkdf2]
                     : encrypt the state with a key, or with one derived from a
                       passphrase; remove deletes the file after reading
--migration-key <as for --key>
                     : encrypt the state that leaves through the control channel
--migration [incoming][,release-lock-outgoing]
                     : incoming does not lock the state before it has arrived;
                       release-lock-outgoing unlocks it once it was fetched
--profile name=<name>|profile=<json>|file=<path>|fd=<fd>[,remove-disabled=check|fips-host]
                     : profile of a new TPM 2; without it, null

Behaviour
--flags [not-need-init][,startup-clear|startup-state|startup-deactivated|startup-none][,disable-auto-shutdown]
                     : not-need-init powers the TPM on at once, startup-... also
                       sends Startup; disable-auto-shutdown never sends TPM2_Shutdown
--locality [reject-locality-4][,allow-set-locality]
                     : refuse locality 4; accept the command SetLocality
-r|--runas <user>    : change to this user
-R|--chroot <path>   : change to this root directory
--seccomp action=kill|log|none
                     : what happens on a system call that the process has no
                       use for: it is killed (the default), or the call is
                       logged; none also leaves the file system open to it,
                       which is fenced in otherwise if the system can do it
`

const daemonUsage = `-d|--daemon          : go to the background when ready
`

const restUsage = `--pid file=<path>|fd=<fd>
                     : write the process ID
--log file=<path>|fd=<fd>[,level=<n>][,prefix=<prefix>][,truncate]
                     : log to a file, which is made for its owner alone (mode
                       0600); '-' is no log; level 1 is the default, 2 and above
                       also dump the traffic; prefix begins every line; truncate
                       empties the file first
--pcap file=<path>|fd=<fd>[,truncate][,mode=0...][,checksums]
                     : record the TPM commands, for "swtpm decode" or Wireshark;
                       mode is that of the file (default 0640, which lets its group
                       read what is in the commands); truncate empties the file first

Information
--print-capabilities : print capabilities and terminate
--print-states       : print existing TPM states and terminate
--print-profiles     : print available profiles and terminate
--print-info <flags> : print information about the TPM and terminate
-h|--help            : display this help screen and terminate
`

const chardevUsage = `Usage: swtpm chardev [options]

The following options are supported:

Channels
-c|--chardev <path>  : take TPM commands from this character device
-f|--fd <fd>         : take TPM commands from this file descriptor
--vtpm-proxy         : make a TPM device of the Linux kernel, start the TPM and
                       serve that device
--ctrl type=[unixio|tcp][,path=<path>][,port=<port>[,bindaddr=<address>[,ifname=<ifname>]]][,fd=<fd>|clientfd=<fd>][,mode=0...][,uid=<uid>][,gid=<gid>][,terminate]
                     : control channel; fd is a listening socket, clientfd (UnixIO
                       only) a connected one; terminate ends the process when the
                       control connection is lost

` + stateUsage + daemonUsage + restUsage

const cuseVersionText = "TPM emulator CUSE interface version " + Version + ", Copyright (c) 2026 the govtpm authors\n"

const cuseUsage = `Usage: swtpm cuse [options]
       swtpm_cuse [options]

The process goes to the background once the device is there. It needs to be root.
The following options are supported:

Device
-n|--name <name>     : name of the device, below /dev; mandatory
-M|--maj <number>    : major number of the device
-m|--min <number>    : minor number of the device
-v|--version         : display the version and terminate

` + stateUsage + restUsage
