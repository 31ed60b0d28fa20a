package tpm2

import "govtpm/tpm2/wire"

// A decoder reads one parameter whose type in Part 3 is an interface type or a plain integer, into a plain Go variable.
type decoder struct {
	name string // of the type in Part 2
	to   any    // where read leaves the value, a pointer
	read func(*wire.Reader)
}

// Unmarshal makes a decoder a parameter of a field.
func (d decoder) Unmarshal(r *wire.Reader) { d.read(r) }

func asHandle(to *wire.Handle, kind wire.HandleInterface) decoder {
	return decoder{kind.String(), to, func(r *wire.Reader) { *to = r.Handle(kind) }}
}

func asAlg(to *wire.Alg, kind wire.AlgInterface) decoder {
	return decoder{kind.String(), to, func(r *wire.Reader) { *to = r.Alg(kind) }}
}

func asCurve(to *wire.Curve) decoder {
	return decoder{"TPMI_ECC_CURVE", to, func(r *wire.Reader) { *to = r.Curve(false) }}
}

func asYesNo(to *bool) decoder {
	return decoder{"TPMI_YES_NO", to, func(r *wire.Reader) { *to = r.YesNo() }}
}

func asUint16(to *uint16) decoder {
	return decoder{"UINT16", to, func(r *wire.Reader) { *to = r.Uint16() }}
}

func asUint32(to *uint32) decoder {
	return decoder{"UINT32", to, func(r *wire.Reader) { *to = r.Uint32() }}
}

func asUint64(to *uint64) decoder {
	return decoder{"UINT64", to, func(r *wire.Reader) { *to = r.Uint64() }}
}

func asInt32(to *int32) decoder {
	return decoder{"INT32", to, func(r *wire.Reader) { *to = int32(r.Uint32()) }}
}

// orNull reads a structure whose selector may be TPM_ALG_NULL ("+" in Part 2).
func orNull(to interface{ UnmarshalOrNull(*wire.Reader) }) decoder {
	return decoder{typeName(to) + "+", to, to.UnmarshalOrNull}
}

// atLeastTwo reads the list of TPM2_PolicyOR (Part 2, 10.9.5: TPML_DIGEST {2:}).
func atLeastTwo(to *wire.TPMLDigest) decoder { return decoder{typeName(to), to, to.UnmarshalTwoOrMore} }
