package tpm2

import (
	"slices"

	"govtpm/tpm2/wire"
)

// selfTestState tells which algorithms were tested since power came on (Part 1, 9.3).
type selfTestState struct {
	done wire.AlgSet
	// answer replaces knownAnswer in tests that need a failure.
	answer func(wire.Alg) error
}

// selfTested are the algorithms that have a test of their own, as libtpms lists them, and those that only a profile beyond libtpms has.
func selfTested() []wire.Alg {
	return []wire.Alg{
		wire.AlgTDES, wire.AlgSHA1, wire.AlgAES, wire.AlgSHA256, wire.AlgSHA384, wire.AlgSHA512, wire.AlgSM3_256, wire.AlgSM4,
		wire.AlgRSASSA, wire.AlgRSAES, wire.AlgRSAPSS, wire.AlgOAEP, wire.AlgECDSA, wire.AlgECDH, wire.AlgECSchnorr,
		wire.AlgHKDF, wire.AlgKDF1SP800108, wire.AlgCamellia, wire.AlgSHA3_256, wire.AlgSHA3_384, wire.AlgSHA3_512, wire.AlgCFB,
	}
}

// testsOf are the tests to run for an algorithm, as libtpms groups them; none for those that only come with others.
func testsOf(alg wire.Alg) []wire.Alg {
	const hash = wire.AlgSHA512
	switch alg {
	case wire.AlgAES, wire.AlgCFB:
		return []wire.Alg{wire.AlgAES, wire.AlgCFB}
	case wire.AlgHMAC:
		return []wire.Alg{hash}
	case wire.AlgOAEP, wire.AlgKDF1SP800108:
		return []wire.Alg{hash, alg}
	case wire.AlgECC:
		return []wire.Alg{wire.AlgECDH}
	case wire.AlgECDSA, wire.AlgECSchnorr:
		return []wire.Alg{hash, wire.AlgECDH, alg}
	}
	if slices.Contains(selfTested(), alg) {
		return []wire.Alg{alg}
	}
	return nil
}

// testedWith is the algorithm whose test stands for one that has none of its own.
func testedWith(alg wire.Alg) wire.Alg {
	switch alg {
	case wire.AlgRSA:
		return wire.AlgRSASSA
	case wire.AlgECMQV:
		return wire.AlgECDH
	case wire.AlgECDAA, wire.AlgSM2:
		return wire.AlgECDSA
	case wire.AlgCMAC, wire.AlgCTR, wire.AlgOFB, wire.AlgCBC, wire.AlgECB, wire.AlgSymCipher:
		return wire.AlgAES
	case wire.AlgKeyedHash, wire.AlgXOR, wire.AlgMGF1, wire.AlgKDF1SP80056A, wire.AlgKDF2:
		return wire.AlgHMAC
	}
	return alg
}

// runSelfTest tests an algorithm. A failure is an internal fault.
func (t *TPM) runSelfTest(alg wire.Alg) error {
	answer := knownAnswer
	if t.volatile.selfTest.answer != nil {
		answer = t.volatile.selfTest.answer
	}
	for _, a := range testsOf(alg) {
		if err := answer(a); err != nil {
			return internalf("self-test of %v: %w", a, err)
		}
		t.volatile.selfTest.done = t.volatile.selfTest.done.With(a)
	}
	t.volatile.selfTest.done = t.volatile.selfTest.done.With(alg)
	return nil
}

// testBeforeUse runs the tests that are still to be passed by the algorithms that a command uses: those that its parameters name, those
// of its objects and those of its sessions.
func (t *TPM) testBeforeUse(c *call, used wire.AlgSet) error {
	for _, o := range c.objects {
		if o != nil && !o.isSequence() {
			used = used.With(o.public.Type).With(o.public.NameAlg)
			if _, err := kemKey(o); err == nil {
				used = used.With(wire.AlgHKDF)
			}
		}
	}
	for i := range c.sessions {
		if s := c.sessions[i].session; s != nil {
			used = used.With(s.authHash).With(s.symmetric.Algorithm)
		}
	}
	for i := range used {
		used[i] &^= t.volatile.selfTest.done[i]
	}
	if used == (wire.AlgSet{}) {
		return nil
	}
	for _, alg := range used.List() {
		if !t.limits.Algs.Has(alg) {
			continue
		}
		if err := t.runSelfTest(testedWith(alg)); err != nil {
			return err
		}
		t.volatile.selfTest.done = t.volatile.selfTest.done.With(alg)
	}
	return nil
}

// untested lists the algorithms whose test was not run.
func (t *TPM) untested() wire.TPMLAlg {
	var list wire.TPMLAlg
	for _, alg := range selfTested() {
		if t.limits.Algs.Has(alg) && !t.volatile.selfTest.done.Has(alg) {
			list = append(list, alg)
		}
	}
	return list
}

// selfTest is TPM2_SelfTest (Part 3, 10.2). RCCanceled; what was tested by then stays so.
func (t *TPM) selfTest(c *call, p *selfTestParameters) error {
	if p.fullTest {
		t.volatile.selfTest.done = wire.AlgSet{}
	}
	return t.runSelfTests(c, t.untested())
}

func (t *TPM) runSelfTests(c *call, list wire.TPMLAlg) error {
	for _, alg := range list {
		if c.cancelled() {
			return wire.RCCanceled
		}
		if err := t.runSelfTest(alg); err != nil {
			return err
		}
	}
	return nil
}

// incrementalSelfTest is TPM2_IncrementalSelfTest (Part 3, 10.3). RCValue parameter 1: the TPM does not have the algorithm; RCCanceled.
func (t *TPM) incrementalSelfTest(c *call, p *incrementalSelfTestParameters) error {
	for _, alg := range p.toTest {
		if !t.limits.Algs.Has(alg) || algorithmProperties(alg) == 0 {
			return wire.RCValue.Parameter(1)
		}
	}
	if err := t.runSelfTests(c, p.toTest); err != nil {
		return err
	}
	t.untested().Marshal(&c.out)
	return nil
}

// getTestResult is TPM2_GetTestResult (Part 3, 10.4) of a TPM that did not fail: there is nothing to tell.
func (t *TPM) getTestResult(c *call) error {
	c.out.TPM2B(nil)
	c.out.Uint32(uint32(wire.RCSuccess))
	return nil
}
