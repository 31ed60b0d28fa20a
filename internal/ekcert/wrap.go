package ekcert

import (
	"encoding/binary"
	"errors"
	"math"
)

// StoredHeaderSize is the length of the header that StoredFormat puts in front of a certificate.
const StoredHeaderSize = 7

// StoredFormat wraps a certificate the way a TPM 1.2 keeps it in NV (TCG PC Client Specific Implementation, 7.4.4: a
// TCG_PCCLIENT_STORED_CERT with a TCG_FULL_CERT inside).
func StoredFormat(der []byte) ([]byte, error) {
	if len(der) > math.MaxUint16-2 {
		return nil, errors.New("the certificate is too long for the TPM 1.2 format")
	}
	out := make([]byte, 0, StoredHeaderSize+len(der))
	out = binary.BigEndian.AppendUint16(out, 0x1001) // TCG_TAG_PCCLIENT_STORED_CERT
	out = append(out, 0)                             // TCG_PCCLIENT_FULL_CERT
	out = binary.BigEndian.AppendUint16(out, uint16(len(der)+2))
	out = binary.BigEndian.AppendUint16(out, 0x1002) // TCG_TAG_PCCLIENT_FULL_CERT
	return append(out, der...), nil
}
