package readmodel

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"
)

// AccountsQuery asks for a page of the accounts. The zero value asks for the first one of all.
type AccountsQuery struct {
	// Owner is how the name of the owner begins; empty is all. Upper and lower case are the
	// same for the letters A to Z, and for no others.
	Owner string
	PageQuery
}

// Accounts returns a page of the accounts, by owner. A cursor is of one Owner asked for.
// Errors: [ErrInvalidCursor], [ErrInvalidLimit].
func (r *Reader) Accounts(ctx context.Context, q AccountsQuery) (Page[Account], error) {
	limit, err := pageLimit(q.Limit)
	if err != nil {
		return Page[Account]{}, err
	}
	if !utf8.ValidString(q.Owner) || strings.ContainsRune(q.Owner, 0) { // no name is like that, and not every database takes it
		return Page[Account]{}, nil
	}
	list, name := "accounts", "owner"
	prefix := lowerASCII(q.Owner)
	if prefix != "" {
		list, name = "accounts of "+prefix, "lower(owner)" // as the index has it
	}
	after, started, err := parsePlace(q.Cursor, list)
	if err != nil {
		return Page[Account]{}, err
	}
	owner, id := splitKey(after)
	if !utf8.ValidString(owner) { // split in the middle of a character: no page ends there
		return Page[Account]{}, ErrInvalidCursor
	}
	var rows []accountRow
	query := r.db.DB().NewSelect().Model(&rows).OrderExpr("?, id", bun.Safe(name)).Limit(int64(limit) + 1)
	if prefix != "" {
		query = query.Where("? >= ?", bun.Safe(name), prefix)
		if end := afterPrefix(prefix); end != "" {
			query = query.Where("? < ?", bun.Safe(name), end)
		}
	}
	if started {
		query = query.Where("(?, id) > (?, ?)", bun.Safe(name), owner, id)
	}
	if err := query.Scan(ctx); err != nil {
		return Page[Account]{}, fmt.Errorf("read accounts: %w", err)
	}
	return newPage(rows, limit, accountRow.account, func(row accountRow) place {
		owner := row.Owner
		if prefix != "" {
			owner = lowerASCII(owner)
		}
		return place{List: list, Text: owner + row.ID, Number: int64(len(owner))}
	}), nil
}

// splitKey returns the owner and the id that the place of an account is made of. Whatever number
// a forged cursor has, it is a place between accounts.
func splitKey(p place) (owner, id string) {
	n := min(max(p.Number, 0), int64(len(p.Text)))
	return p.Text[:n], p.Text[n:]
}

// lowerASCII is what lower() is in SQLite, and in PostgreSQL in the order of bytes.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// afterPrefix returns the least text that is greater than all that begin with prefix; empty if
// there is none. The order of UTF-8 is that of the characters.
func afterPrefix(prefix string) string {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == utf8.MaxRune: // nothing comes after it
		case r == 0xd7ff: // surrogates come after it, which are no characters
			return prefix + "\ue000"
		default:
			return prefix + string(r+1)
		}
	}
	return ""
}
