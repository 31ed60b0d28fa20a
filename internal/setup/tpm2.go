package setup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"govtpm/tpm2/wire"
)

// TPM is a running TPM that takes a command and returns the response.
type TPM interface {
	Execute(command []byte) (response []byte, err error)
}

// tpm2 speaks the few commands of TPM 2 that manufacturing needs. All authorizations are empty passwords.
type tpm2 struct{ TPM }

// command sends a command with one empty password and returns the handle, if the response has one, and the parameters.
func (t tpm2) command(code wire.CC, handles []wire.Handle, hasHandle bool, parameters func(*wire.Writer)) (wire.Handle, *wire.Reader, error) {
	var w wire.Writer
	for _, h := range handles {
		w.Uint32(uint32(h))
	}
	mark := w.Begin32()
	w.Uint32(uint32(wire.RSPW))
	w.TPM2B(nil) // nonce
	w.Raw([]byte{0})
	w.TPM2B(nil) // password
	w.End32(mark)
	parameters(&w)
	body, err := t.raw(wire.STSessions, code, w.Bytes())
	if err != nil {
		return 0, nil, err
	}
	r := wire.NewReader(body, nil)
	var handle wire.Handle
	if hasHandle {
		handle = wire.Handle(r.Uint32())
	}
	size := r.Uint32()
	if r.Err() != wire.RCSuccess || int64(size) > int64(r.Len()) {
		return 0, nil, fmt.Errorf("%v: the TPM's response is too short", code)
	}
	return handle, wire.NewReader(r.Bytes(int(size)), nil), nil
}

// raw sends a command and returns what follows the header of the response.
func (t tpm2) raw(tag wire.ST, code wire.CC, body []byte) ([]byte, error) {
	cmd := wire.Marshal(&wire.CommandHeader{Tag: tag, Size: uint32(wire.HeaderSize + len(body)), Code: code})
	resp, err := t.Execute(append(cmd, body...))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", code, err)
	}
	if len(resp) < wire.HeaderSize || binary.BigEndian.Uint32(resp[2:]) != uint32(len(resp)) {
		return nil, fmt.Errorf("%v: the TPM's response is malformed", code)
	}
	if rc := wire.RC(binary.BigEndian.Uint32(resp[6:])); rc != wire.RCSuccess {
		return nil, fmt.Errorf("%v failed: 0x%x (%w)", code, uint32(rc), rc)
	}
	return resp[wire.HeaderSize:], nil
}

// createPrimary makes a primary key (Part 3, 24.1).
func (t tpm2) createPrimary(hierarchy wire.Handle, template *wire.TPMTPublic) (wire.Handle, *wire.TPMTPublic, error) {
	handle, r, err := t.command(wire.CCCreatePrimary, []wire.Handle{hierarchy}, true, func(w *wire.Writer) {
		w.Sized(func(w *wire.Writer) { w.TPM2B(nil); w.TPM2B(nil) }) // inSensitive: no auth, no data
		w.Sized(template.Marshal)
		w.TPM2B(nil) // outsideInfo
		w.Uint32(0)  // creationPCR
	})
	if err != nil {
		return 0, nil, err
	}
	var public wire.TPM2BPublic
	public.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return 0, nil, fmt.Errorf("the TPM's new key cannot be read: %v", rc)
	}
	if public.Type != template.Type {
		return 0, nil, errors.New("the TPM made a key of another type")
	}
	return handle, &public.TPMTPublic, nil
}

// canMake says whether the TPM makes keys with the parameters of the template (Part 3, 30.3). That it does not is a code for a value, or for
// the size of a key, of the one parameter; any other code says that the question was not answered.
func (t tpm2) canMake(template *wire.TPMTPublic) (bool, error) {
	var w wire.Writer
	parms := wire.TPMTPublicParms{Type: template.Type, Parameters: template.Parameters}
	parms.Marshal(&w)
	_, err := t.raw(wire.STNoSessions, wire.CCTestParms, w.Bytes())
	for _, no := range []wire.RC{wire.RCValue.Parameter(1), wire.RCKeySize.Parameter(1)} {
		if errors.Is(err, no) {
			return false, nil
		}
	}
	return err == nil, err
}

// evictControl makes a key persistent (Part 3, 28.5).
func (t tpm2) evictControl(handle, persistent wire.Handle) error {
	_, _, err := t.command(wire.CCEvictControl, []wire.Handle{wire.RHOwner, handle}, false, func(w *wire.Writer) { w.Uint32(uint32(persistent)) })
	return err
}

// flushContext removes a transient key (Part 3, 28.4).
func (t tpm2) flushContext(handle wire.Handle) error {
	_, err := t.raw(wire.STNoSessions, wire.CCFlushContext, binary.BigEndian.AppendUint32(nil, uint32(handle)))
	return err
}

// nvAttributes are those of all indexes: created and written by the platform, readable by everybody, lockable.
const nvAttributes = wire.NVPlatformCreate | wire.NVNoDA | wire.NVAuthRead | wire.NVOwnerRead | wire.NVPPRead | wire.NVPPWrite | wire.NVWriteDefine

// nvPiece is how much one NV_Write carries.
const nvPiece = 1024

