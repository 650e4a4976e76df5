package bank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

func decode[T any](res response) (v T, err error) {
	if res.status/100 != 2 {
		return v, fmt.Errorf("%d %s", res.status, res.body)
	}
	return v, json.Unmarshal(res.body, &v)
}

// book is what clients know of the bank: what it told them, and what follows from that.
type book struct {
	balances           map[string]int64             // of each account
	entries            map[string]map[string]*entry // of each account, by key
	payments           map[string]*payment
	deposited, drawn   int64
	transfers, refused int
	doubtful, attempts int
}

// entry is one event that has to be in an account.
type entry struct {
	event   string
	cents   int64
	version int // 0 if the client was not told
}

func newBook(payments []*payment) *book {
	b := &book{
		balances: make(map[string]int64), entries: make(map[string]map[string]*entry),
		payments: make(map[string]*payment, len(payments)),
	}
	for _, p := range payments {
		b.payments[p.key] = p
		b.attempts += p.attempts
		if p.replayed {
			b.doubtful++
		}
		if p.refused != "" {
			b.refused++
			continue
		}
		switch p.kind {
		case opening:
			b.add(p, p.account, "account.opened", 0)
		case deposit:
			b.deposited += p.cents
			b.add(p, p.to, "account.deposited", p.cents)
		case withdrawal:
			b.drawn += p.cents
			b.add(p, p.from, "account.withdrawn", -p.cents)
		case transfer:
			b.transfers++
			b.add(p, p.from, "account.transferred_out", -p.cents)
			b.add(p, p.to, "account.transferred_in", p.cents)
		}
	}
	return b
}

func (b *book) add(p *payment, account, event string, cents int64) {
	e := &entry{event: event, cents: cents}
	if account == p.account {
		e.version = p.version
	}
	if b.entries[account] == nil {
		b.entries[account] = make(map[string]*entry)
	}
	b.entries[account][p.key] = e
	b.balances[account] += cents
}

// compare holds the bank, as its API shows it after the write that token stands for, against the
// book, and returns all that is wrong.
func (b *book) compare(ctx context.Context, c *client, token string) error {
	accounts, err := all[account](ctx, c, "/api/v1/accounts", token)
	if err != nil {
		return err
	}
	var errs []error
	var held int64
	for _, a := range accounts {
		errs = append(errs, b.compareAccount(ctx, c, a, token))
		cents, err := centsOf(a.Balance)
		held += cents
		errs = append(errs, err)
	}
	if held != b.deposited-b.drawn {
		errs = append(errs, fmt.Errorf("the bank holds %d, %d came and %d went", held, b.deposited, b.drawn))
	}
	known := slices.Sorted(maps.Keys(b.entries))
	listed := make([]string, len(accounts))
	for i, a := range accounts {
		listed[i] = a.ID
	}
	if slices.Sort(listed); !slices.Equal(listed, known) {
		errs = append(errs, fmt.Errorf("accounts %q, in the book %q", listed, known))
	}
	return errors.Join(errs...)
}

func (b *book) compareAccount(ctx context.Context, c *client, a account, token string) error {
	events, err := all[event](ctx, c, "/api/v1/accounts/"+a.ID+"/events", "")
	if err != nil {
		return err
	}
	lines, err := all[line](ctx, c, "/api/v1/accounts/"+a.ID+"/statement", token)
	if err != nil {
		return err
	}
	var errs []error
	complain := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("account "+a.ID+": "+format, args...))
	}
	statement := make(map[int]line, len(lines))
	for _, l := range lines {
		statement[l.Version] = l
	}
	missing := maps.Clone(b.entries[a.ID])
	var balance int64
	for i, e := range events {
		key := e.Data.Reference
		if e.Type == "account.opened" {
			key = a.Owner
		}
		want := missing[key]
		delete(missing, key)
		if want == nil {
			complain("version %d, %s of %s, is not in the book, or is there twice", e.Version, e.Type, key)
			continue
		}
		balance += want.cents
		if e.Version != i+1 || e.Type != want.event || want.version != 0 && e.Version != want.version {
			complain("event %d is %s at version %d, in the book %+v", i+1, e.Type, e.Version, *want)
		}
		if e.Type == "account.opened" {
			continue
		}
		if e.Data.Amount != decimal(max(want.cents, -want.cents)) {
			complain("version %d moves %s, in the book %d", e.Version, e.Data.Amount, want.cents)
		}
		if l := statement[e.Version]; l.Reference != key || l.Balance != decimal(balance) {
			complain("version %d: the statement has %+v, the events add up to %d", e.Version, l, balance)
		}
	}
	for key, e := range missing {
		complain("%s of %s was acknowledged at version %d, and is lost", e.event, key, e.version)
	}
	if len(lines) != len(events)-1 || a.Version != len(events) {
		complain("%d events, version %d, %d lines in the statement", len(events), a.Version, len(lines))
	}
	if cents, err := centsOf(a.Balance); err != nil || cents != balance || cents != b.balances[a.ID] {
		complain("balance %s, the events add up to %d, the book to %d", a.Balance, balance, b.balances[a.ID])
	}
	return errors.Join(errs...)
}
