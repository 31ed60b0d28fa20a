package govtpm

// The members of the description of a TPM, by their flags. The texts are those of libtpms, spaces included: there are
// programs that search for them.
var infoMembers = [...]struct {
	flag uint64
	text func(*TPM) string // empty: the member is left out
}{
	{0x01, func(*TPM) string { return `"TPMSpecification":{"family":"2.0","level": 0,"revision": 183}` }},
	{0x02, func(*TPM) string {
		return `"TPMAttributes":{"manufacturer":"id:00001014","version":"id:20240125","model":"swtpm"}`
	}},
	{0x04, func(*TPM) string {
		return `"TPMFeatures":{"RSAKeySizes":[1024,2048,3072,4096],"CamelliaKeySizes":[128,192,256]}`
	}},
}

// Info describes the TPM as one line of JSON with the members that flags select. The profile in force is known only while
// the TPM runs.
func (t *TPM) Info(flags uint64) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := []byte("{")
	for _, m := range infoMembers {
		if flags&m.flag == 0 {
			continue
		}
		text := m.text(t)
		if text == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, text...)
	}
	return append(b, '}'), nil
}
