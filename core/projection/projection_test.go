package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/projection"
)

type (
	opened struct{ Owner string }
	closed struct{}
	mailed struct{ To string }
)

var (
	accounts = event.NewRegistry(map[string]any{"account.opened": opened{}, "account.closed": closed{}},
		event.Alias("account.created", "account.opened"), event.Retire("account.viewed"))
	mails = event.NewRegistry(map[string]any{"mail.sent": mailed{}, "account.opened": opened{}},
		event.Upcast("mail.sent", 1, func(struct{}) (mailed, error) { return mailed{}, event.ErrDropped }))
)

func record(name string, schema int, data string) event.Record {
	return event.Record{Header: event.Header{Type: name, Schema: schema}, Data: []byte(data)}
}

func TestJoin(t *testing.T) {
	var seen []string
	note := func(who string) func(context.Context, event.Envelope[any]) error {
		return func(_ context.Context, env event.Envelope[any]) error {
			seen = append(seen, fmt.Sprintf("%s %s %+v", who, env.Type, env.Event))
			return nil
		}
	}
	p := projection.Join(projection.Of(accounts, note("first")), projection.Of(mails, note("second")))
	if got, want := p.Types(), []string{"account.closed", "account.created", "account.opened", "mail.sent"}; !slices.Equal(got, want) {
		t.Errorf("types %v, want %v", got, want)
	}
	for _, rec := range []event.Record{
		record("account.created", 1, `{"Owner":"ann"}`),
		record("account.opened", 1, `{"Owner":"bob"}`),
		record("account.viewed", 1, `{}`), // retired: nobody asked for it
		record("mail.sent", 1, `{}`),      // an upcaster drops it
		record("mail.sent", 2, `{"To":"ann"}`),
		record("order.placed", 1, `{}`), // nobody's
	} {
		if err := p.Handle(t.Context(), rec); err != nil {
			t.Errorf("%s: %v", rec.Type, err)
		}
	}
	want := []string{
		"first account.created {Owner:ann}",
		"first account.opened {Owner:bob}", "second account.opened {Owner:bob}",
		"second mail.sent {To:ann}",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
}

func TestFailuresComeThrough(t *testing.T) {
	boom, calls := errors.New("boom"), 0
	p := projection.Join(
		projection.Of(accounts, func(context.Context, event.Envelope[any]) error { calls++; return boom }),
		projection.Of(mails, func(context.Context, event.Envelope[any]) error { calls++; return nil }))
	if err := p.Handle(t.Context(), record("account.opened", 1, `{}`)); err != boom || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if err := p.Handle(t.Context(), record("account.closed", 2, `{}`)); !errors.Is(err, event.ErrUnknownType) || calls != 1 {
		t.Errorf("a schema of the future: %d calls, %v", calls, err)
	}
	if err := p.Handle(t.Context(), record("account.opened", 1, `{`)); !errors.As(err, new(*event.CodecError)) || calls != 1 {
		t.Errorf("a damaged payload: %d calls, %v", calls, err)
	}
}

// A projection gets the events of a registry; the registry is its filter.
func ExampleOf() {
	owners := make(map[string]string)
	p := projection.Of(accounts, func(_ context.Context, env event.Envelope[any]) error {
		switch e := env.Event.(type) {
		case opened:
			owners[env.Stream.ID] = e.Owner
		case closed:
			delete(owners, env.Stream.ID)
		}
		return nil
	})
	rec := record("account.opened", 1, `{"Owner":"Ann"}`)
	rec.Stream = event.StreamID{Category: "account", ID: "42"}
	err := p.Handle(context.Background(), rec)
	fmt.Println(owners, err)
	fmt.Println(p.Types())
	// Output:
	// map[42:Ann] <nil>
	// [account.closed account.created account.opened]
}
