// Package nvstatetest writes saved state in every form that releases of libtpms gave it since 0.6, for tests of those who
// read it. It shares no code with the codecs of nvstate: each form is written down flatly, field after field, so that the
// two can be held against each other. In the form of 0.9 it reproduces blobs of libtpms byte for byte, which is tested.
//
// Start at [Releases].
package nvstatetest