// nvStore defines an index for the data, writes it, and locks it for good if asked (Part 3, 31.3, 31.7 and 31.11).
func (t tpm2) nvStore(index wire.Handle, data []byte, lock bool) error {
	if len(data) > 0xffff {
		return fmt.Errorf("%d bytes are too many for an NV index", len(data))
	}
	_, _, err := t.command(wire.CCNVDefineSpace, []wire.Handle{wire.RHPlatform}, false, func(w *wire.Writer) {
		w.TPM2B(nil) // auth
		public := wire.TPMSNVPublic{NVIndex: index, NameAlg: wire.AlgSHA256, Attributes: nvAttributes, DataSize: uint16(len(data))}
		w.Sized(public.Marshal)
	})
	for offset := 0; err == nil && offset < len(data); offset += nvPiece {
		piece := data[offset:min(offset+nvPiece, len(data))]
		_, _, err = t.command(wire.CCNVWrite, []wire.Handle{wire.RHPlatform, index}, false, func(w *wire.Writer) {
			w.TPM2B(piece)
			w.Uint16(uint16(offset))
		})
	}
	if err == nil && lock {
		_, _, err = t.command(wire.CCNVWriteLock, []wire.Handle{wire.RHPlatform, index}, false, func(*wire.Writer) {})
	}
	return err
}

// banks returns the PCR banks the TPM has, active or not (Part 3, 30.2).
func (t tpm2) banks() ([]wire.Alg, error) {
	body, err := t.raw(wire.STNoSessions, wire.CCGetCapability, capability(wire.CapPCRs, 0, 64))
	if err != nil {
		return nil, err
	}
	r := wire.NewReader(body, nil)
	r.Bytes(1) // moreData
	var data wire.TPMSCapabilityData
	data.Unmarshal(r)
	if rc := r.Err(); rc != wire.RCSuccess {
		return nil, fmt.Errorf("the TPM's PCR banks cannot be read: %v", rc)
	}
	var algs []wire.Alg
	for _, s := range data.Data.AssignedPCR {
		algs = append(algs, s.Hash)
	}
	return algs, nil
}

func capability(c wire.Cap, property, count uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(c))
	b = binary.BigEndian.AppendUint32(b, property)
	return binary.BigEndian.AppendUint32(b, count)
}

// chooseBanks turns names of PCR banks into what PCR_Allocate is to be told: the wanted banks and no others. It returns the names of the
// banks that will be active, in the order they were wanted, and of all there are. Names that the TPM has no bank for do not count.
func (t tpm2) chooseBanks(wanted []string) (selection wire.TPMLPCRSelection, active, all []string, err error) {
	algs, err := t.banks()
	if err != nil {
		return nil, nil, nil, err
	}
	chosen := map[wire.Alg]bool{}
	for _, w := range wanted {
		for _, a := range algs {
			if a.String() == w && !chosen[a] {
				chosen[a] = true
				active = append(active, w)
				selection = append(selection, wire.TPMSPCRSelection{Hash: a, Select: wire.TPMSPCRSelect{0xff, 0xff, 0xff}})
			}
		}
	}
	for _, a := range algs {
		all = append(all, a.String())
		if !chosen[a] {
			selection = append(selection, wire.TPMSPCRSelection{Hash: a, Select: wire.TPMSPCRSelect{0, 0, 0}})
		}
	}
	if len(active) == 0 {
		return nil, nil, nil, fmt.Errorf("none of the PCR banks %s can be used: this TPM has %s", strings.Join(wanted, ","), strings.Join(all, ","))
	}
	return selection, active, all, nil
}

// allocateBanks activates the wanted PCR banks and no others (Part 3, 22.5), and returns their names and those of all banks.
func (t tpm2) allocateBanks(wanted []string) (active, all []string, err error) {
	selection, active, all, err := t.chooseBanks(wanted)
	if err != nil {
		return nil, nil, err
	}
	_, r, err := t.command(wire.CCPCRAllocate, []wire.Handle{wire.RHPlatform}, false, selection.Marshal)
	if err != nil {
		return nil, nil, err
	}
	if success := r.Bytes(1); len(success) != 1 || success[0] == 0 {
		return nil, nil, errors.New("the TPM has no room for the PCR banks")
	}
	return active, all, nil
}

// manufacturer returns TPM_PT_MANUFACTURER as text.
func (t tpm2) manufacturer() (string, error) {
	body, err := t.raw(wire.STNoSessions, wire.CCGetCapability, capability(wire.CapTPMProperties, uint32(wire.PTManufacturer), 1))
	if err != nil {
		return "", err
	}
	if len(body) != 17 || binary.BigEndian.Uint32(body[5:]) != 1 || wire.PT(binary.BigEndian.Uint32(body[9:])) != wire.PTManufacturer {
		return "", errors.New("the TPM does not tell its manufacturer")
	}
	return strings.TrimRight(string(body[13:]), "\x00"), nil
}

// shutdown ends the TPM's power cycle in order (Part 3, 9.4).
func (t tpm2) shutdown() error {
	_, err := t.raw(wire.STNoSessions, wire.CCShutdown, []byte{0, 0})
	return err
}
