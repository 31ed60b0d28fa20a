package wire

import "testing"

func TestFirst(t *testing.T) {
	in := TPMTPublic{Type: AlgECC, NameAlg: AlgSHA256, Attributes: ObjectSign | ObjectFixedTPM,
		Parameters: TPMUPublicParms{ECC: TPMSECCParms{Symmetric: TPMTSymDefObject{Algorithm: AlgNull},
			Scheme: TPMTECCScheme{Scheme: AlgECDSA, HashAlg: AlgSHA256}, CurveID: CurveNISTP256,
			KDF: TPMTKDFScheme{Scheme: AlgNull}}}}
	var out TPM2BPublic
	if rc := Unmarshal(Marshal(&TPM2BPublic{in}), nil, &out); rc != RCSuccess {
		t.Fatal(rc)
	}
	if got := RCValue.Parameter(2).String(); got != "TPM_RC_VALUE (parameter 2): value out of range or wrong here" {
		t.Error(got)
	}
}
