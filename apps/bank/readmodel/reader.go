package readmodel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// ErrNotFound reports an account that the read models do not know, or not yet: see [Await].
var ErrNotFound = errors.New("no such account")

// Reader queries the read models. It is safe for concurrent use.
type Reader struct{ db bunstore.Database }

// NewReader returns a reader of the read models in db.
func NewReader(db bunstore.Database) *Reader { return &Reader{db: db} }

// Account returns one account. Errors: [ErrNotFound].
func (r *Reader) Account(ctx context.Context, id string) (Account, error) {
	if !canBeAccount(id) {
		return Account{}, ErrNotFound
	}
	var row accountRow
	err := r.db.DB().NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Account{}, ErrNotFound
	case err != nil:
		return Account{}, fmt.Errorf("read account: %w", err)
	}
	return row.account(), nil
}

// canBeAccount keeps from the database what no account is called, and it may not even take.
func canBeAccount(id string) bool {
	return event.StreamID{Category: ledger.Type.Name, ID: id}.Validate() == nil
}

// PageQuery asks for a page. The zero value asks for the first one.
type PageQuery struct {
	Cursor string // the Next of the page before
	Limit  int    // at most this many; 0 is [DefaultLimit]
}

// Statement returns a page of the statement of an account, newest first.
// Errors: [ErrNotFound], [ErrInvalidCursor], [ErrInvalidLimit].
func (r *Reader) Statement(ctx context.Context, id string, q PageQuery) (Page[Entry], error) {
	limit, err := pageLimit(q.Limit)
	if err != nil {
		return Page[Entry]{}, err
	}
	before, started, err := parsePlace(q.Cursor, "statement")
	if err != nil {
		return Page[Entry]{}, err
	}
	if _, err := r.Account(ctx, id); err != nil {
		return Page[Entry]{}, err
	}
	var rows []entryRow
	query := r.db.DB().NewSelect().Model(&rows).Where("account = ?", id).OrderExpr("version DESC").Limit(int64(limit) + 1)
	if started {
		query = query.Where("version < ?", before.Number)
	}
	if err := query.Scan(ctx); err != nil {
		return Page[Entry]{}, fmt.Errorf("read statement: %w", err)
	}
	return newPage(rows, limit, entryRow.entry, func(row entryRow) place {
		return place{List: "statement", Number: row.Version}
	}), nil
}

// AuditQuery asks for a page of the audit trail. The zero value asks for the first one of everything.
type AuditQuery struct {
	Account string // only what happened to this one; empty is all
	PageQuery
}

// Audit returns a page of the audit trail, newest first. Errors: [ErrInvalidCursor], [ErrInvalidLimit].
func (r *Reader) Audit(ctx context.Context, q AuditQuery) (Page[Trace], error) {
	limit, err := pageLimit(q.Limit)
	if err != nil {
		return Page[Trace]{}, err
	}
	before, started, err := parsePlace(q.Cursor, "audit")
	if err != nil {
		return Page[Trace]{}, err
	}
	var rows []auditRow
	query := r.db.DB().NewSelect().Model(&rows).OrderExpr("number DESC").Limit(int64(limit) + 1)
	if q.Account != "" {
		if !canBeAccount(q.Account) {
			return Page[Trace]{}, nil
		}
		query = query.Where("account = ?", q.Account)
	}
	if started {
		query = query.Where("number < ?", before.Number)
	}
	if err := query.Scan(ctx); err != nil {
		return Page[Trace]{}, fmt.Errorf("read audit trail: %w", err)
	}
	return newPage(rows, limit, auditRow.trace, func(row auditRow) place {
		return place{List: "audit", Number: row.Number}
	}), nil
}

// Total is what the bank holds in one currency.
type Total struct {
	Balance  money.Amount
	Accounts int // those that are closed included
}

// Totals returns what the bank holds, by currency.
func (r *Reader) Totals(ctx context.Context) ([]Total, error) {
	var rows []struct {
		Currency money.Currency
		Balance  int64
		Accounts int
	}
	err := r.db.DB().NewSelect().Model((*accountRow)(nil)).Column("currency").
		ColumnExpr("CAST(SUM(balance) AS BIGINT) AS balance").ColumnExpr("COUNT(*) AS accounts").
		Group("currency").Order("currency").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read totals: %w", err)
	}
	totals := make([]Total, len(rows))
	for i, row := range rows {
		totals[i] = Total{Balance: money.Amount{Minor: row.Balance, Currency: row.Currency}, Accounts: row.Accounts}
	}
	return totals, nil
}
