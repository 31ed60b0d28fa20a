package decode

import (
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode"

	"govtpm/tpm2/wire"
)

// A printer writes values in words, indented by their depth.
type printer struct {
	w    io.Writer
	opts Options
}

func (p *printer) line(depth int, name, text string) {
	if text != "" {
		text = " " + text
	}
	fmt.Fprintf(p.w, "%s%s:%s\n", strings.Repeat("    ", depth), name, text)
}

// unknown writes what cannot be understood. It may hold a secret as well as anything else.
func (p *printer) unknown(name string, b []byte) {
	if len(b) == 0 {
		return
	}
	if p.opts.Secrets {
		p.line(1, name, "not understood: "+p.hex(b))
	} else {
		p.line(1, name, fmt.Sprintf("not understood, %d bytes", len(b)))
	}
}

// parameters writes the parameters in r.
func (p *printer) parameters(r *wire.Reader, fields []field, encrypted bool) {
	for i, f := range fields {
		before := r.Remaining()
		if len(before) == 0 {
			p.line(1, f.name, "missing")
			return
		}
		if i == 0 && encrypted {
			b := r.TPM2B(maxBytes)
			if r.Err() != wire.RCSuccess {
				p.unknown(f.name, before)
				return
			}
			p.line(1, f.name, "encrypted: "+p.hex(b))
			continue
		}
		f.into.Unmarshal(r)
		if rc := r.Err(); rc != wire.RCSuccess {
			p.line(1, f.name, "breaks a rule: "+rc.String())
			p.unknown(f.name, before)
			return
		}
		if f.secret && !p.opts.Secrets {
			p.hidden(1, f.name, len(before)-r.Len())
			continue
		}
		p.value(1, f.name, reflect.ValueOf(f.value).Elem())
	}
	p.unknown("more", r.Remaining())
}

func (p *printer) hidden(depth int, name string, n int) {
	p.line(depth, name, fmt.Sprintf("hidden, %d bytes", n))
}

// secretBytes writes bytes that are secret.
func (p *printer) secretBytes(depth int, name string, b []byte) {
	if len(b) == 0 || p.opts.Secrets {
		p.bytes(depth, name, b)
	} else {
		p.hidden(depth, name, len(b))
	}
}

func (p *printer) bytes(depth int, name string, b []byte) { p.line(depth, name, p.hex(b)) }

// maxHex is how many bytes of a long value are shown.
const maxHex = 48

// hex is bytes as digits, and as text if they are one.
func (p *printer) hex(b []byte) string {
	switch {
	case len(b) == 0:
		return "empty"
	case len(b) > maxHex && !p.opts.Full:
		return fmt.Sprintf("%x… (%d bytes)", b[:maxHex], len(b))
	case isText(b):
		return fmt.Sprintf("%x (%q)", b, b)
	}
	return hex.EncodeToString(b)
}

func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) >= 4
}

// value writes a value of Part 2.
func (p *printer) value(depth int, name string, v reflect.Value) {
	if p.special(depth, name, v) {
		return
	}
	if text, ok := scalar(v); ok {
		p.line(depth, name, text)
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		p.list(depth, name, v)
	case reflect.Struct:
		p.structure(depth, name, v)
	default:
		p.line(depth, name, fmt.Sprint(v))
	}
}

// special writes the types that have a better form than their parts have.
func (p *printer) special(depth int, name string, v reflect.Value) bool {
	switch t := v.Interface().(type) {
	case wire.TPMSSensitiveCreate, wire.TPMTSensitive:
		if p.opts.Secrets {
			return false
		}
		p.line(depth, name, "hidden")
	case wire.TPM2BSensitiveData:
		p.secretBytes(depth, name, t)
	case wire.TPM2BSharedSecret:
		p.secretBytes(depth, name, t)
	case wire.TPM2BAttest:
		p.nested(depth, name, t, new(wire.TPMSAttest))
	case wire.TPM2BTemplate:
		p.nested(depth, name, t, new(wire.TPMTPublic))
	default:
		if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 {
			return false
		}
		if sel, ok := t.(wire.TPMSPCRSelect); ok {
			p.line(depth, name, pcrs(sel))
		} else {
			p.bytes(depth, name, v.Bytes())
		}
	}
	return true
}

