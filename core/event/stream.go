package event

import (
	"encoding"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNameBytes is how long a category, the ID of a stream, an event type or a tenant may be.
const MaxNameBytes = 255

// StreamID names the stream that holds the events of one aggregate.
type StreamID struct {
	Category string // the kind of aggregate, "account"
	ID       string // which one, "42"
}

var (
	_ encoding.TextMarshaler   = StreamID{}
	_ encoding.TextUnmarshaler = (*StreamID)(nil)
)

// ErrInvalidStream is matched by every refusal of a StreamID.
var ErrInvalidStream = errors.New("invalid stream id")

// Validate requires 1 to [MaxNameBytes] bytes of each part, a category that matches
// ^[A-Za-z][A-Za-z0-9_.]*$ and an ID that is UTF-8 without control characters.
// Otherwise the error matches [ErrInvalidStream].
func (s StreamID) Validate() error {
	if err := validateCategory(s.Category); err != nil {
		return fmt.Errorf("%w: category %s: %w", ErrInvalidStream, quote(s.Category), err)
	}
	if err := ValidateName(s.ID); err != nil {
		return fmt.Errorf("%w: id %s in category %s: %w", ErrInvalidStream, quote(s.ID), s.Category, err)
	}
	return nil
}

// String returns the text form, "account-42".
func (s StreamID) String() string { return s.Category + "-" + s.ID }

// MarshalText implements [encoding.TextMarshaler].
func (s StreamID) MarshalText() ([]byte, error) { return []byte(s.String()), s.Validate() }

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseStreamID].
func (s *StreamID) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStreamID(string(text))
	return err
}

// ParseStreamID reads the text form. It splits at the first '-', so an ID may contain more.
func ParseStreamID(text string) (StreamID, error) {
	category, id, _ := strings.Cut(text, "-")
	s := StreamID{Category: category, ID: id}
	if err := s.Validate(); err != nil {
		return StreamID{}, err
	}
	return s, nil
}

// ValidateName is for stores: it returns an error, which says why, unless name is 1 to
// [MaxNameBytes] bytes of UTF-8 without control characters. IDs of streams, event types and
// tenants are names.
func ValidateName(name string) error {
	switch {
	case name == "":
		return errors.New("empty")
	case len(name) > MaxNameBytes:
		return fmt.Errorf("%d bytes, at most %d are allowed", len(name), MaxNameBytes)
	case !utf8.ValidString(name):
		return errors.New("not UTF-8")
	case strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("control character")
	}
	return nil
}

func validateCategory(name string) error {
	if err := ValidateName(name); err != nil {
		return err
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c != '_' && c != '.' && (c < '0' || c > '9')) {
			return fmt.Errorf("%q is not allowed at byte %d", c, i)
		}
	}
	return nil
}

// quote shortens what it quotes: an error must not carry a megabyte of bad input.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
