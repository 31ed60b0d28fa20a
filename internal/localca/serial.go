package localca

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"govtpm/internal/smallfile"
)

const (
	maxSerialDigits = 49 // of the number 2^160 - 1
	maxSerialBytes  = 20 // RFC 5280, 4.1.2.2
	randomDigits    = 20
)

// nextSerial counts the number in the file up by one and returns it. A file that is missing, or holds no number, or one too large, starts
// again at a random number of 20 digits. The number is on disk before it is used. The caller holds the lock.
func nextSerial(name string, rand io.Reader) (string, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|smallfile.NonBlock, 0o644)
	if err != nil {
		return "", fmt.Errorf("could not open the serial number file: %w", err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", fmt.Errorf("the serial number file %s is not a file", name)
	}
	buf := make([]byte, maxSerialDigits+1)
	n, err := io.ReadFull(f, buf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		return "", fmt.Errorf("could not read the serial number file: %w", err)
	}
	number, ok := parseSerial(string(buf[:n]))
	if ok {
		number.Add(number, big.NewInt(1))
	}
	if !ok || len(number.Bytes()) > maxSerialBytes {
		if number, err = randomSerial(rand); err != nil {
			return "", err
		}
		if n == 0 { // a new file begins at the random number and uses the next
			number.Add(number, big.NewInt(1))
		}
	}
	serial := number.String()
	if _, err = f.WriteAt([]byte(serial), 0); err == nil {
		err = f.Truncate(int64(len(serial)))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return "", fmt.Errorf("could not write the serial number file: %w", err)
	}
	return serial, nil
}

func parseSerial(s string) (*big.Int, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxSerialDigits || strings.Trim(s, "0123456789") != "" {
		return nil, false
	}
	return new(big.Int).SetString(s, 10)
}

// randomSerial returns a number of 20 random decimal digits, the first from 1 to 8.
func randomSerial(rand io.Reader) (*big.Int, error) {
	digits := make([]byte, 0, randomDigits)
	for len(digits) < randomDigits {
		var b [1]byte
		if _, err := io.ReadFull(rand, b[:]); err != nil {
			return nil, fmt.Errorf("reading random bytes: %w", err)
		}
		switch first := len(digits) == 0; {
		case first: // 256 is a multiple of 8
			digits = append(digits, '1'+b[0]%8)
		case b[0] < 250: // no digit more likely than another
			digits = append(digits, '0'+b[0]%10)
		}
	}
	number, _ := new(big.Int).SetString(string(digits), 10)
	return number, nil
}
