package readmodel_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Accounts are found by how the name of their owner begins, page by page.
func TestAccountsByOwner(t *testing.T) { banktest.Each(t, testAccountsByOwner) }

func testAccountsByOwner(t *testing.T, newDatabase func(testing.TB) string) {
	b := banktest.StartAt(t, newDatabase(t), ledger.Config{})
	for _, owner := range []string{
		"Ann", "ann", "ANNA Berg", "An", "Bob", "Ännchen", "ännchen", "Ann\U0010ffff", "Ann%", "A_n", "Ann Ω", "\ud7ffx", "\ue000", "\U0010ffffx", "z",
	} {
		b.OpenAccount(owner, 0)
	}
	b.CatchUp()
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"ann", []string{"ANNA Berg", "Ann", "Ann Ω", "Ann%", "Ann\U0010ffff", "ann"}},
		{"ANN", []string{"ANNA Berg", "Ann", "Ann Ω", "Ann%", "Ann\U0010ffff", "ann"}},
		{"anna b", []string{"ANNA Berg"}},
		{"ann%", []string{"Ann%"}},
		{"a_", []string{"A_n"}},
		{"än", []string{"ännchen"}}, // only A to Z are the same as a to z
		{"ann\U0010ffff", []string{"Ann\U0010ffff"}},
		{"\ud7ff", []string{"\ud7ffx"}},
		{"\U0010ffff", []string{"\U0010ffffx"}},
		{"z", []string{"z"}},
		{"nn", nil},
		{"'; DROP TABLE bank_accounts; --", nil},
		{"Ann\x00", nil},
		{"Ann\xff", nil},
		{strings.Repeat("x", 1000), nil},
	} {
		for _, limit := range []int{1, 4, 100} {
			var got []string
			for q := (readmodel.AccountsQuery{Owner: c.prefix, PageQuery: readmodel.PageQuery{Limit: limit}}); ; {
				page, err := b.Reader.Accounts(t.Context(), q)
				if err != nil || len(page.Items) > limit {
					t.Fatal(len(page.Items), err)
				}
				for _, a := range page.Items {
					got = append(got, a.Owner)
				}
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("%q by %d: %q, want %q", c.prefix, limit, got, c.want)
			}
		}
	}
}

// A cursor is of the owner that was asked for: another search begins anew.
func TestCursorOfAnOwner(t *testing.T) {
	b := banktest.Start(t, ledger.Config{})
	for range 3 {
		b.OpenAccount("Ann", 0)
	}
	b.CatchUp()
	page := func(owner, cursor string) (readmodel.Page[readmodel.Account], error) {
		return b.Reader.Accounts(t.Context(), readmodel.AccountsQuery{Owner: owner, PageQuery: readmodel.PageQuery{Cursor: cursor, Limit: 1}})
	}
	first, err := page("Ann", "")
	if err != nil || first.Next == "" {
		t.Fatal(first, err)
	}
	if second, err := page("aNN", first.Next); err != nil || len(second.Items) != 1 || second.Items[0].ID == first.Items[0].ID {
		t.Error(second, err)
	}
	for _, other := range []string{"", "An"} {
		if _, err := page(other, first.Next); !errors.Is(err, readmodel.ErrInvalidCursor) {
			t.Errorf("%q: %v", other, err)
		}
	}
}

// The search reads its part of an index, however many accounts there are.
func TestSearchUsesItsIndex(t *testing.T) {
	b := banktest.Start(t, ledger.Config{})
	for _, query := range searches(t, b) {
		var plan []struct {
			ID, Parent, Notused int
			Detail              string
		}
		err := b.Store.DB().NewRaw("EXPLAIN QUERY PLAN "+query).Scan(t.Context(), &plan)
		if err != nil || len(plan) != 1 || !strings.HasPrefix(plan[0].Detail, "SEARCH ") || !strings.Contains(plan[0].Detail, " bank_accounts_by_lower_owner ") {
			t.Errorf("%s\n%+v, %v", query, plan, err)
		}
	}
}

// searches returns the statements of a search for a first and for a second page.
func searches(t *testing.T, b *banktest.Bank) []string {
	t.Helper()
	b.OpenAccount("Ann", 0)
	b.OpenAccount("Ann", 0)
	b.CatchUp()
	var asked queries
	reader := readmodel.NewReader(observed{Database: b.Store, db: b.Store.DB().WithQueryHook(&asked)})
	q := readmodel.AccountsQuery{Owner: "a", PageQuery: readmodel.PageQuery{Limit: 1}}
	for range 2 {
		page, err := reader.Accounts(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		q.Cursor = page.Next
	}
	if len(asked) != 2 {
		t.Fatal(asked)
	}
	return asked
}

// The same on PostgreSQL, where the order of the texts has to be the index's own, too.
func TestSearchUsesItsIndexOnPostgres(t *testing.T) {
	b := banktest.StartAt(t, postgrestest.Database(t), ledger.Config{})
	queries := searches(t, b)
	conn, err := b.Store.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A table this small is read as a whole, unless that is said to be expensive.
	if _, err := conn.ExecContext(t.Context(), "SET enable_seqscan = off; SET enable_bitmapscan = off"); err != nil {
		t.Fatal(err)
	}
	for _, query := range queries {
		var lines []string
		err := conn.NewRaw("EXPLAIN (COSTS OFF) "+query).Scan(t.Context(), &lines)
		plan := strings.Join(lines, "\n")
		if err != nil || !strings.Contains(plan, "using bank_accounts_by_lower_owner") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Filter") {
			t.Errorf("%s\n%s, %v", query, plan, err)
		}
	}
}

// observed takes note of what it is asked.
type observed struct {
	bunstore.Database
	db *bun.DB
}

func (d observed) DB() *bun.DB { return d.db }

type queries []string

func (q *queries) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (q *queries) AfterQuery(_ context.Context, e *bun.QueryEvent)                    { *q = append(*q, e.Query) }
