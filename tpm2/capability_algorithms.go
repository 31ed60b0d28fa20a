package tpm2

import "govtpm/tpm2/wire"

// algorithms lists the algorithms of the TPM with their properties (Part 2, 8.2), as libtpms has them, ascending.
func (t *TPM) algorithms() wire.TPMLAlgProperty {
	var list wire.TPMLAlgProperty
	for _, a := range t.limits.Algs.List() {
		if properties := algorithmProperties(a); properties != 0 {
			list = append(list, wire.TPMSAlgProperty{Alg: a, Properties: properties})
		}
	}
	return list
}

// algorithmProperties tells what an algorithm is for; 0 for those that are not listed.
func algorithmProperties(a wire.Alg) wire.TPMAAlgorithm {
	switch a {
	case wire.AlgRSA, wire.AlgECC:
		return wire.AlgAttrAsymmetric | wire.AlgAttrObject
	case wire.AlgTDES, wire.AlgAES, wire.AlgSM4, wire.AlgCamellia:
		return wire.AlgAttrSymmetric
	case wire.AlgHMAC:
		return wire.AlgAttrHash | wire.AlgAttrSigning
	case wire.AlgMGF1, wire.AlgKDF1SP80056A, wire.AlgKDF2, wire.AlgKDF1SP800108, wire.AlgHKDF:
		return wire.AlgAttrHash | wire.AlgAttrMethod
	case wire.AlgKeyedHash:
		return wire.AlgAttrHash | wire.AlgAttrObject | wire.AlgAttrSigning | wire.AlgAttrEncrypting
	case wire.AlgXOR:
		return wire.AlgAttrSymmetric | wire.AlgAttrHash
	case wire.AlgRSASSA, wire.AlgRSAPSS, wire.AlgECDSA, wire.AlgECDAA, wire.AlgECSchnorr:
		return wire.AlgAttrAsymmetric | wire.AlgAttrSigning
	case wire.AlgRSAES, wire.AlgOAEP:
		return wire.AlgAttrAsymmetric | wire.AlgAttrEncrypting
	case wire.AlgECDH, wire.AlgECMQV:
		return wire.AlgAttrAsymmetric | wire.AlgAttrMethod
	case wire.AlgSM2:
		return wire.AlgAttrAsymmetric | wire.AlgAttrSigning | wire.AlgAttrMethod
	case wire.AlgSymCipher:
		return wire.AlgAttrObject
	case wire.AlgCMAC:
		return wire.AlgAttrSymmetric | wire.AlgAttrSigning
	case wire.AlgCTR, wire.AlgOFB, wire.AlgCBC, wire.AlgCFB, wire.AlgECB:
		return wire.AlgAttrSymmetric | wire.AlgAttrEncrypting
	}
	if digestSize(a) != 0 {
		return wire.AlgAttrHash
	}
	return 0
}

// pcrProperties lists which PCRs have which property (Part 2, 6.14), ascending.
func (t *TPM) pcrProperties() wire.TPMLTaggedPCRProperty {
	var list wire.TPMLTaggedPCRProperty
	add := func(tag wire.PTPCR, has func(pcrAttributes) bool) {
		s := wire.TPMSTaggedPCRSelect{Tag: tag, Select: make(wire.TPMSPCRSelect, (implementationPCR+7)/8)}
		for pcr := range implementationPCR {
			if has(attributesOfPCR(pcr)) {
				s.Select.Set(pcr)
			}
		}
		list = append(list, s)
	}
	add(wire.PTPCRSave, func(a pcrAttributes) bool { return a.save })
	for locality := range 5 {
		add(wire.PTPCRExtendL0+wire.PTPCR(2*locality), func(a pcrAttributes) bool { return a.extend>>locality&1 != 0 })
		add(wire.PTPCRResetL0+wire.PTPCR(2*locality), func(a pcrAttributes) bool { return a.reset>>locality&1 != 0 })
	}
	add(wire.PTPCRNoIncrement, func(a pcrAttributes) bool { return a.noIncrement })
	add(wire.PTPCRDRTMReset, pcrAttributes.isDynamic)
	add(wire.PTPCRPolicy, func(a pcrAttributes) bool { return a.policyGroup != 0 })
	add(wire.PTPCRAuth, func(a pcrAttributes) bool { return a.authGroup != 0 })
	return list
}
