package curve

import "filippo.io/nistec"

// nistPoint is what the point types of nistec have in common.
type nistPoint[P any] interface {
	*nistec.P224Point | *nistec.P256Point | *nistec.P384Point | *nistec.P521Point
	SetBytes([]byte) (P, error)
	Bytes() []byte
	Add(p, q P) P
	ScalarBaseMult([]byte) (P, error)
	ScalarMult(P, []byte) (P, error)
}

// nist does arithmetic with one point type of nistec. Errors can only come from
// a point of another curve; they end as infinity, which every caller refuses.
type nist[P nistPoint[P]] struct{ newPoint func() P }

func (n nist[P]) onCurve(p []byte) bool {
	_, err := n.newPoint().SetBytes(p)
	return err == nil
}

func (n nist[P]) baseMult(k []byte) []byte {
	p, err := n.newPoint().ScalarBaseMult(k)
	return encode(p, err)
}

func (n nist[P]) mult(k, p []byte) []byte {
	q, err := n.newPoint().SetBytes(p)
	if err != nil {
		return nil
	}
	q, err = q.ScalarMult(q, k)
	return encode(q, err)
}

func (n nist[P]) combined(a, b, p []byte) []byte {
	q, err := n.newPoint().SetBytes(p)
	if err != nil {
		return nil
	}
	if q, err = q.ScalarMult(q, b); err != nil {
		return nil
	}
	g, err := n.newPoint().ScalarBaseMult(a)
	if err != nil {
		return nil
	}
	return g.Add(g, q).Bytes()
}

func (n nist[P]) add(p, q []byte) []byte {
	a, err := n.newPoint().SetBytes(p)
	if err != nil {
		return nil
	}
	b, err := n.newPoint().SetBytes(q)
	if err != nil {
		return nil
	}
	return a.Add(a, b).Bytes()
}

func encode[P nistPoint[P]](p P, err error) []byte {
	if err != nil {
		return nil
	}
	return p.Bytes()
}
