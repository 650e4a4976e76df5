package peers_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/peers/eventhorizon"
	"github.com/eventsource-go/eventsource/bench/peers/goes"
	"github.com/eventsource-go/eventsource/bench/peers/hallgren"
)

// Who is compared must do the same work: all libraries come to the state that a loop comes to.
func TestLibrariesAgree(t *testing.T) {
	for _, lib := range []peers.Library{peers.Ours, hallgren.Library, goes.Library, eventhorizon.Library} {
		t.Run(lib.Name, func(t *testing.T) {
			ctx := t.Context()
			l, err := lib.Open()
			if err != nil {
				t.Fatal(err)
			}
			for account, batches := range [][]int{{}, {1}, {98}, {1, 2, 3}} {
				if err := l.Create(ctx, account); err != nil {
					t.Fatal(err)
				}
				n := 2
				for _, batch := range batches {
					if err := l.Add(ctx, account, batch); err != nil {
						t.Fatal(err)
					}
					n += batch
				}
				got, err := l.Load(ctx, account)
				if err != nil {
					t.Fatal(err)
				}
				if want := domain.Want(n); got != want {
					t.Errorf("account %d after %d events is %+v, want %+v", account, n, got, want)
				}
			}
		})
	}
}
