package verify

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// streams reads every stream by itself, and compares it with what the feed has shown of it and
// with its rows in the read models.
func (v *verification) streams(ctx context.Context) error {
	listed := make(map[string]bool, len(v.heads))
	for q := (eventstore.ListQuery{Category: ledger.Type.Name}); ; {
		page, err := v.Store.List(ctx, q)
		if err != nil {
			return err
		}
		for _, info := range page.Streams {
			q.After = info.Stream.ID
			listed[info.Stream.ID] = true
			if err := v.stream(ctx, info); err != nil {
				return err
			}
			v.report.Accounts++
		}
		v.cfg.Progress(v.report.Events, v.report.Accounts)
		if page.AtEnd {
			break
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.heads)) {
		if !listed[id] {
			v.differs(id, 0, "the feed knows it, the directory does not")
		}
	}
	return nil
}

// folded is what a stream adds up to.
type folded struct {
	state  account.Account // now
	seen   account.Account // when the read models last looked
	at     event.Version   // of seen
	last   head
	opened event.Header // of its first event
}

func (v *verification) stream(ctx context.Context, info eventstore.StreamInfo) error {
	id := info.Stream.ID
	entries, stopEntries := iter.Pull2(v.Reader.EveryEntry(ctx, id))
	defer stopEntries()
	traces, stopTraces := iter.Pull2(v.Reader.EveryTrace(ctx, id))
	defer stopTraces()
	var f folded
	for rec, err := range v.Store.Read(ctx, info.Stream, eventstore.ReadQuery{}) {
		if err != nil {
			return err
		}
		if rec.Version != f.last.version+1 {
			v.differs(id, rec.Version, "follows version %d in the stream", f.last.version)
		}
		f.last = head{version: rec.Version, id: rec.ID}
		env, ok := v.envelope(ctx, rec)
		if !ok {
			continue
		}
		v.happens(&f, env)
		seen, err := v.seen(rec.Position)
		if err != nil {
			return err
		}
		if !seen {
			continue
		}
		f.seen, f.at = f.state, rec.Version
		if err := v.entry(f.seen, env, entries); err != nil {
			return err
		}
		if err := v.trace(env, traces); err != nil {
			return err
		}
	}
	if fed := v.heads[id]; f.last != fed && f.last.version <= info.Version {
		v.differs(id, f.last.version, "is the last event of the stream, %d is of the feed", fed.version)
	}
	if closed := f.state.Status == account.StatusClosed; closed != info.Closed && f.last.version == info.Version {
		v.differs(id, f.last.version, "closed: %t, and the stream: %t", closed, info.Closed)
	}
	if err := leftOver(v, id, "an entry of the statement", &v.counts.Entries, entries); err != nil {
		return err
	}
	if err := leftOver(v, id, "a line of the audit trail", &v.counts.Traces, traces); err != nil {
		return err
	}
	return v.row(ctx, id, f)
}

// happens folds an event, which leaves the account as the bank's rules have it.
func (v *verification) happens(f *folded, env ledger.Envelope) {
	id, before := env.Stream.ID, f.state
	_, opens := env.Event.(account.Opened)
	switch {
	case opens != (before.Status == account.StatusNone):
		v.differs(id, env.Version, "%s happens to an account that is %q", env.Type, before.Status)
	case before.Status == account.StatusClosed:
		v.differs(id, env.Version, "%s happens after the end", env.Type)
	}
	f.state.Apply(env.Event)
	if opens {
		f.opened = env.Header
	}
	if f.state.Balance.Minor < 0 {
		v.differs(id, env.Version, "the balance is %s", f.state.Balance)
	}
	if c := account.Effect(env.Event).Currency; c != "" && c != f.state.Balance.Currency {
		v.differs(id, env.Version, "%s moves %s of an account in %s", env.Type, c, f.state.Balance.Currency)
	}
}

// entry compares the next line of the statement with what happened.
func (v *verification) entry(state account.Account, env ledger.Envelope, next func() (readmodel.Entry, error, bool)) error {
	effect := account.Effect(env.Event)
	if effect == (money.Amount{}) {
		return nil
	}
	got, err, ok := next()
	switch {
	case err != nil:
		return err
	case !ok:
		v.differs(env.Stream.ID, env.Version, "the statement has no entry")
		return nil
	}
	v.counts.Entries++
	if got.Version != env.Version || got.Amount != effect || got.Balance != state.Balance || !got.Occurred.Equal(env.Occurred) {
		v.differs(env.Stream.ID, env.Version, "the statement has version %d: %s, balance %s; the events have %s, balance %s",
			got.Version, got.Amount, got.Balance, effect, state.Balance)
	}
	return nil
}

// trace compares the next line of the audit trail with what happened.
func (v *verification) trace(env ledger.Envelope, next func() (readmodel.Trace, error, bool)) error {
	got, err, ok := next()
	switch {
	case err != nil:
		return err
	case !ok:
		v.differs(env.Stream.ID, env.Version, "the audit trail has no line")
		return nil
	}
	v.counts.Traces++
	if got.Event != env.ID.String() || got.Version != env.Version || got.Type != env.Type ||
		got.Amount != account.Effect(env.Event) || got.Actor != env.Metadata.Actor || got.Correlation != env.Metadata.Correlation {
		v.differs(env.Stream.ID, env.Version, "the audit trail has version %d: %s of %s; the events have %s of %s",
			got.Version, got.Type, got.Amount, env.Type, account.Effect(env.Event))
	}
	return nil
}

// leftOver reports rows of which no event tells, and counts them into n: they are told already.
func leftOver[T any](v *verification, id, what string, n *int, next func() (T, error, bool)) error {
	for {
		_, err, ok := next()
		if err != nil || !ok {
			return err
		}
		*n++
		v.differs(id, 0, "%s of which no event tells", what)
	}
}

// row compares the account's row with what its events add up to.
func (v *verification) row(ctx context.Context, id string, f folded) error {
	if f.at > 0 {
		v.add(&v.sumsOf(f.seen.Balance.Currency).held, f.seen.Balance)
	}
	got, err := v.Reader.Account(ctx, id)
	switch {
	case errors.Is(err, readmodel.ErrNotFound):
		if f.at > 0 {
			v.differs(id, f.at, "the read model does not know it")
		}
		return nil
	case err != nil:
		return err
	}
	v.counts.Accounts++
	want := readmodel.Account{
		ID: id, Owner: f.seen.Owner, Status: f.seen.Status, Balance: f.seen.Balance, Version: f.at,
		Opened: f.opened.Occurred, Changed: got.Changed,
	}
	if got != want {
		v.differs(id, f.at, "the read model has %s %s, version %d; the events have %s %s, version %d",
			got.Status, got.Balance, got.Version, want.Status, want.Balance, want.Version)
	}
	return nil
}
