package token

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"govtpm/internal/smallfile"
)

const scheme = "pkcs11:"

// IsURI says whether the name of a key is the URI of one in a token. Schemes are of any case (RFC 3986, 3.1).
func IsURI(name string) bool {
	return len(name) >= len(scheme) && strings.EqualFold(name[:len(scheme)], scheme)
}

// A uri names a key in a token (RFC 7512): path attributes behind the scheme, query attributes behind a question mark. The PIN is kept
// apart, so that it does not get where the rest goes.
type uri struct {
	path                string
	query               []string // without PINs and the module
	module              string   // file name of the driver, "" for all that are known
	pinValue, pinSource string
}

// maxPIN is the longest PIN taken from a file.
const maxPIN = 255

// maxURI is longer than any URI of sense.
const maxURI = 4096

func parseURI(name string) (*uri, error) {
	if !IsURI(name) {
		return nil, errors.New("not a pkcs11: URI")
	}
	if len(name) > maxURI {
		return nil, fmt.Errorf("a pkcs11: URI of %d bytes is too long", len(name))
	}
	path, query, _ := strings.Cut(name[len(scheme):], "?")
	u := &uri{path: path}
	seen := map[string]bool{}
	attribute := func(s string) (string, string, error) {
		key, value, ok := strings.Cut(s, "=")
		decoded, err := url.PathUnescape(value)
		switch {
		case !ok || key == "":
			return "", "", errors.New("a pkcs11: URI consists of attributes name=value")
		case err != nil || strings.ContainsRune(decoded, 0) && key != "id":
			return "", "", fmt.Errorf("the attribute %s of the pkcs11: URI cannot be decoded", key)
		case seen[key]: // RFC 7512, 2.3
			return "", "", fmt.Errorf("the pkcs11: URI has the attribute %s twice", key)
		}
		seen[key] = true
		return key, decoded, nil
	}
	for s := range strings.SplitSeq(path, ";") {
		if s == "" && path == "" {
			break
		}
		key, value, err := attribute(s)
		if err != nil {
			return nil, err
		}
		if key == "type" && value != "private" {
			return nil, fmt.Errorf("the pkcs11: URI names an object of type %s, not a private key", value)
		}
		if strings.HasPrefix(key, "pin-") { // seen where it does not belong; it would be shown to others
			return nil, fmt.Errorf("%s belongs behind a question mark in a pkcs11: URI", key)
		}
	}
	if !seen["id"] && !seen["object"] {
		return nil, errors.New("a pkcs11: URI of a key must name it with id= or object=")
	}
	if query == "" {
		return u, nil
	}
	for s := range strings.SplitSeq(query, "&") {
		key, value, err := attribute(s)
		if err != nil {
			return nil, err
		}
		switch key {
		case "pin-value":
			u.pinValue = value
		case "pin-source":
			u.pinSource = value
		case "module-path":
			u.module = value
		default:
			u.query = append(u.query, s)
		}
	}
	if u.module != "" && !filepath.IsAbs(u.module) {
		return nil, errors.New("module-path in a pkcs11: URI must be an absolute path")
	}
	if seen["pin-value"] && seen["pin-source"] { // RFC 7512, 2.4
		return nil, errors.New("a pkcs11: URI cannot have both pin-value and pin-source")
	}
	return u, nil
}

// text is the URI without PIN.
func (u *uri) text() string {
	s := scheme + u.path
	if len(u.query) > 0 {
		s += "?" + strings.Join(u.query, "&")
	}
	return s
}

// pin returns the PIN that the URI has or points to, "" if none. Commands as a source are refused.
func (u *uri) pin() (string, error) {
	if u.pinSource == "" {
		return u.pinValue, nil
	}
	name := strings.TrimPrefix(strings.TrimPrefix(u.pinSource, "file:"), "//")
	if strings.HasPrefix(name, "|") || !filepath.IsAbs(name) {
		return "", errors.New("pin-source in a pkcs11: URI must be a file with an absolute path")
	}
	buf, err := smallfile.Read(name, maxPIN)
	if err != nil {
		return "", fmt.Errorf("could not read the PIN: %w", err)
	}
	return strings.TrimRight(string(buf), "\r\n"), nil
}
