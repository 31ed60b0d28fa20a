package main

// syntax is what all configuration files have in common (package conffile).
var syntax = extra{title: "SYNTAX", text: []string{
	"A line is a key at its beginning, an equals sign and a value; a number sign ends the value, and blanks around it do not count. ${NAME} is " +
		"replaced by the environment's variable of that name. Of two lines with one key the first counts.",
}}

func noHelp() string { return "" }

// filePages are the pages of configuration files, and of the script that makes them.
func filePages() []*page {
	return []*page{
		{
			name: "swtpm-create-user-config-files", section: 8, what: "make configuration files for this user", help: noHelp,
			about: []string{"Makes swtpm_setup.conf, swtpm-localca.conf and swtpm-localca.options in $XDG_CONFIG_HOME, by default ~/.config, with a certificate " +
				"authority of their own below it. They count instead of those in /etc. It does what swtpm_setup --create-config-files does."},
			more: []extra{{title: "OPTIONS", items: []item{
				{"--overwrite", "replace the files that there are; without it that is an error"},
				{"--skip-if-exist", "do nothing if one of the files is there"},
				{"--root", "permit it to root, whose files then count instead of the system's"},
				{"--help, -h", "print how to call the program and exit"},
			}}, exitStatus("0 if all went well, 1 otherwise; the reason stands on standard error.")},
			see: []string{"swtpm_setup(8)", "swtpm_setup.conf(5)", "swtpm-localca.conf(5)"},
		},
		{
			name: "swtpm_setup.conf", section: 5, what: "configuration of swtpm_setup", help: noHelp,
			about: []string{"Says how swtpm_setup makes TPMs unless its options say otherwise. The file that --config names counts, or else the one in " +
				"$XDG_CONFIG_HOME, by default ~/.config, or else the one in /etc."},
			more: []extra{syntax, {title: "KEYS", items: []item{
				{"create_certs_tool", "program that makes certificates, such as swtpm_localca; without it none can be made"},
				{"create_certs_tool_config", "its configuration, handed to it as --configfile"},
				{"create_certs_tool_options", "its file of options, handed to it as --optsfile"},
				{"create_certs_tool_timeout", "seconds that it has for a certificate before it is stopped; 300 by default"},
				{"active_pcr_banks", "PCR banks to activate, separated by commas; sha256 by default"},
				{"rsa_keysize", "size of the first endorsement key: 2048 (default), 3072, 4096 or max"},
				{"ek1keyalgo, ek2keyalgo", "algorithms of the endorsement keys, as the options of these names"},
				{"iakkeyalgo, idevidkeyalgo", "algorithms of IAK and IDevID, which are made if there are certificates"},
				{"profile", "profile of new TPMs, in JSON"},
				{"profile_file", "file with it; comes before profile"},
				{"local_profiles_dir", "directory with profiles, NAME.json, for --profile-name"},
			}}},
			see: []string{"swtpm_setup(8)", "swtpm_localca(8)"},
		},
		{
			name: "swtpm-localca.conf", section: 5, what: "configuration of swtpm_localca", help: noHelp,
			about: []string{"Says where the certificate authority of this machine is. The file that --configfile names counts, or else the one in " +
				"$XDG_CONFIG_HOME, by default ~/.config, or else the one in /etc."},
			more: []extra{syntax, {title: "KEYS", items: []item{
				{"statedir", "directory with the lock of the authority; is made if it is missing; must be given"},
				{"signingkey", "PEM file with the private key; is made, with a root authority beside it, if it is missing. Or the pkcs11: URI of a key in " +
					"a token, with \\; for its semicolons if one likes, or a key in a TPM: see swtpm_cert(8). Must be given"},
				{"signingkey_password", "password of that key, or PIN of its token"},
				{"parentkey_password", "password of the parent of a key in a TPM"},
				{"SWTPM_PKCS11_PIN", "PIN of the token if nothing else says it; the environment's variable of this name, or swtpm-tpmca, by default"},
				{"env:NAME=value", "environment variable for the driver of the token, such as SOFTHSM2_CONF or TPM2_PKCS11_STORE, or for the way to the TPM, TPM2OPENSSL_TCTI; the value goes up to the end of " +
					"the line, without a blank behind the equals sign"},
				{"issuercert", "PEM file with the certificate of that key; must be given, and must be there for a key in a token or a TPM"},
				{"certserial", "file with the serial number of the last certificate; certserial in statedir by default"},
			}}},
			see: []string{"swtpm_localca(8)", "swtpm-localca.options(5)"},
		},
		{
			name: "swtpm-localca.options", section: 5, what: "options of certificates made by swtpm_localca", help: noHelp,
			about: []string{"Holds options of swtpm_cert, separated by blanks or ends of lines and without quotes, that every certificate is made with."},
			more: []extra{{title: "EXAMPLES", code: []string{
				"--platform-manufacturer Maker", "--platform-version 1.2", "--platform-model Model",
			}}},
			see: []string{"swtpm_localca(8)", "swtpm_cert(8)"},
		},
	}
}
