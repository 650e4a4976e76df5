package event

import (
	"cmp"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Position places an event among all events of one store. It is opaque: compare it,
// keep it, give it back. The zero Position is before the first event of every store.
// As text, in JSON and in SQL it is a string that names the store too.
type Position struct {
	store ID
	n     uint64
}

var (
	_ encoding.TextMarshaler   = Position{}
	_ encoding.TextUnmarshaler = (*Position)(nil)
	_ driver.Valuer            = Position{}
	_ sql.Scanner              = (*Position)(nil)
)

// NewPosition is for stores. Their events count from 1, up to [math.MaxInt64].
func NewPosition(store ID, n uint64) Position {
	if n == 0 {
		return Position{}
	}
	return Position{store: store, n: n}
}

// In is for stores: it returns the number that p is in store, or a [ForeignPositionError].
func (p Position) In(store ID) (uint64, error) {
	if p.n != 0 && p.store != store {
		return 0, &ForeignPositionError{Position: p}
	}
	return p.n, nil
}

// Compare returns -1, 0 or +1, or a [ForeignPositionError] if p and q are of two stores.
func (p Position) Compare(q Position) (int, error) {
	if p.n != 0 && q.n != 0 && p.store != q.store {
		return 0, &ForeignPositionError{Position: q}
	}
	return cmp.Compare(p.n, q.n), nil
}

// IsZero reports whether p is before the first event.
func (p Position) IsZero() bool { return p.n == 0 }

// String returns the text form, which names the store too.
func (p Position) String() string {
	if p.n == 0 {
		return "0"
	}
	return p.store.String() + "." + strconv.FormatUint(p.n, 10)
}

// ParsePosition accepts what String returns and nothing else; otherwise the error matches
// [ErrMalformedPosition].
func ParsePosition(text string) (Position, error) {
	if text == "0" {
		return Position{}, nil
	}
	store, number, _ := strings.Cut(text, ".")
	id, err := uuid.Parse(store)
	n, numErr := strconv.ParseUint(number, 10, 64)
	p := NewPosition(id, n)
	if err != nil || numErr != nil || n > math.MaxInt64 || p.String() != text {
		return Position{}, fmt.Errorf("%w: %s", ErrMalformedPosition, quote(text))
	}
	return p, nil
}

// MarshalText implements [encoding.TextMarshaler].
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParsePosition].
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}

// Value implements [driver.Valuer].
func (p Position) Value() (driver.Value, error) { return p.String(), nil }

// Scan implements [sql.Scanner]; NULL is refused.
func (p *Position) Scan(src any) error {
	switch text := src.(type) {
	case string:
		return p.UnmarshalText([]byte(text))
	case []byte:
		return p.UnmarshalText(text)
	}
	return fmt.Errorf("%w: SQL value of type %T", ErrMalformedPosition, src)
}

// ErrMalformedPosition is matched when a text is not a position.
var ErrMalformedPosition = errors.New("malformed position")

// ErrForeignPosition is matched by every [ForeignPositionError].
var ErrForeignPosition = errors.New("position of another store")

// ForeignPositionError reports a position given to a store that did not make it.
type ForeignPositionError struct{ Position Position }

func (e *ForeignPositionError) Error() string {
	return ErrForeignPosition.Error() + ": " + e.Position.String()
}

// Is matches [ErrForeignPosition].
func (e *ForeignPositionError) Is(target error) bool { return target == ErrForeignPosition }
