package tpm2

import "govtpm/tpm2/wire"

// decoder reads one parameter. The functions below give plain Go variables the decoder of an interface type.
type decoder func(*wire.Reader)

// Unmarshal makes a decoder a parameter of a field.
func (d decoder) Unmarshal(r *wire.Reader) { d(r) }

func asHandle(to *wire.Handle, kind wire.HandleInterface) decoder {
	return func(r *wire.Reader) { *to = r.Handle(kind) }
}

func asAlg(to *wire.Alg, kind wire.AlgInterface) decoder {
	return func(r *wire.Reader) { *to = r.Alg(kind) }
}

func asCurve(to *wire.Curve) decoder { return func(r *wire.Reader) { *to = r.Curve(false) } }

func asYesNo(to *bool) decoder { return func(r *wire.Reader) { *to = r.YesNo() } }

func asUint16(to *uint16) decoder { return func(r *wire.Reader) { *to = r.Uint16() } }

func asUint32(to *uint32) decoder { return func(r *wire.Reader) { *to = r.Uint32() } }

func asUint64(to *uint64) decoder { return func(r *wire.Reader) { *to = r.Uint64() } }

func asInt32(to *int32) decoder { return func(r *wire.Reader) { *to = int32(r.Uint32()) } }

// orNull reads a structure whose selector may be TPM_ALG_NULL ("+" in Part 2).
func orNull(to interface{ UnmarshalOrNull(*wire.Reader) }) decoder { return to.UnmarshalOrNull }
