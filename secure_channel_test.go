package govtpm_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"

	"govtpm"
	"govtpm/store"
	"govtpm/tpm2"
	tpm "govtpm/tpm2/wire"
)

// channelProfile is a profile with TPM2_PolicyTransportSPDM.
const channelProfile = `{"Name":"custom:channel","Commands":"0x11f-0x122,0x124-0x12e,0x130-0x140,0x142-0x159,0x15b-0x15e,0x160-0x165,` +
	`0x167-0x174,0x176-0x178,0x17a-0x193,0x197,0x199-0x19c,0x1a1"}`

// What comes with a command of its secure channel reaches the policy, and goes with the command.
func TestExecuteOver(t *testing.T) {
	key := tpm.TPMTPublic{Type: tpm.AlgKeyedHash, NameAlg: tpm.AlgSHA256}
	key.Parameters.KeyedHash.Scheme.Scheme = tpm.AlgNull
	b := open(t, store.NewMemory(), govtpm.Options{Profile: channelProfile, ChannelKeys: []tpm.TPMTPublic{key}}).started()
	name := append(tpm.TPM2BName{0, 0x0B}, bytes.Repeat([]byte{7}, 32)...)
	over := func(channel *tpm2.SecureChannel, cmd string) string {
		rsp, err := b.ExecuteOver(context.Background(), channel, 0, unhex(cmd))
		if err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(rsp)
	}
	const (
		pubKeys    = "8001 00000016 0000017a 0000000b 00000000 00000001"
		info       = "8001 00000016 0000017a 0000000c 00000000 00000001"
		noInfo     = "8001 00000013 00000000 00 0000000c 00000000"
		start      = "8001 0000003b 00000176 40000007 40000007 0020" + "0000000000000000000000000000000000000000000000000000000000000000" + "0000 01 0010 000b"
		transport  = "8001 00000034 000001a1 03000000 0000 0022000b" + "0707070707070707070707070707070707070707070707070707070707070707"
		getDigest  = "8001 0000000e 00000189 03000000"
		setClock   = "8002 00000023 00000128 40000001 00000009 03000000 0000 01 0000 0000000000100000"
		noChannel  = "80010000000a000009b0"
		channelKey = "80010000000a000009b1"
	)
	public := hex.EncodeToString(tpm.Marshal(&tpm.TPM2BPublic{TPMTPublic: key}))
	if got := hex.EncodeToString(b.run(pubKeys)); got != "80010000002300000000"+"00"+"0000000b"+"00000001"+public {
		t.Errorf("keys: %s", got)
	}
	b.want(info, noInfo)
	b.run(start)
	b.want(transport, success)
	digest := hex.EncodeToString(b.run(getDigest)[12:])
	// TPM2_SetPrimaryPolicy of the owner.
	b.want("8002 0000003f 0000012e 40000001 00000009 40000009 0000 01 0000 0020"+digest+"000b", successAuth)
	channel := &tpm2.SecureChannel{TPMKey: name}
	if got := over(channel, info); got != "80010000003900000000"+"00"+"0000000c"+"00000001"+"0000"+"0022"+hex.EncodeToString(name) {
		t.Errorf("channel: %s", got)
	}
	for _, step := range []struct {
		channel *tpm2.SecureChannel
		want    string
	}{{nil, noChannel}, {new(tpm2.SecureChannel), channelKey}, {channel, ""}} {
		got := over(step.channel, setClock)
		if step.want == "" && got[12:20] != "00000000" || step.want != "" && got != step.want {
			t.Errorf("%+v: %s, want %s", step.channel, got, step.want)
		}
	}
	// The next command has none.
	b.want(transport, success)
	b.want(setClock, noChannel)
	b.want(info, noInfo)
}
