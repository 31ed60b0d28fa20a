package e2e

import (
	"bytes"
	"regexp"
	"strconv"

	"govtpm/e2e/rawtpm"
)

// toolsStartup: startup and shutdown, self-tests, random numbers, the clock, and a command sent as it is.
func toolsStartup(b *toolbox) {
	b.do(`
		tpm2_startup -c
		tpm2_selftest
		tpm2_selftest -f
		tpm2_incrementalselftest rsa ecc aes sha256 hmac
		tpm2_testparms rsa2048
		tpm2_testparms ecc256:ecdsa
		tpm2_testparms ecc384
		tpm2_testparms aes128cfb
		tpm2_testparms aes256cbc
		tpm2_testparms xor
		!tpm2_testparms rsa512`)
	b.says("tpm2_gettestresult", "status:   success")
	b.says("tpm2_rc_decode 0x98e", "authorization HMAC check failed")
	b.says("tpm2_rc_decode 0x1c4", "parameter(1)", "value is out of range")

	b.do(`
		tpm2_getrandom -o random.1 32
		tpm2_stirrandom message
		tpm2_getrandom -o random.2 32
		!tpm2_getrandom 1025`)
	if one, two := b.file("random.1"), b.file("random.2"); len(one) != 32 || len(two) != 32 || bytes.Equal(one, two) {
		b.t.Errorf("random numbers %x and %x", one, two)
	}
	b.put("command", rawtpm.GetRandom(16))
	b.run("tpm2_send -o response command")
	if r := b.file("response"); len(r) != 28 || !bytes.HasPrefix(r, []byte{0x80, 1, 0, 0, 0, 28, 0, 0, 0, 0, 0, 16}) {
		b.t.Errorf("the answer to GetRandom is %x", r)
	}

	clock := b.clock()
	b.run("tpm2_setclock " + strconv.FormatUint(clock["clock"]+1_000_000, 10))
	b.refuse("tpm2_setclock " + strconv.FormatUint(clock["clock"], 10))
	later := b.clock()
	if d := later["clock"] - clock["clock"]; d < 1_000_000 || d > 1_060_000 {
		b.t.Errorf("the clock went ahead by %d ms", d)
	}
	b.do(`
		tpm2_clockrateadjust s
		tpm2_clockrateadjust ff
		tpm2_clockrateadjust sss
		tpm2_clockrateadjust -c p f`)

	b.run("tpm2_shutdown")
	b.restart()
	b.run("tpm2_startup")
	restarted := b.clock()
	b.run("tpm2_shutdown -c")
	b.restart()
	b.run("tpm2_startup -c")
	reset := b.clock()
	if restarted["reset_count"] != later["reset_count"] || restarted["restart_count"] != later["restart_count"]+1 {
		b.t.Errorf("before a restart %v, after it %v", later, restarted)
	}
	if reset["reset_count"] != later["reset_count"]+1 || reset["restart_count"] != 0 || reset["clock"] < later["clock"] {
		b.t.Errorf("before a reset %v, after it %v", later, reset)
	}
	if reset["safe"] != 1 {
		b.t.Errorf("after an orderly shutdown the clock is not safe: %v", reset)
	}
	b.tpm.kill()
	b.on()
	b.refuse("tpm2_startup")
	b.run("tpm2_startup -c")
	if c := b.clock(); c["safe"] != 0 {
		b.t.Errorf("after a power failure the clock is safe: %v", c)
	}
}

// clock gives what tpm2_readclock says.
func (b *toolbox) clock() map[string]uint64 {
	b.t.Helper()
	out := b.run("tpm2_readclock")
	said := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(\w+): (\w+)`).FindAllStringSubmatch(out, -1) {
		switch m[2] {
		case "yes":
			said[m[1]] = 1
		case "no":
			said[m[1]] = 0
		default:
			said[m[1]], _ = strconv.ParseUint(m[2], 10, 64)
		}
	}
	if _, ok := said["restart_count"]; !ok {
		b.t.Fatalf("tpm2_readclock says %s", out)
	}
	return said
}

// toolsCapabilities: every group of capabilities that tpm2_getcap knows.
func toolsCapabilities(b *toolbox) {
	b.do(`
		tpm2_createprimary -Q -C o -G ecc -c primary.ctx
		tpm2_evictcontrol -Q -C o -c primary.ctx 0x81000005
		tpm2_nvdefine -Q 0x1500005 -C o -s 8 -a ownerread|ownerwrite`)
	want := map[string][]string{
		"algorithms":             {"sha256:", "value:      0xB", "aes:", "ecdsa:"},
		"commands":               {"TPM2_CC_CreatePrimary:", "TPM2_CC_ZGen_2Phase:", "commandIndex: 0x131"},
		"pcrs":                   {"sha256: [ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 ]"},
		"properties-fixed":       {"TPM2_PT_FAMILY_INDICATOR:", `value: "2.0"`, "TPM2_PT_MANUFACTURER:", "TPM2_PT_NV_BUFFER_MAX:"},
		"properties-variable":    {"TPM2_PT_PERMANENT:", "ownerAuthSet:              0", "TPM2_PT_LOCKOUT_COUNTER: 0x0"},
		"ecc-curves":             {"TPM2_ECC_NIST_P256: 0x3", "TPM2_ECC_NIST_P384: 0x4"},
		"handles-transient":      nil,
		"handles-persistent":     {"- 0x81000005"},
		"handles-permanent":      {"- 0x40000001", "- 0x4000000C"},
		"handles-pcr":            {"- 0x0", "- 0x17"},
		"handles-nv-index":       {"- 0x1500005"},
		"handles-loaded-session": nil,
		"handles-saved-session":  nil,
	}
	for _, m := range regexp.MustCompile(`- (\S+)`).FindAllStringSubmatch(b.run("tpm2_getcap -l"), -1) {
		words, known := want[m[1]]
		if !known {
			b.t.Errorf("tpm2_getcap knows %s, which nothing is known of here", m[1])
		}
		delete(want, m[1])
		b.says("tpm2_getcap "+m[1], words...)
	}
	for group := range want {
		b.t.Errorf("tpm2_getcap does not know %s", group)
	}
}
