package e2e

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// toolsPCR: reading, extending, events, resets, the allocation of banks, and a log of events replayed.
func toolsPCR(b *toolbox) {
	zero := make([]byte, 32)
	digest := sum256([]byte("measured"))
	b.do(`
		tpm2_pcrextend 16:sha256=` + hex.EncodeToString(digest) + `
		tpm2_pcrevent 23 message
		tpm2_pcrread sha256:0,16,17,23 -o pcrs`)
	event := sum256([]byte("a message"))
	want := [][]byte{zero, sum256(zero, digest), repeat(0xff, 32), sum256(zero, event)}
	b.is("pcrs", join(want...))
	sha1event := sha1.Sum([]byte("a message"))
	b.run("tpm2_pcrread sha1:23 -o sha1")
	b.is("sha1", hashed(crypto.SHA1, make([]byte, 20), sha1event[:]))
	b.says("tpm2_pcrevent message", "sha1: "+hex.EncodeToString(sha1event[:]), "sha256: "+hex.EncodeToString(event))
	b.says("tpm2_pcrread sha256:16", "16: 0x"+strings.ToUpper(hex.EncodeToString(want[1])))
	b.do(`
		tpm2_pcrreset 16 23
		!tpm2_pcrreset 0
		!tpm2_pcrextend 17:sha256=` + hex.EncodeToString(digest) + `
		tpm2_pcrread sha256:16,23 -o pcrs`)
	b.is("pcrs", join(zero, zero))

	b.logOfEvents()

	b.do(`
		tpm2_pcrallocate sha1:none+sha256:all+sha384:0,1,2,16
		tpm2_shutdown -c`)
	b.restart()
	b.run("tpm2_startup -c")
	b.says("tpm2_getcap pcrs", "- sha1: [ ]", "- sha384: [ 0, 1, 2, 16 ]", "- sha256: [ 0, 1, ")
	b.do(`
		tpm2_pcrextend 16:sha384=` + strings.Repeat("11", 48) + `
		tpm2_pcrread sha384:16 -o sha384`)
	b.is("sha384", hashed(crypto.SHA384, make([]byte, 48), repeat(0x11, 48)))
	b.do("!tpm2_pcrallocate sha256:none -P wrong")
}

// logOfEvents measures what a log tells of, and wants tpm2_eventlog to come to the same value of the PCR.
func (b *toolbox) logOfEvents() {
	b.t.Helper()
	var log []byte
	le := func(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }
	// The header is an event of the old form (PC Client Platform Firmware Profile, 10.4.5.1).
	spec := join([]byte("Spec ID Event03\x00"), le(0), []byte{0, 2, 0, 2}, le(1), []byte{0x0b, 0, 32, 0}, []byte{0})
	log = join(le(0), le(3), make([]byte, 20), le(uint32(len(spec))), spec)
	for _, data := range []string{"first", "second"} {
		digest := sha256.Sum256([]byte(data))
		log = append(log, join(le(4), le(13), le(1), []byte{0x0b, 0}, digest[:], le(uint32(len(data))), []byte(data))...)
		b.run("tpm2_pcrextend 4:sha256=" + hex.EncodeToString(digest[:]))
	}
	b.put("log", log)
	b.run("tpm2_pcrread sha256:4 -o pcr4")
	b.says("tpm2_eventlog log", "EV_IPL", "EventNum: 2", "4  : 0x"+hex.EncodeToString(b.file("pcr4")))
}
