package nvstate

// Level is a StateFormatLevel: which forms of the structures, and which algorithms and commands, state may contain. The
// levels are those of libtpms:
//
//	1  state of libtpms 0.9, no profile in the blob
//	2  the profile is stored in the blob
//	3  TPM2_ECC_Encrypt and TPM2_ECC_Decrypt; command sets are indexed by command code
//	4  AES-192 and Camellia-192; policy sessions mark a name hash
//	5  TPM2_PolicyCapability and TPM2_PolicyParameters
//	6  the hierarchy is stored with each object
//	7  profile attributes, hmac-min-key-size
//	8  RSA-4096
type Level uint8

// The lowest and the highest level known. Level 1 is loaded by libtpms 0.9 and later, 2 to 7 by 0.10, 8 by 0.11.
const (
	LevelNull Level = 1
	LevelMax  Level = 8
)

func (l Level) persistentAllVersion() uint16 {
	if l >= 2 {
		return 4
	}
	return 3
}

func (l Level) persistentDataVersion() uint16 {
	if l >= 3 {
		return 5
	}
	return 4
}

func (l Level) objectVersion() uint16 {
	if l >= 6 {
		return 4
	}
	return 3
}
