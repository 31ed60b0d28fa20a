package tpm2

import (
	"bytes"
	"encoding/binary"
	"testing"

	"govtpm/internal/crypto/curve"
	"govtpm/tpm2/wire"
)

// Whatever is done to the bytes of a command that uses keys, the TPM answers it and does not fail.
func TestHostileCryptoCommands(t *testing.T) {
	all := wire.ObjectSign | wire.ObjectDecrypt
	rsaKey := func() *object { return rsaObject(all, wire.AlgNull, 0) }
	eccKey := func() *object { return eccObject(wire.CurveNISTP256, all, wire.AlgNull, 0) }
	g := curve.P256().Generator()
	point := wire.TPMSECCPoint{X: g.X(), Y: g.Y()}
	digest := make([]byte, 32)
	rsaSig := &wire.TPMTSignature{SigAlg: wire.AlgRSAPSS, Signature: wire.TPMUSignature{RSA: wire.TPMSSignatureRSA{Hash: wire.AlgSHA256, Sig: make([]byte, 128)}}}
	eccSig := &wire.TPMTSignature{SigAlg: wire.AlgSM2, Signature: wire.TPMUSignature{ECC: wire.TPMSSignatureECC{Hash: wire.AlgSHA256, R: digest, S: digest}}}
	const h = firstTransient
	for _, c := range []struct {
		key     *object
		command *testCommand
	}{
		{rsaKey(), rsaEncryptCommand(h, digest, rsaDecryptScheme(wire.AlgOAEP, wire.AlgSHA1), "l\x00")},
		{rsaKey(), rsaDecryptCommand(h, make([]byte, 128), rsaDecryptScheme(wire.AlgRSAES, 0), "")},
		{rsaKey(), signCommand(h, digest, sigScheme(wire.AlgRSAPSS, wire.AlgSHA256), nullTicket)},
		{rsaKey(), verifyCommand(h, digest, rsaSig)},
		{eccKey(), verifyCommand(h, digest, eccSig)},
		{eccKey(), signCommand(h, digest, sigScheme(wire.AlgECSchnorr, wire.AlgSHA256), nullTicket)},
		{eccKey(), newCommand(wire.CCECDHKeyGen, h)},
		{eccKey(), newCommand(wire.CCECDHZGen, h).password(keyAuth).put(eccPoint(point.X, point.Y))},
		{eccKey(), zGen2PhaseCommand(h, point, point, wire.AlgECMQV, 0)},
		{eccKey(), eccEncryptCommand(h, digest, kdfScheme(wire.AlgKDF2, wire.AlgSHA256))},
		{eccKey(), eccDecryptCommand(h, point, digest, digest, kdfScheme(wire.AlgKDF2, wire.AlgSHA256))},
		{eccObject(wire.CurveBNP256, all, wire.AlgECDAA, wire.AlgSHA256), commitCommand(h, eccPoint(nil, nil), digest, digest)},
		{cipherKey(wire.AlgAES, wire.AlgNull, all, digest), encryptDecrypt2Command(h, 1, wire.AlgCBC, digest[:16], digest)},
		{hmacKey(wire.AlgNull, all, digest), newCommand(wire.CCMAC, h).password(keyAuth).b2(digest).put(wire.AlgSHA256)},
		{hmacKey(wire.AlgNull, all, digest), newCommand(wire.CCMACStart, h).password(keyAuth).b2(digest).put(wire.AlgSHA256)},
		{&object{sequence: &sequence{kind: sequenceEvent, auth: []byte(sequenceAuth)}}, newCommand(wire.CCEventSequenceComplete, 16, h).password("").password(sequenceAuth).b2(digest)},
	} {
		good := c.command.bytes()
		b := newTestTPM(t)
		run := func(cmd []byte) {
			binary.BigEndian.PutUint32(cmd[2:], uint32(len(cmd)))
			o := *c.key
			b.volatile.objects = [maxLoadedObjects]*object{}
			b.addKey(&o)
			b.stateReset.commitCounter, b.stateReset.commitArray[0] = 1, 1
			b.runBytes(cmd)
			if b.Failure() != nil {
				t.Fatalf("%v: %x: %v", c.command.code, cmd, b.Failure())
			}
		}
		for n := 10; n < len(good); n++ {
			run(bytes.Clone(good[:n]))
		}
		run(append(bytes.Clone(good), 0))
		for i := 10; i < len(good); i++ {
			for _, x := range []byte{1, 0x80} {
				bad := bytes.Clone(good)
				bad[i] ^= x
				run(bad)
			}
		}
	}
}
