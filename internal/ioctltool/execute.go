package ioctltool

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"govtpm/control"
	"govtpm/internal/smallfile"
)

// execute carries out the one command.
func (t *tool) execute(c *command) error {
	switch c.name {
	case "-c", "-e", "-g":
		return t.ask(c.name)
	case "-i":
		return t.do(control.Init{Flags: control.InitDeleteVolatile})
	case "--stop":
		return t.do(control.Stop{})
	case "-s":
		return t.do(control.Shutdown{})
	case "-v":
		return t.do(control.StoreVolatile{})
	case "-C":
		return t.do(control.CancelTPMCmd{})
	case "-r", "-l":
		return t.locality(c)
	case "-h":
		return t.hash(c.args[0])
	case "--save":
		return t.save(c.args[0], c.args[1])
	case "--load":
		return t.load(c.args[0], c.args[1])
	case "-b":
		return t.bufferSize(c.args[0])
	case "--info":
		return t.info(c.args[0])
	case "--lock-storage":
		n, err := strconv.ParseUint(c.args[0], 0, 32)
		if err != nil {
			return fmt.Errorf("Could not get number of retries from %s.", c.args[0])
		}
		return t.do(control.LockStorage{Retries: uint32(n)})
	}
	return errNoCommand
}

func (t *tool) do(req control.Request) error {
	_, err := t.call(req)
	return err
}

// ask prints one number.
func (t *tool) ask(name string) error {
	req := map[string]control.Request{"-c": control.GetCapability{}, "-e": control.GetTPMEstablished{}, "-g": control.GetConfig{}}[name]
	rsp, err := t.call(req)
	if err != nil {
		return err
	}
	switch r := rsp.(type) {
	case control.Capabilities:
		fmt.Fprintf(t.stdout, "ptm capability is 0x%x\n", uint32(r.Mask))
	case control.Established:
		bit := 0
		if r.Bit {
			bit = 1
		}
		fmt.Fprintf(t.stdout, "tpmEstablished is %d\n", bit)
	case control.Config:
		fmt.Fprintf(t.stdout, "ptm configuration flags: 0x%x\n", r.Flags)
	}
	return nil
}

func (t *tool) locality(c *command) error {
	l, err := localityArg(c.args[0])
	if err != nil {
		return err
	}
	if c.name == "-r" {
		return t.do(control.ResetTPMEstablished{Locality: l})
	}
	return t.do(control.SetLocality{Locality: l})
}

// hash runs a hash sequence over text, or over what stdin delivers.
func (t *tool) hash(text string) error {
	data := io.Reader(strings.NewReader(text))
	if text == "-" {
		data = t.stdin
	}
	if err := t.do(control.HashStart{}); err != nil {
		return err
	}
	buf := make([]byte, control.HashDataSize)
	for {
		n, err := io.ReadFull(data, buf)
		if n > 0 {
			if err := t.do(control.HashData{Data: buf[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return t.do(control.HashEnd{})
		} else if err != nil {
			return fmt.Errorf("Could not read data: %w", err)
		}
	}
}

// save writes state into a file, which stays empty if there is none.
func (t *tool) save(kind, name string) error {
	k, err := kindArg(kind)
	if err != nil {
		return err
	}
	f, err := openOut(name)
	if err != nil {
		return err
	}
	defer f.Close()
	rsp, err := t.call(control.GetStateBlob{Flags: control.StateDecrypted, Kind: k})
	if err != nil && (rsp == nil || control.Result(rsp.TPMResult())&control.Retry == 0) {
		return err
	}
	blob, _ := rsp.(control.StateBlob)
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		if err := f.Truncate(0); err != nil {
			return fmt.Errorf("Could not write to file '%s': %s", name, cause(err))
		}
	}
	if _, err := f.Write(blob.Data); err != nil {
		return fmt.Errorf("Could not write to file '%s': %s", name, cause(err))
	}
	return f.Close()
}

func (t *tool) load(kind, name string) error {
	k, err := kindArg(kind)
	if err != nil {
		return err
	}
	f, err := smallfile.Await(name)
	if err != nil {
		return fmt.Errorf("Could not open file '%s' for reading: %s", name, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(data) > maxState {
		err = fmt.Errorf("it is longer than %d bytes", maxState)
	}
	if err != nil {
		return fmt.Errorf("Could not read from file '%s': %s", name, cause(err))
	}
	return t.do(control.SetStateBlob{Kind: k, Data: data})
}

func (t *tool) bufferSize(text string) error {
	n, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return fmt.Errorf("Could not get buffersize from %s.", text)
	}
	rsp, err := t.call(control.SetBufferSize{Size: uint32(n)})
	if err != nil {
		return err
	}
	if r, ok := rsp.(control.BufferSize); ok {
		fmt.Fprintf(t.stdout, "TPM buffersize: %d\nminimum size  : %d\nmaximum size  : %d\n", r.Current, r.Min, r.Max)
	}
	return nil
}

// maxInfo bounds what is collected of a text.
const maxInfo = 1 << 20

// info collects the pieces of a text.
func (t *tool) info(text string) error {
	flags, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return errors.New("Cannot parse info flags.")
	}
	var all []byte
	for {
		rsp, err := t.call(control.GetInfo{Flags: flags, Offset: uint32(len(all))})
		if err != nil {
			return err
		}
		r, ok := rsp.(control.Info)
		if !ok || len(r.Data) == 0 {
			return errors.New("Could not execute PTM_GET_INFO: Empty response")
		}
		all = append(all, r.Data...)
		// The final zero byte cannot be asked for by itself.
		if uint64(len(all))+1 >= uint64(r.Total) {
			break
		}
		if len(all) > maxInfo {
			return fmt.Errorf("Could not execute PTM_GET_INFO: More than %d bytes", maxInfo)
		}
	}
	fmt.Fprintf(t.stdout, "%s\n", strings.TrimRight(string(all), "\x00"))
	return nil
}
