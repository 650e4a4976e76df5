package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// What PostgreSQL would refuse, or alter, is refused before it is sent: alone, beside good events,
// and in a transaction, which lives on.
func TestPayloadsThatCantBeStored(t *testing.T) {
	const secret = "s3cret"
	s := open(t, postgrestest.Database(t), postgres.Config{Policy: eventstore.Policy{MaxEventBytes: 4096}})
	with := func(change func(*eventstore.Append)) eventstore.Append {
		a := to(one, eventstore.Any, "a")
		a.Events[0].Data = []byte(`"` + secret + `"`)
		change(&a)
		return a
	}
	data := func(text string) eventstore.Append {
		return with(func(a *eventstore.Append) { a.Events[0].Data = []byte(text) })
	}
	metadata := func(md event.Metadata) eventstore.Append {
		return with(func(a *eventstore.Append) { a.Events[0].Metadata = md })
	}
	for name, bad := range map[string]eventstore.Append{
		"no JSON":              data(secret),
		"nothing":              data(""),
		"NUL":                  data("\"" + secret + "\x00\""),
		"escaped NUL":          data(`{"a": "` + secret + `\u0000"}`),
		"escaped NUL in a key": data(`{"` + secret + `\u0000": 1}`),
		"half a character":     data("\"" + secret + "\xc3\""),
		"too large":            data(`"` + strings.Repeat(secret, 1000) + `"`),
		"metadata with NUL":    metadata(event.Metadata{Actor: secret + "\x00"}),
		"metadata, no UTF-8":   metadata(event.Metadata{Extra: map[string]string{"k": secret + "\xff"}}),
		"stream with NUL":      with(func(a *eventstore.Append) { a.Stream.ID = "x\x00" }),
		"stream, no UTF-8":     with(func(a *eventstore.Append) { a.Stream.ID = "x\xff" }),
		"type with NUL":        with(func(a *eventstore.Append) { a.Events[0].Type = "a\x00" }),
	} {
		good := to(two, eventstore.Any, "good")
		beside := with(func(a *eventstore.Append) {
			*a = bad
			a.Events = append([]event.Draft{{ID: event.NewID(), Type: "good", Schema: 1, Data: []byte("{}")}}, bad.Events...)
		})
		for how, appends := range map[string][]eventstore.Append{"alone": {bad}, "after a good one": {beside}, "after a good stream": {good, bad}} {
			require := func(where string, err error) {
				t.Helper()
				typed, ok := errors.AsType[*eventstore.InvalidAppendError](err)
				if !ok || !errors.Is(err, eventstore.ErrInvalidAppend) || strings.Contains(err.Error(), secret) || strings.Contains(typed.Reason, "\x00") {
					t.Errorf("%s, %s%s: %v", name, how, where, err)
				}
			}
			_, err := s.Append(t.Context(), appends...)
			require("", err)
			if err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				_, err := streams.Append(ctx, appends...)
				require(", in a transaction", err)
				_, err = tx.ExecContext(ctx, "SELECT 1")
				return err
			}); err != nil {
				t.Errorf("%s, %s, the transaction is dead: %v", name, how, err)
			}
		}
	}
	if got := len(wholePage(t, s).Records); got != 0 {
		t.Errorf("%d events are stored", got)
	}
	requireIdle(t, s)
	for _, fine := range []string{`{"a": "\\u0000 \u00e4"}`, ` [ 1e400 , "\ud800" ] `, strings.Repeat(" ", 4000) + "1"} { // a backslash and letters; what only JSON can say
		mustAppend(t, s, data(fine))
		if recs, err := eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{})); err != nil || string(recs[len(recs)-1].Data) != fine {
			t.Errorf("%q comes back as %q, %v", fine, recs[len(recs)-1].Data, err)
		}
	}
}
