// Package wire holds the types of the TPM 2.0 Library, Part 2 (version 185), as Go values, and their encoding.
//
// It knows bytes, not behaviour: constants, attribute bit fields, structures, unions, interface types and response
// codes. What a particular TPM implements (algorithms, key sizes, buffer sizes) is not fixed here; it comes in as
// [Limits], which a [Reader] carries.
//
// The promises:
//
//   - Every type has Unmarshal(*Reader) and Marshal(*Writer). Decoding any input ends, allocates in proportion to the
//     input, and never panics. The first failure decides the response code (Part 2, 4.15, Table 2); later reads give
//     zero values.
//   - Byte buffers of decoded structures are copies: they never share memory with the input.
//   - A union (TPMU) is a struct that holds every arm by value; the owner's selector field says which one counts. Unions
//     whose arms differ only by a hash or a count are folded into their owner (TPMTSigScheme and the like).
//   - Where the standard writes "+" after a type, NULL is a permitted value: UnmarshalOrNull, or [OrNull] added to an
//     interface type. Plain Unmarshal refuses NULL.
//
// Start with [Reader], [Writer], [RC] and [Limits]; the structures follow the order of Part 2, one file per clause.
package wire
