package govtpm

import "govtpm/store"

// incomingBlob is a state that was handed over for the next Init; without data it says that there is none.
type incomingBlob struct {
	given bool
	data  []byte
}

// incomingState is what was handed over.
type incomingState struct{ permanent, volatile incomingBlob }

// of returns the blob of a kind. No state of another kind can be handed over.
func (s *incomingState) of(k store.Kind) incomingBlob {
	switch k {
	case store.Permanent:
		return s.permanent
	case store.Volatile:
		return s.volatile
	}
	return incomingBlob{}
}

// set hands a state over.
func (s *incomingState) set(k store.Kind, data []byte) {
	b := incomingBlob{given: true, data: data}
	switch k {
	case store.Permanent:
		clear(s.permanent.data)
		s.permanent = b
	case store.Volatile:
		clear(s.volatile.data)
		s.volatile = b
	}
}

// clear forgets everything; states hold secrets.
func (s *incomingState) clear() {
	clear(s.permanent.data)
	clear(s.volatile.data)
	*s = incomingState{}
}
