// Package nvstate reads and writes the saved state of a TPM 2.0 in the format of libtpms: the permanent blob (what a
// chip keeps in flash), the volatile blob (a running TPM frozen for suspend or migration), and the object and session
// payloads inside saved contexts.
//
// The package knows bytes, not behaviour. It promises that
//
//   - every version and state format level libtpms has written since 0.6 can be read, and what is newer is refused with
//     an [Error] of kind [ErrVersion] or [ErrValue];
//   - a blob written by libtpms 0.9 or later is written again byte for byte, except for what carries no information
//     (stale memory behind the end of a list, unknown content of blocks reserved for later versions);
//   - what it writes is loaded by libtpms: the bounds libtpms checks, and those it fails to check, hold on writing too;
//   - hostile input costs memory in proportion to its length, and never a panic.
//
// Start with [DecodePermanent] and [DecodeVolatile]. The [Level] decides which form the structures take on writing; a
// permanent blob carries it in its profile, and one without a profile is written at level 1, which libtpms 0.9 and all
// later releases load.
//
// The codecs are written once for both directions: the method named code of a structure visits its fields in the order
// of the blob, and the coder it is given either fills them or writes them.
package nvstate
