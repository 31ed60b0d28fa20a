package nvstate_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"govtpm/tpm2/nvstate"
	"govtpm/tpm2/wire"
)

// listing builds a blob from an annotated listing: offset, two spaces, bytes, remarks. A value of n bytes may be given by
// its first and last four, "01020304 .. 0d0e0f10 (n)": zeros stand between. Parts given as "(n bytes)" come from fill, by
// offset; what follows a line of another offset than the running one does too.
func listing(t *testing.T, name string, fill map[int][]byte) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var blob []byte
	for lines := bufio.NewScanner(file); lines.Scan(); {
		offset, err := strconv.ParseInt(lines.Text()[:4], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if int(offset) != len(blob) {
			blob = append(blob, fill[len(blob)]...)
		}
		if int(offset) != len(blob) {
			t.Fatalf("%s: %d bytes before the line %q", name, len(blob), lines.Text())
		}
		blob = append(blob, listed(t, lines.Text()[6:], fill[len(blob)])...)
	}
	return blob
}

func listed(t *testing.T, text string, fill []byte) []byte {
	t.Helper()
	if fill != nil {
		return fill
	}
	words := strings.Fields(text)
	if len(words) > 3 && words[1] == ".." {
		n, err := strconv.Atoi(strings.Trim(words[3], "()"))
		if err != nil {
			t.Fatal(err)
		}
		value := make([]byte, n)
		copy(value, unhex(t, words[0]))
		copy(value[n-4:], unhex(t, words[2]))
		return value
	}
	// Groups of digits are separated by one space, remarks by more.
	value, _, _ := strings.Cut(text, "  ")
	return unhex(t, strings.ReplaceAll(value, " ", ""))
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func customProfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "profile-custom-level8.json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// A permanent blob of libtpms 0.11 with a profile of level 8: PERSISTENT_DATA 5, OBJECT 4 and exact entry sizes.
func TestPermanentLevel8Listing(t *testing.T) {
	base := manufactured()
	base.Profile = customProfile(t)
	head, err := base.Encode()
	if err != nil {
		t.Fatal(err)
	}
	blob := listing(t, "listing-permanent-level8.txt", map[int][]byte{
		0x00A: append([]byte(base.Profile), 0), 0x23D: head[0x23D:0x707],
	})
	p, err := nvstate.DecodePermanent(blob)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, again, blob)

	if level, err := p.Level(); level != 8 || err != nil {
		t.Errorf("level %d, %v", level, err)
	}
	if len(p.NV.Entries) != 3 || len(p.OrderlyRAM) != 1 {
		t.Fatalf("%d entries, %d orderly", len(p.NV.Entries), len(p.OrderlyRAM))
	}
	key, index, counter := p.NV.Entries[0].Object, p.NV.Entries[1].Index, p.NV.Entries[2].Index
	if key.Handle != 0x81010002 || key.Object.Hierarchy != wire.RHEndorsement || key.Object.EvictHandle != 0x81010002 ||
		key.Object.SeedCompat != 1 || key.Object.Public.Type != wire.AlgECC || key.Object.SensitiveType != wire.AlgECC ||
		!bytes.HasPrefix(key.Object.Auth, []byte("pw\x00")) || key.Attributes != nvstate.ObjectOccupied|
		nvstate.ObjectPrimary|nvstate.ObjectEvict|nvstate.ObjectEPSHierarchy {
		t.Errorf("key %+v", key)
	}
	if string(index.Data) != "abcdef" || string(index.Auth) != "nv" || index.Public.NVIndex != 0x01500001 {
		t.Errorf("index %+v", index)
	}
	live := p.OrderlyRAM[0]
	if counter.Data != nil || live.Handle != counter.Public.NVIndex || live.Attributes&wire.NVWritten == 0 ||
		counter.Public.Attributes&wire.NVWritten != 0 || !bytes.Equal(live.Data, []byte{0, 0, 0, 0, 0, 0, 0, 2}) {
		t.Errorf("counter %+v with %+v", counter, live)
	}
	if !p.Data.PPList.Contains(wire.CCPPCommands) || len(p.Data.PPList.Commands()) != 1 {
		t.Errorf("commands with physical presence %v", p.Data.PPList.Commands())
	}
}

// A volatile blob of libtpms 0.11 with a hash sequence and a policy session.
func TestVolatileLevel8Listing(t *testing.T) {
	contexts := make([]byte, 2*nvstate.MaxActiveSessions)
	contexts[1] = 1
	emptyState := unhex(t, "0002562878a20001"+"000000"+"0002349d494b0001"+"010000"+"010000")
	image := make([]byte, 512)
	copy(image, unhex(t, "14000000"+"02005001"+"12000224"+"0000000000000002"))
	blob := listing(t, "listing-volatile-level8.txt", map[int][]byte{
		0x00C9: append(append([]byte{0, 16}, pcrBanks(16)...), 1, 0, 0),
		0x0BCC: contexts,
		0x0CDC: make([]byte, 26),
		0x0D14: image,
		0x0FF4: bytes.Repeat(emptyState, 2),
		0x104F: bytes.Repeat(append(append(unhex(t, "0002e95f03870001"), pcrBanks(1)...), 1, 0, 0), 24),
	})
	blob = seal(blob)
	v, err := nvstate.DecodeVolatile(blob)
	if err != nil {
		t.Fatal(err)
	}
	again, err := v.Encode(8)
	if err != nil {
		t.Fatal(err)
	}
	sameBytes(t, again, blob)

	if v.Time != 6 || v.ExclusiveAuditSession != wire.RHUnassigned || v.OldestSavedSession != nvstate.NoOldestSession ||
		v.FreeSessionSlots != 2 || v.Timer.AdjustRate != nvstate.AdjustNominal || v.Timer.BeforeVersion4 ||
		v.Timer.WallClock != 0x1a1fc91bbbc || v.Timer.Monotonic != 0x32aa61 || v.Timer.LastReported != 6 {
		t.Errorf("%+v", v)
	}
	state := v.Objects[0].Sequence.Hashes[0]
	if string(state.Block[:state.Buffered]) != "abc" || state.Bits != 24 || string(v.Objects[0].Sequence.Auth) != "sq" {
		t.Errorf("%+v", v.Objects[0].Sequence)
	}
	session := v.Sessions[0]
	if session.Attributes != nvstate.SessionIsPolicy || len(session.NonceTPM) != 16 || len(session.U2) != 32 ||
		v.Sessions[1] != nil || v.Sessions[2] != nil || v.StateReset.ContextArray[0] != 1 {
		t.Errorf("%+v", session)
	}
	if e := v.OrderlyRAM; len(e) != 1 || e[0].Handle != 0x01500002 || e[0].Attributes != 0x24020012 || e[0].Data[7] != 2 {
		t.Errorf("orderly %+v", e)
	}
}

// pcrBanks is the four banks with n zero values each.
func pcrBanks(n int) []byte {
	var b []byte
	for _, bank := range []struct{ alg, size int }{{4, 20}, {0xB, 32}, {0xC, 48}, {0xD, 64}} {
		b = append(b, 0, byte(bank.alg), byte(n*bank.size>>8), byte(n*bank.size))
		b = append(b, make([]byte, n*bank.size)...)
	}
	return append(b, 0, 0x10)
}
