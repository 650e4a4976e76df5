package readmodel

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

var (
	// ErrInvalidCursor reports a cursor that no page of this kind has handed out.
	ErrInvalidCursor = errors.New("invalid cursor")
	// ErrInvalidLimit reports a negative limit.
	ErrInvalidLimit = errors.New("invalid limit")
)

// place is where a page ends: the list that it is a page of, and the key of its last line.
type place struct {
	List   string `json:"l"`
	Text   string `json:"t,omitempty"`
	Number int64  `json:"n,omitempty"`
}

// encode returns the text form, which callers know nothing about.
func (p place) encode() string {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers always have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// parsePlace reads what encode returned, for the same list; an empty cursor is the start.
func parsePlace(cursor, list string) (p place, started bool, err error) {
	if cursor == "" {
		return place{List: list}, false, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil || p.List != list || p.encode() != cursor || strings.ContainsRune(p.Text, 0) {
		return place{}, false, ErrInvalidCursor
	}
	return p, true, nil
}

const (
	// DefaultLimit is how many lines a page has if the query does not say.
	DefaultLimit = 50
	// MaxLimit is the most that a page ever has; higher limits are taken for it.
	MaxLimit = 200
)

func pageLimit(limit int) (int, error) {
	switch {
	case limit < 0:
		return 0, ErrInvalidLimit
	case limit == 0:
		return DefaultLimit, nil
	}
	return min(limit, MaxLimit), nil
}

// Page is a piece of a list.
type Page[T any] struct {
	Items []T
	Next  string // the cursor of the next page; empty if there is none
}

// newPage cuts rows, of which one more than limit was asked for, to a page.
func newPage[R, T any](rows []R, limit int, item func(R) T, at func(R) place) Page[T] {
	var page Page[T]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = at(rows[limit-1]).encode()
	}
	page.Items = make([]T, len(rows))
	for i, row := range rows {
		page.Items[i] = item(row)
	}
	return page
}
