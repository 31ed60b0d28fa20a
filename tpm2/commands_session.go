package tpm2

import (
	"govtpm/tpm2/wire"
)

// sessionCommands are the commands of Part 3, clause 11.
func sessionCommands() []command {
	return []command{
		{
			code: wire.CCStartAuthSession, clause: "11.1",
			handles: []handleSpec{{"tpmKey", wire.TPMIDHObject | wire.OrNull, roleNone}, {"bind", wire.TPMIDHEntity | wire.OrNull, roleNone}},
			flags:   flagDecrypt | flagEncrypt | flagRHandle,
			run:     with((*TPM).startAuthSession),
		},
		{
			code: wire.CCPolicyRestart, clause: "11.2",
			handles: []handleSpec{{"sessionHandle", wire.TPMISHPolicy, roleNone}},
			flags:   flagTrial,
			run:     bare((*TPM).policyRestart),
		},
	}
}

// startAuthSessionParameters are the parameters of TPM2_StartAuthSession (Part 3, 11.1).
type startAuthSessionParameters struct {
	nonceCaller   wire.TPM2BNonce           // TPM2B_NONCE
	encryptedSalt wire.TPM2BEncryptedSecret // TPM2B_ENCRYPTED_SECRET
	sessionType   wire.SE                   // TPM_SE
	symmetric     wire.TPMTSymDef           // TPMT_SYM_DEF+
	authHash      wire.Alg                  // TPMI_ALG_HASH
}

func (p *startAuthSessionParameters) fields() []field {
	return []field{
		{"nonceCaller", &p.nonceCaller},
		{"encryptedSalt", &p.encryptedSalt},
		{"sessionType", &p.sessionType},
		{"symmetric", orNull(&p.symmetric)},
		{"authHash", asAlg(&p.authHash, wire.TPMIAlgHash)},
	}
}
