package daemon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"govtpm/tpm2/nvstate"
)

// What a host in FIPS mode does not offer, as swtpm has it: tokens that are taken out of the algorithms, items that are set,
// and attributes that are added.
var (
	fipsRemoved    = [...]string{"camellia", "camellia-min-size=", "tdes", "tdes-min-size=", "rsaes", "ecc-nist-p192"}
	fipsSizes      = [...]string{"ecc-min-size=224", "rsa-min-size=2048"}
	fipsAttributes = [...]string{"no-sha1-signing", "no-sha1-verification", "no-unpadded-encryption"}
)

// removeDisabled edits a custom profile for a host in FIPS mode; other profiles stay as they are. "check" asks to take out
// what the host's cryptography refuses: ours refuses nothing.
func removeDisabled(profile []byte, how string) ([]byte, error) {
	if how != "fips-host" || len(profile) == 0 {
		return profile, nil
	}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(profile))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return nil, fmt.Errorf("The profile is not JSON: %w", err)
	}
	name, _ := members["Name"].(string)
	if name != "custom" && !strings.HasPrefix(name, "custom:") {
		return profile, nil
	}
	builtin, _ := nvstate.BuiltinProfile(name)
	algorithms, ok := members["Algorithms"].(string)
	if !ok {
		algorithms = builtin.Algorithms
	}
	attributes, _ := members["Attributes"].(string)
	members["Algorithms"], members["Attributes"] = fipsAlgorithms(algorithms), withFIPSAttributes(attributes)

	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // profiles know no escapes
	if err := e.Encode(members); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// fipsAlgorithms takes out and sets what a list of algorithms must not and must have.
func fipsAlgorithms(list string) string {
	matches := func(item, token string) bool {
		return item == token || strings.HasSuffix(token, "=") && strings.HasPrefix(item, token)
	}
	items := slices.DeleteFunc(strings.Split(list, ","), func(item string) bool {
		return slices.ContainsFunc(fipsRemoved[:], func(token string) bool { return matches(item, token) })
	})
	for _, size := range fipsSizes {
		family := size[:strings.IndexByte(size, '=')+1]
		at := slices.IndexFunc(items, func(item string) bool { return matches(item, family) })
		if at < 0 {
			items = append(items, size)
		} else {
			items[at] = size
		}
	}
	return strings.Join(items, ",")
}

// withFIPSAttributes adds the attributes that are missing; fips-host stands for all of them.
func withFIPSAttributes(list string) string {
	var items []string
	if list != "" {
		items = strings.Split(list, ",")
	}
	if slices.Contains(items, "fips-host") {
		return list
	}
	for _, a := range fipsAttributes {
		if !slices.Contains(items, a) {
			items = append(items, a)
		}
	}
	return strings.Join(items, ",")
}
