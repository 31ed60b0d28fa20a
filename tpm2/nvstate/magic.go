package nvstate

// The magic numbers that begin the blobs, behind two bytes of version: they tell one kind from the other.
const (
	MagicPermanent uint32 = 0xAB364723
	MagicVolatile  uint32 = 0x45637889
)
