// Package decode says TPM commands and responses in words: the command's name, its handles and sessions, its parameters by
// name with their values, and the response code with its meaning. It takes recordings of --pcap, dumps of the log, and
// hexadecimal digits.
//
// It promises that no input makes it panic, and that authorization values and other secrets stay hidden unless they are
// asked for. Start at [Main] and [Decoder].
package decode
