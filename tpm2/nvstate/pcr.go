package nvstate

import "govtpm/tpm2/wire"

// Numbers of PCR.
const (
	NumPCR        = 24 // PCR of a bank
	NumPCRSaved   = 16 // PCR that Shutdown(STATE) saves
	maxBanks      = 4
	pcrSelectSize = NumPCR / 8
)

// PCRBank is the values of one bank, by number of PCR. libtpms writes all four banks, and zeros for those that are not
// allocated.
type PCRBank struct {
	Hash   wire.Alg
	Values [][]byte
}

// bankSize is the size of a PCR of a bank the format knows, or 0.
func bankSize(hash wire.Alg) int {
	switch hash {
	case wire.AlgSHA1:
		return 20
	case wire.AlgSHA256:
		return 32
	case wire.AlgSHA384:
		return 48
	case wire.AlgSHA512:
		return 64
	}
	return 0
}

// codePCRs visits banks as lists, ended by AlgNull, of algorithm, size and the values of a range of PCR back to back.
// The order of banks is free on reading.
func codePCRs(c *coder, banks *[]PCRBank, first, last, total int) {
	if c.reading {
		for readBank(c, banks, first, last, total) {
		}
		return
	}
	for i := range *banks {
		writeBank(c, &(*banks)[i], first, last, total)
	}
	end := wire.AlgNull
	num16(c, &end)
}

func readBank(c *coder, banks *[]PCRBank, first, last, total int) bool {
	var hash wire.Alg
	num16(c, &hash)
	if c.err != nil || hash == wire.AlgNull {
		return false
	}
	size := bankSize(hash)
	if size == 0 {
		c.fail(ErrParameter, "PCR bank of unknown algorithm 0x%04x", uint16(hash))
		return false
	}
	c.count16((last-first)*size, ErrParameter, "size of PCR values")
	bank := findBank(*banks, hash)
	if bank == nil {
		*banks = append(*banks, PCRBank{Hash: hash, Values: make([][]byte, total)})
		bank = &(*banks)[len(*banks)-1]
	}
	for i := first; i < last; i++ {
		if bank.Values[i] != nil {
			c.fail(ErrParameter, "PCR bank 0x%04x is there twice", uint16(hash))
			return false
		}
		c.exact(&bank.Values[i], size)
	}
	return c.err == nil
}

// writeBank writes nothing for a bank that was not there for these PCR when the blob was read.
func writeBank(c *coder, bank *PCRBank, first, last, total int) {
	size := bankSize(bank.Hash)
	if size == 0 || len(bank.Values) != total {
		c.fail(ErrParameter, "PCR bank 0x%04x with %d values cannot be stored", uint16(bank.Hash), len(bank.Values))
		return
	}
	if bank.Values[first] == nil {
		return
	}
	num16(c, &bank.Hash)
	c.count16((last-first)*size, ErrParameter, "size of PCR values")
	for i := first; i < last; i++ {
		if len(bank.Values[i]) != size {
			c.fail(ErrParameter, "PCR %d of bank 0x%04x has %d bytes", i, uint16(bank.Hash), len(bank.Values[i]))
			return
		}
		c.fixed(bank.Values[i])
	}
}

func findBank(banks []PCRBank, hash wire.Alg) *PCRBank {
	for i := range banks {
		if banks[i].Hash == hash {
			return &banks[i]
		}
	}
	return nil
}

// codePCRSave visits the PCR that Shutdown(STATE) saves.
func codePCRSave(c *coder, banks *[]PCRBank) {
	defer c.enter(pcrSaveHeader.name)()
	v := c.plain(pcrSaveHeader)
	c.count16(NumPCRSaved, ErrSize, "number of saved PCR")
	codePCRs(c, banks, 0, NumPCRSaved, NumPCRSaved)
	c.end(v)
}

// codeAllPCRs visits the PCR of a running TPM: one structure for each PCR, with its value in every bank.
func codeAllPCRs(c *coder, banks *[]PCRBank) {
	c.count16(NumPCR, ErrParameter, "number of PCR")
	for i := 0; i < NumPCR && c.err == nil; i++ {
		leave := c.enter(pcrHeader.name)
		v := c.plain(pcrHeader)
		codePCRs(c, banks, i, i+1, NumPCR)
		c.end(v)
		leave()
	}
}

// checkBanks refuses banks that lack a value of a bank of the active allocation.
func checkBanks(c *coder, banks []PCRBank, active wire.TPMLPCRSelection) {
	for _, s := range active {
		if allZero(s.Select) {
			continue
		}
		bank := findBank(banks, s.Hash)
		if bank == nil {
			c.fail(ErrParameter, "allocated PCR bank 0x%04x is missing", uint16(s.Hash))
			return
		}
		for i, value := range bank.Values {
			if value == nil {
				c.fail(ErrParameter, "PCR %d of allocated bank 0x%04x is missing", i, uint16(s.Hash))
				return
			}
		}
	}
}

func allZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
