package ekcert

import (
	encodingasn1 "encoding/asn1"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Attribute is one attribute of a distinguished name.
type Attribute struct {
	Type  encodingasn1.ObjectIdentifier
	Value string
}

// attributeNames lists the attribute types a subject may name, by their lower-case short and long names (RFC 4514, 3; RFC 5280,
// annex A; X.520).
var attributeNames = map[string]oid{
	"cn": {2, 5, 4, 3}, "commonname": {2, 5, 4, 3},
	"sn": {2, 5, 4, 4}, "surname": {2, 5, 4, 4},
	"serialnumber": {2, 5, 4, 5},
	"c":            {2, 5, 4, 6}, "countryname": {2, 5, 4, 6},
	"l": {2, 5, 4, 7}, "localityname": {2, 5, 4, 7},
	"st": {2, 5, 4, 8}, "stateorprovincename": {2, 5, 4, 8},
	"street": {2, 5, 4, 9}, "streetaddress": {2, 5, 4, 9},
	"o": {2, 5, 4, 10}, "organizationname": {2, 5, 4, 10},
	"ou": {2, 5, 4, 11}, "organizationalunitname": {2, 5, 4, 11},
	"title":       {2, 5, 4, 12},
	"description": {2, 5, 4, 13}, "businesscategory": {2, 5, 4, 15}, "postalcode": {2, 5, 4, 17},
	"name": {2, 5, 4, 41},
	"gn":   {2, 5, 4, 42}, "givenname": {2, 5, 4, 42},
	"initials": {2, 5, 4, 43}, "generationqualifier": {2, 5, 4, 44},
	"dnqualifier": {2, 5, 4, 46}, "pseudonym": {2, 5, 4, 65}, "organizationidentifier": {2, 5, 4, 97},
	"uid": {0, 9, 2342, 19200300, 100, 1, 1}, "userid": {0, 9, 2342, 19200300, 100, 1, 1},
	"dc": {0, 9, 2342, 19200300, 100, 1, 25}, "domaincomponent": {0, 9, 2342, 19200300, 100, 1, 25},
	"emailaddress": {1, 2, 840, 113549, 1, 9, 1}, "email": {1, 2, 840, 113549, 1, 9, 1},
}

// stringTypes lists the attributes that are not UTF8String (RFC 5280, annex A.1): PrintableString for serialNumber,
// countryName and dnQualifier, IA5String for emailAddress and domainComponent.
var stringTypes = map[string]asn1.Tag{
	"2.5.4.5": asn1.PrintableString, "2.5.4.6": asn1.PrintableString, "2.5.4.46": asn1.PrintableString,
	"1.2.840.113549.1.9.1": asn1.IA5String, "0.9.2342.19200300.100.1.25": asn1.IA5String,
}

// ParseSubject reads a distinguished name such as "C=US,ST=NY,L=New York". Types are short names, long names or dotted object
// identifiers; a backslash takes the special meaning from the character after it; blanks around a type or value do not count.
// Multi-valued names (a bare "+") are refused. The empty text is the empty name.
func ParseSubject(s string) ([]Attribute, error) {
	var attrs []Attribute
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for rest, more := s, true; more; {
		var item string
		var err error
		item, rest, more, err = cutAttribute(rest)
		if err != nil {
			return nil, fmt.Errorf("subject '%s': %w", s, err)
		}
		attr, err := parseAttribute(item)
		if err != nil {
			return nil, fmt.Errorf("subject '%s': %w", s, err)
		}
		attrs = append(attrs, attr)
	}
	return attrs, nil
}

// cutAttribute cuts s at the first comma that is not escaped.
func cutAttribute(s string) (item, rest string, more bool, err error) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) {
				return "", "", false, errors.New("nothing follows the last backslash")
			}
		case '+':
			return "", "", false, errors.New("'+' must be written as '\\+'")
		case ',':
			return s[:i], s[i+1:], true, nil
		}
	}
	return s, "", false, nil
}

func parseAttribute(item string) (Attribute, error) {
	name, raw, ok := strings.Cut(item, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return Attribute{}, fmt.Errorf("'%s' is not of the form type=value", item)
	}
	value := unescape(trimBlanks(raw))
	if value == "" {
		return Attribute{}, fmt.Errorf("'%s' has no value", item)
	}
	id, ok := attributeNames[strings.ToLower(name)]
	if !ok {
		if id, ok = parseOID(name); !ok {
			return Attribute{}, fmt.Errorf("unknown attribute type '%s'", name)
		}
	}
	a := Attribute{id, value}
	return a, a.check()
}

// trimBlanks cuts blanks at both ends but keeps an escaped one at the end.
func trimBlanks(s string) string {
	s = strings.TrimLeft(s, " \t")
	t := strings.TrimRight(s, " \t")
	if slashes := len(t) - len(strings.TrimRight(t, `\`)); slashes%2 == 1 && len(t) < len(s) {
		t = s[:len(t)+1]
	}
	return t
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseOID reads a dotted object identifier.
func parseOID(s string) (oid, bool) {
	var id oid
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		id = append(id, int(n))
	}
	if len(id) < 2 || id[0] > 2 || (id[0] < 2 && id[1] >= 40) {
		return nil, false
	}
	return id, true
}

// check says whether the value can be written as the string type its attribute demands.
func (a Attribute) check() error {
	if !utf8.ValidString(a.Value) {
		return errors.New("the value is not valid UTF-8")
	}
	for _, r := range a.Value {
		switch stringTypes[a.Type.String()] {
		case asn1.PrintableString:
			if !printable(r) {
				return fmt.Errorf("'%s' cannot be a PrintableString because of %q", a.Value, r)
			}
		case asn1.IA5String:
			if r > 0x7f {
				return fmt.Errorf("'%s' cannot be an IA5String because of %q", a.Value, r)
			}
		}
	}
	return nil
}

// printable says whether r is in the PrintableString alphabet (X.680, 41.4).
func printable(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" '()+,-./:=?", r)
}

// addName adds a Name with one attribute in each relative distinguished name.
func addName(b *cryptobyte.Builder, attrs []Attribute) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, a := range attrs {
			if err := a.check(); err != nil {
				b.SetError(err)
				return
			}
			tag, ok := stringTypes[a.Type.String()]
			if !ok {
				tag = asn1.UTF8String
			}
			addRDN(b, a.Type, func(b *cryptobyte.Builder) {
				b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(a.Value)) })
			})
		}
	})
}

// addRDN adds a relative distinguished name of one attribute: SET { SEQUENCE { type, value } }.
func addRDN(b *cryptobyte.Builder, id oid, value func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(id)
			value(b)
		})
	})
}

func addUTF8(b *cryptobyte.Builder, s string) {
	if !utf8.ValidString(s) {
		b.SetError(fmt.Errorf("%q is not valid UTF-8", s))
		return
	}
	b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}
