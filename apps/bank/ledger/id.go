package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
)

// Crockford's alphabet: no letter that reads like a digit.
var encoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// idLength is in characters of 5 bits: 60 bits are short enough to read out, and a random id
// that is taken already is refused.
const idLength = 12

func randomID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return encoding.EncodeToString(b[:])[:idLength]
}

// derivedID returns the id that a key leads to, so that the same request finds what it made.
// Kind and scope keep keys apart that are used for different things.
func derivedID(kind string, scope ...string) string {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, s := range scope {
		h.Write([]byte{0})
		h.Write([]byte(s))
	}
	return encoding.EncodeToString(h.Sum(nil))[:idLength]
}
