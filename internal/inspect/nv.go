package inspect

import (
	"crypto"
	_ "crypto/sha1" // for crypto.Hash
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/binary"
	"fmt"
	"strings"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// NVIndex is an NV index.
type NVIndex struct {
	Handle      string   `json:"handle"`
	Type        string   `json:"type"`
	NameAlg     string   `json:"nameAlg"`
	Size        int      `json:"size"`
	Attributes  []string `json:"attributes"`
	Written     bool     `json:"written"`
	WriteLocked bool     `json:"writeLocked"`
	ReadLocked  bool     `json:"readLocked"`
	Auth        bool     `json:"authSet"`
	Policy      bool     `json:"policy"`
	Digest      Hex      `json:"policyDigest,omitempty"`
	Name        Hex      `json:"name,omitempty"`
	AuthValue   *Hex     `json:"auth,omitempty"`
	Data        *Hex     `json:"data,omitempty"`
}

// OrderlyIndex is the live part of an orderly index of a running TPM.
type OrderlyIndex struct {
	Handle     string   `json:"handle"`
	Size       int      `json:"size"`
	Attributes []string `json:"attributes"`
	Written    bool     `json:"written"`
	Data       *Hex     `json:"data,omitempty"`
}

// indexesOf tells of the indexes. The attributes and the data of an orderly one are those in RAM.
func indexesOf(nv *nvstate.UserNVRAM, ram nvstate.OrderlyRAM, secrets bool) []NVIndex {
	live := map[wire.Handle]nvstate.OrderlyIndex{}
	for _, o := range ram {
		live[o.Handle] = o
	}
	list := []NVIndex{}
	for _, e := range nv.Entries {
		if e.Index == nil {
			continue
		}
		x, data := e.Index.Public, e.Index.Data
		if o, ok := live[x.NVIndex]; ok && x.Attributes.Has(wire.NVOrderly) {
			x.Attributes, data = o.Attributes, o.Data
		}
		a := x.Attributes
		i := NVIndex{
			Handle: handleText(x.NVIndex), Type: ntName(a.NT()), NameAlg: x.NameAlg.String(), Size: int(x.DataSize),
			Attributes: names(a.String()), Written: a.Has(wire.NVWritten), WriteLocked: a.Has(wire.NVWriteLocked),
			ReadLocked: a.Has(wire.NVReadLocked), Auth: isSet(e.Index.Auth), Policy: len(x.AuthPolicy) != 0,
			Digest: Hex(x.AuthPolicy), Name: indexName(&x),
		}
		if secrets {
			auth, value := Hex(e.Index.Auth), Hex(data)
			i.AuthValue, i.Data = &auth, &value
		}
		list = append(list, i)
	}
	return list
}

// orderlyOf tells of the orderly indexes of a running TPM.
func orderlyOf(ram nvstate.OrderlyRAM, secrets bool) []OrderlyIndex {
	list := []OrderlyIndex{}
	for _, o := range ram {
		i := OrderlyIndex{Handle: handleText(o.Handle), Size: len(o.Data), Attributes: names(o.Attributes.String()),
			Written: o.Attributes.Has(wire.NVWritten)}
		if secrets {
			data := Hex(o.Data)
			i.Data = &data
		}
		list = append(list, i)
	}
	return list
}

// indexName is the Name of an index (Part 1, 14.2), nil if there is no such hash here.
func indexName(x *wire.TPMSNVPublic) Hex {
	hash := map[wire.Alg]crypto.Hash{wire.AlgSHA1: crypto.SHA1, wire.AlgSHA256: crypto.SHA256, wire.AlgSHA384: crypto.SHA384,
		wire.AlgSHA512: crypto.SHA512}[x.NameAlg]
	if hash == 0 {
		return nil
	}
	h := hash.New()
	h.Write(wire.Marshal(x))
	return h.Sum(binary.BigEndian.AppendUint16(nil, uint16(x.NameAlg)))
}

func ntName(t wire.NT) string {
	switch t {
	case wire.NTOrdinary:
		return "ordinary"
	case wire.NTCounter:
		return "counter"
	case wire.NTBits:
		return "bits"
	case wire.NTExtend:
		return "extend"
	case wire.NTPinFail:
		return "pin-fail"
	case wire.NTPinPass:
		return "pin-pass"
	}
	return fmt.Sprintf("type(%d)", t)
}

func handleText(h wire.Handle) string { return fmt.Sprintf("0x%08x", uint32(h)) }

// names splits names of attributes.
func names(s string) []string {
	if s == "" {
		return []string{}
	}
	return strings.Split(s, "|")
}
