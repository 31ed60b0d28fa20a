package rsa

import (
	"bytes"
	"crypto/subtle"
	"io"
)

// DigestInfo prefixes: what goes before a digest in an RSASSA signature
// (Part 1, 43.6; RFC 8017, 9.2). The empty string signs the bare digest.
const (
	PrefixSHA1     = "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
	PrefixSHA256   = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	PrefixSHA384   = "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
	PrefixSHA512   = "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
	PrefixSHA3_256 = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08\x05\x00\x04\x20"
	PrefixSHA3_384 = "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x09\x05\x00\x04\x30"
	PrefixSHA3_512 = "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x0a\x05\x00\x04\x40"
	PrefixSM3_256  = "\x30\x30\x30\x0c\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x11\x05\x00\x04\x20"
)

// minPadding is the least number of padding octets between the markers
// (RFC 8017, 7.2.1 and 9.2).
const minPadding = 8

// SignPKCS1v15 makes an RSASSA signature (RFC 8017, 8.2.1) of a digest. prefix
// is the DigestInfo prefix of its hash. It fails with ErrTooLong if the key is
// too small.
func (k *PrivateKey) SignPKCS1v15(prefix string, digest []byte) ([]byte, error) {
	em, err := k.encodeDigest(prefix, digest)
	if err != nil {
		return nil, err
	}
	return k.Decrypt(em)
}

// VerifyPKCS1v15 checks an RSASSA signature (RFC 8017, 8.2.2). Any problem is
// ErrVerification.
func (k *PublicKey) VerifyPKCS1v15(prefix string, digest, sig []byte) error {
	want, err := k.encodeDigest(prefix, digest)
	if err != nil {
		return ErrVerification
	}
	got, err := k.open(sig)
	if err != nil {
		return err
	}
	if !equal(got, want) {
		return ErrVerification
	}
	return nil
}

// encodeDigest is EMSA-PKCS1-v1_5: 00 01 FF…FF 00 prefix digest.
func (k *PublicKey) encodeDigest(prefix string, digest []byte) ([]byte, error) {
	t := len(prefix) + len(digest)
	if t > k.size-3-minPadding {
		return nil, ErrTooLong
	}
	em := bytes.Repeat([]byte{0xff}, k.size)
	em[0], em[1], em[k.size-t-1] = 0, 1, 0
	copy(em[k.size-t:], prefix)
	copy(em[k.size-len(digest):], digest)
	return em, nil
}

// EncryptPKCS1v15 is RSAES (RFC 8017, 7.2.1), its padding drawn from random.
func (k *PublicKey) EncryptPKCS1v15(random io.Reader, msg []byte) ([]byte, error) {
	pad := k.size - 3 - len(msg)
	if pad < minPadding {
		return nil, ErrTooLong
	}
	em := make([]byte, k.size)
	defer clear(em)
	em[1] = 2
	if _, err := io.ReadFull(random, em[2:2+pad]); err != nil {
		return nil, err
	}
	for i := 2; i < 2+pad; {
		if em[i] != 0 {
			i++
		} else if _, err := io.ReadFull(random, em[i:i+1]); err != nil {
			return nil, err
		}
	}
	copy(em[3+pad:], msg)
	return k.Encrypt(em)
}

// DecryptPKCS1v15 is the inverse of EncryptPKCS1v15 (RFC 8017, 7.2.2). Bad
// padding is ErrPadding; where it is bad does not show in the time taken. That
// it is bad shows in the response, as the standard has it, so callers should
// prefer OAEP.
func (k *PrivateKey) DecryptPKCS1v15(c []byte) ([]byte, error) {
	em, err := k.Decrypt(c)
	if err != nil {
		return nil, err
	}
	defer clear(em)
	ok := subtle.ConstantTimeByteEq(em[0], 0) & subtle.ConstantTimeByteEq(em[1], 2)
	start, looking := 0, 1
	for i := 2; i < len(em); i++ {
		zero := subtle.ConstantTimeByteEq(em[i], 0)
		start = subtle.ConstantTimeSelect(looking&zero, i+1, start)
		looking = subtle.ConstantTimeSelect(zero, 0, looking)
	}
	ok &= (1 ^ looking) & subtle.ConstantTimeLessOrEq(2+minPadding+1, start)
	if ok != 1 {
		return nil, ErrPadding
	}
	return bytes.Clone(em[start:]), nil
}
