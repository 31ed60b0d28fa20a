package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"govtpm/internal/conffile"
)

// distroProfiles is where a distribution keeps profiles.
const distroProfiles = "/usr/share/swtpm/profiles"

// maxProfileName is the longest name of a profile.
const maxProfileName = 32

var profileNames = regexp.MustCompile(`^[A-Za-z0-9.\-:]+$`)

// profileArgument returns the --profile argument of the TPM program, nothing if no profile was chosen or the program knows none.
func (r *run) profileArgument(inherit func(option string) (string, error)) ([]string, error) {
	if r.o.has("profile-file-fd") {
		fd, err := inherit("profile-file-fd")
		if err != nil {
			return nil, err
		}
		return []string{"--profile", r.withRemove("fd=" + fd)}, nil
	}
	profile, err := r.checkedProfile()
	if err != nil || profile == "" {
		return nil, err
	}
	return []string{"--profile", r.withRemove("profile=" + profile)}, nil
}

// checkedProfile returns the profile in JSON that the options, or else the configuration, choose; "" means none.
func (r *run) checkedProfile() (string, error) {
	profile, err := r.chooseProfile()
	if err != nil || profile == "" {
		return "", err
	}
	name, err := checkProfile(profile, r.program.profiles)
	if err != nil {
		return "", fmt.Errorf("profile '%s': %w", name, err)
	}
	r.printf("Apply profile: %s", profile)
	return profile, nil
}

func (r *run) withRemove(profile string) string {
	if mode, ok := r.o.text["profile-remove-disabled"]; ok {
		return profile + ",remove-disabled=" + mode
	}
	return profile
}

// chooseProfile returns the profile in JSON: from the command line, else from the configuration. "" means none.
func (r *run) chooseProfile() (string, error) {
	switch {
	case r.o.has("profile"):
		return r.o.text["profile"], nil
	case r.o.has("profile-name"):
		return r.profileByName(r.o.text["profile-name"])
	case r.o.has("profile-file"):
		return readProfile(r.o.text["profile-file"])
	}
	if !r.program.can("cmdarg-profile") { // an old TPM program: the configuration's default does not apply
		return "", nil
	}
	if file, ok := r.conf.Value("profile_file"); ok && file != "" {
		return readProfile(file)
	}
	profile, _ := r.conf.Value("profile")
	return profile, nil
}

func readProfile(name string) (string, error) {
	text, err := conffile.ReadText(name)
	if err != nil {
		return "", fmt.Errorf("reading a profile: %w", err)
	}
	return strings.TrimSpace(text), nil
}

// checkProfile refuses a profile with a name the TPM program does not list, unless it is of one's own ("custom:…").
func checkProfile(profile string, known []string) (name string, err error) {
	var p struct{ Name string }
	if err := json.Unmarshal([]byte(profile), &p); err != nil {
		return "", fmt.Errorf("not JSON: %w", err)
	}
	switch {
	case p.Name == "":
		return "", errors.New("it has no Name")
	case len(p.Name) > maxProfileName:
		return p.Name, fmt.Errorf("the name is longer than %d characters", maxProfileName)
	case !slices.Contains(known, p.Name) && !strings.HasPrefix(p.Name, "custom:"):
		return p.Name, errors.New("the TPM does not know it\n--print-profiles tells which there are.")
	}
	return p.Name, nil
}

// profileByName looks in the local directory, the distribution's, and what is built in, or in one of them only if it is named.
func (r *run) profileByName(name string) (string, error) {
	where, rest, ok := strings.Cut(name, ":")
	if ok && slices.Contains([]string{"local", "distro", "builtin"}, where) {
		name = rest
	} else {
		where = ""
	}
	if !profileNames.MatchString(name) {
		return "", fmt.Errorf("'%s' cannot be the name of a profile", name)
	}
	local, _ := r.conf.Value("local_profiles_dir")
	for _, d := range []struct{ where, dir string }{{"local", local}, {"distro", distroProfiles}} {
		if d.dir == "" || where != "" && where != d.where {
			continue
		}
		file := filepath.Join(d.dir, name+".json")
		if _, err := os.Stat(file); err == nil {
			return readProfile(file)
		}
	}
	if where == "" || where == "builtin" {
		if slices.Contains(r.program.profiles, name) {
			text, err := json.Marshal(struct{ Name string }{name})
			return string(text), err
		}
	}
	return "", fmt.Errorf("there is no profile '%s'\n--print-profiles tells which there are.", name)
}

// printProfiles prints all profiles there are: local, the distribution's, built in.
func (r *run) printProfiles() error {
	if !r.o.flags["tpm2"] {
		r.printf("{}")
		fmt.Fprintln(r.err, "TPM 1.2 has no profiles. Use --tpm2 for those of a TPM 2.")
		return nil
	}
	if err := r.configuration(); err != nil {
		return err
	}
	p, err := findProgram(r.o.text["tpm"])
	if err != nil {
		return err
	}
	text, err := p.output("--tpm2", "--print-profiles")
	if err != nil {
		return err
	}
	var builtin struct{ AvailableProfiles json.RawMessage }
	if err := json.Unmarshal(text, &builtin); err != nil {
		return fmt.Errorf("the TPM's profiles cannot be read: %w", err)
	}
	var members []string
	local, _ := r.conf.Value("local_profiles_dir")
	for _, d := range []struct{ name, dir string }{{"local", local}, {"distro", distroProfiles}} {
		if list, ok := profilesIn(d.dir); ok {
			members = append(members, fmt.Sprintf("%q:[%s]", d.name, strings.Join(list, ",")))
		}
	}
	if len(builtin.AvailableProfiles) > 0 {
		members = append(members, `"builtin":`+string(bytes.TrimSpace(builtin.AvailableProfiles)))
	}
	r.printf("{%s}", strings.Join(members, ","))
	return nil
}

// profilesIn returns the profiles of a directory; their names are those of their files. A file that is no profile does not count.
func profilesIn(dir string) ([]string, bool) {
	entries, err := os.ReadDir(dir)
	if dir == "" || err != nil {
		return nil, false
	}
	var list []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !profileNames.MatchString(name) {
			continue
		}
		text, err := conffile.ReadText(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if out, ok := renamed(text, name); ok {
			list = append(list, out)
		}
	}
	return list, true
}

// renamed returns a profile in JSON with another name, its members in their order: programs compare the text. It refuses what is no
// object.
func renamed(text, name string) (string, bool) {
	in := json.NewDecoder(strings.NewReader(text))
	if start, err := in.Token(); err != nil || start != json.Delim('{') {
		return "", false
	}
	values := map[string]json.RawMessage{}
	var keys []string
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return "", false
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return "", false
		}
		k, _ := key.(string) // the decoder takes nothing else
		if _, again := values[k]; !again {
			keys = append(keys, k)
		}
		values[k] = value
	}
	if _, err := in.Token(); err != nil {
		return "", false
	}
	if _, err := in.Token(); err != io.EOF {
		return "", false
	}
	if _, has := values["Name"]; !has {
		keys = append(keys, "Name")
	}
	values["Name"] = json.RawMessage(strconv.Quote(name)) // letters, digits, dots and the like: profileNames
	var out bytes.Buffer
	for i, k := range keys {
		quoted, err := json.Marshal(k)
		if err != nil {
			return "", false
		}
		out.WriteByte("{,"[min(i, 1)])
		out.Write(quoted)
		out.WriteByte(':')
		if json.Compact(&out, values[k]) != nil {
			return "", false
		}
	}
	return out.String() + "}", true
}
