package inspect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// PCR is the banks of PCR.
type PCR struct {
	Banks      []Bank   `json:"banks"`
	AfterReset []Bank   `json:"banksAfterReset,omitempty"` // if the allocation was changed
	Values     []Values `json:"values,omitempty"`
}

// Bank is the allocation of a bank.
type Bank struct {
	Alg  string `json:"alg"`
	PCRs string `json:"pcrs"` // ranges, "" if the bank is given up
}

// Values are the values of the PCR of a bank, from PCR 0 on.
type Values struct {
	Alg    string `json:"alg"`
	Values []Hex  `json:"values"`
}

// visibleBanks leaves out banks whose hash the profile leaves out: the state has a place for them, the TPM shows none.
func visibleBanks(p *nvstate.Permanent, l wire.TPMLPCRSelection) wire.TPMLPCRSelection {
	var list wire.TPMLPCRSelection
	profile := storedProfile(p)
	for _, s := range l {
		if profile.HasAlgorithm(s.Hash.String()) {
			list = append(list, s)
		}
	}
	return list
}

func banksOf(l wire.TPMLPCRSelection) []Bank {
	var banks []Bank
	for _, s := range l {
		var set []int
		for i := range 8 * len(s.Select) {
			if s.Select[i/8]>>(i%8)&1 != 0 {
				set = append(set, i)
			}
		}
		banks = append(banks, Bank{s.Hash.String(), ranges(set)})
	}
	return banks
}

func sameBanks(a, b []Bank) bool { return slices.Equal(a, b) }

// ranges writes ascending numbers as "0-3,7".
func ranges(set []int) string {
	var parts []string
	for i := 0; i < len(set); {
		j := i
		for j+1 < len(set) && set[j+1] == set[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(set[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", set[i], set[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// valuesOf gives the values of the banks that are allocated, or of all if that is not known.
func valuesOf(banks []nvstate.PCRBank, active wire.TPMLPCRSelection) []Values {
	var list []Values
	for _, b := range banks {
		if active != nil && !allocated(active, b.Hash) {
			continue
		}
		v := Values{Alg: b.Hash.String()}
		for _, value := range b.Values {
			v.Values = append(v.Values, value)
		}
		list = append(list, v)
	}
	return list
}

func allocated(l wire.TPMLPCRSelection, hash wire.Alg) bool {
	for _, s := range l {
		if s.Hash == hash && bytes.Trim(s.Select, "\x00") != nil {
			return true
		}
	}
	return false
}
