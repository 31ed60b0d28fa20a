package nvstate

// PrivateExponent is what libtpms keeps of an RSA key for the Chinese remainder theorem, as big-endian numbers without leading zeros. With the
// stored prime p, q = N/p, P the larger and Q the smaller of the two:
//
//	Q    is q, the cofactor of the stored prime, not always the smaller one
//	DP   is 1/e mod P-1
//	DQ   is 1/e mod Q-1
//	QInv is 1/Q mod P
//
// All four may be empty; then ObjectPrivateExp must be clear and libtpms computes them when it needs them. A reader had
// better compute them from p and N too.
type PrivateExponent struct {
	Q, DP, DQ, QInv []byte
}

const (
	primeWord     = 8
	maxPrimeWords = 33
)

func (p *PrivateExponent) code(c *coder) {
	defer c.enter(privateExponentHeader.name)()
	v := c.plain(privateExponentHeader)
	codePrime(c, &p.Q)
	codePrime(c, &p.DP)
	codePrime(c, &p.DQ)
	codePrime(c, &p.QInv)
	c.end(v)
}

// codePrime visits a number. It is stored in words of 8 bytes, the least significant word first, each word big-endian.
// A count that is no multiple of 8 comes from a 32-bit writer, which has words of 4 bytes.
func codePrime(c *coder, number *[]byte) {
	defer c.enter(primeHeader.name)()
	v := c.plain(primeHeader)
	var stored []byte
	if !c.reading {
		stored = swapWords(padTo(*number, primeWord), primeWord)
	}
	c.sized(&stored, maxPrimeWords*primeWord, "number")
	if c.reading {
		word := primeWord
		if len(stored)%primeWord != 0 {
			word = primeWord / 2
		}
		if len(stored)%word != 0 {
			c.fail(ErrSize, "a number of %d bytes is not made of words", len(stored))
			return
		}
		*number = trimZeros(swapWords(stored, word))
	}
	c.end(v)
}

// padTo gives the number with leading zeros to a multiple of the word size, and no more of them.
func padTo(number []byte, word int) []byte {
	number = trimZeros(number)
	if n := len(number) % word; n != 0 {
		return append(make([]byte, word-n, word-n+len(number)), number...)
	}
	return number
}

// trimZeros gives the number without leading zeros; zero is nil.
func trimZeros(number []byte) []byte {
	for i, b := range number {
		if b != 0 {
			return number[i:]
		}
	}
	return nil
}

// swapWords reverses the order of words.
func swapWords(b []byte, word int) []byte {
	swapped := make([]byte, 0, len(b))
	for i := len(b); i > 0; i -= word {
		swapped = append(swapped, b[i-word:i]...)
	}
	return swapped
}
