package certtool

const banner = "TPM certificate tool version " + Version

const usage = banner + `

Usage: swtpm_cert [options]

Issues an X.509 certificate for a key of a TPM; the private key is not needed.

The key to certify (one of):
--pubkey <file>            PEM file with the public key
--modulus <hex>            modulus of an RSA key, of 1024 to 16384 bits
--exponent <number>        its exponent; default is 65537
--ecc-x <hex>              x coordinate of an elliptic curve key
--ecc-y <hex>              its y coordinate
--ecc-curveid <id>         its curve: secp256r1 (default), secp384r1, secp521r1
--public <hex>             bytes of a post-quantum public key
--keyalgo <name>           its algorithm: ml-kem-512, ml-kem-768, ml-kem-1024,
                           ml-dsa-44, ml-dsa-65, ml-dsa-87

The issuer:
--signkey <key>            private key of the CA, in one of the forms below
--signkey-password <pass>  password of that key, or PIN of its token
--signkey-pwd <pwd>        the same, in one of the forms below
--parentkey-password <pass>
                           password of the parent of a key in a TPM
--parentkey-pwd <pwd>      the same, in one of the forms below
--issuercert <file>        PEM file with the certificate of the CA

The certificate:
--out-cert <file>          file to write; without it PEM goes to standard output
--pem                      write PEM instead of DER
--add-header               put the TCG header of TPM 1.2 NV storage in front
--type <type>              ek (default), platform, iak or idevid
--serial <number>          serial number; default is 1
--days <number>            days of validity, -1 for no end; default is 365
--subject <subject>        subject, e.g. C=US,ST=NY,L=New York; not with TPM 1.2
--tpm2                     follow the rules for TPM 2
--allow-signing            the key may sign; TPM 2 only
--decryption               the key may decrypt; TPM 2 only
--tpm-manufacturer <name>  manufacturer of the TPM
--tpm-model <model>        model (part number) of the TPM
--tpm-version <version>    (firmware) version of the TPM
--tpm-serial-num <number>  serial number of the TPM, for iak and idevid
--tpm-spec-family <text>   family of the TPM specification
--tpm-spec-level <number>  its level
--tpm-spec-revision <number>
                           its revision
--platform-manufacturer <name>
                           manufacturer of the platform
--platform-model <model>   model of the platform
--platform-version <version>
                           version of the platform

--print-capabilities       print capabilities and exit
--version                  print the version and exit
--help                     print this text and exit

Forms of a key given with --signkey:
<file>           PEM file, encrypted or not, or TSS2 PRIVATE KEY, which only its TPM 2
                 can open
pkcs11:<URI>     key in a PKCS #11 token
handle:<number>  persistent key in a TPM 2, such as handle:0x81000010
tpmkey:file=<f>  file with a TSS2 PRIVATE KEY

Forms of a password given with --signkey-pwd or --parentkey-pwd:
<password>, pass:<password>  the password itself
fd:<number>                  read it from a file descriptor
file:<name>                  read it from a file
env:<name>                   take it from an environment variable

A certificate of type ek needs --tpm-manufacturer, --tpm-model and --tpm-version, and
also --tpm-spec-family, --tpm-spec-level and --tpm-spec-revision. One of type platform
needs the first three and --platform-manufacturer, --platform-model
and --platform-version. One of type iak or idevid needs --tpm-serial-num.

Keys in PKCS #11 tokens need the program certtool of GnuTLS. The PIN is the password,
or pin-value or pin-source of the URI, or the environment's SWTPM_PKCS11_PIN.

The TPM of a key is where TPM2OPENSSL_TCTI, TPM2TOOLS_TCTI or TCTI says: device:<file>,
swtpm:path=<socket>, swtpm:host=<host>,port=<port> or mssim:host=<host>,port=<port>. It is
device:/dev/tpmrm0 if none of them is set.
`