// nested writes a buffer that holds a structure.
func (p *printer) nested(depth int, name string, b []byte, into wire.Unmarshaler) {
	if wire.Unmarshal(b, nil, into) != wire.RCSuccess {
		p.bytes(depth, name, b)
		return
	}
	p.value(depth, name, reflect.ValueOf(into).Elem())
}

// pcrs lists the PCRs of a bit map.
func pcrs(bitmap []byte) string {
	var set []string
	for i := range 8 * len(bitmap) {
		if bitmap[i/8]>>(i%8)&1 != 0 {
			set = append(set, fmt.Sprint(i))
		}
	}
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(set, ",")
}

// list writes a list: on one line if its elements have no parts.
func (p *printer) list(depth int, name string, v reflect.Value) {
	var words []string
	for i := range v.Len() {
		if text, ok := scalar(v.Index(i)); ok {
			words = append(words, text)
		}
	}
	if len(words) == v.Len() {
		text := strings.Join(words, ", ")
		if text == "" {
			text = "empty"
		}
		p.line(depth, name, text)
		return
	}
	p.line(depth, name, "")
	for i := range v.Len() {
		if text, ok := short(v.Index(i)); ok {
			p.line(depth+1, fmt.Sprint(i), text)
		} else {
			p.value(depth+1, fmt.Sprint(i), v.Index(i))
		}
	}
}

// short is a structure of two parts without parts of their own, such as a property with its value.
func short(v reflect.Value) (string, bool) {
	if v.Kind() != reflect.Struct || v.NumField() != 2 || !v.Type().Field(0).IsExported() || !v.Type().Field(1).IsExported() {
		return "", false
	}
	first, ok1 := scalar(v.Field(0))
	second, ok2 := scalar(v.Field(1))
	if sel, ok := v.Field(1).Interface().(wire.TPMSPCRSelect); ok {
		second, ok2 = pcrs(sel), true
	}
	return first + ": " + second, ok1 && ok2
}

// structure writes the parts of a structure; of a union only the part that is there.
func (p *printer) structure(depth int, name string, v reflect.Value) {
	if v.NumField() > 0 && v.Type().Field(0).IsExported() && v.Field(0).Interface() == any(wire.AlgNull) {
		p.line(depth, name, wire.AlgNull.String()) // nothing follows
		return
	}
	union := strings.HasPrefix(v.Type().Name(), "TPMU")
	var parts []int
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() && !(union && v.Field(i).IsZero()) && !absent(v.Field(i)) {
			parts = append(parts, i)
		}
	}
	if len(parts) == 1 && (union || v.Type().Field(parts[0]).Anonymous) {
		p.value(depth, name, v.Field(parts[0]))
		return
	}
	if union && len(parts) == 0 {
		return
	}
	p.line(depth, name, "")
	for _, i := range parts {
		p.value(depth+1, lower(v.Type().Field(i).Name), v.Field(i))
	}
}

// absent says that a part is an algorithm which only other variants of its structure have.
func absent(v reflect.Value) bool { return v.Type() == reflect.TypeFor[wire.Alg]() && v.IsZero() }

// lower gives the name of a part as Part 2 writes it: "NameAlg" is nameAlg, "RSA" is rsa.
func lower(name string) string {
	r := []rune(name)
	for i := range r {
		if !unicode.IsUpper(r[i]) || i > 0 && i+1 < len(r) && unicode.IsLower(r[i+1]) {
			break
		}
		r[i] = unicode.ToLower(r[i])
	}
	return string(r)
}
