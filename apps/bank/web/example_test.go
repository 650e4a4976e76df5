package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/web"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// The pages are a handler like any other, mounted beside what has a path of its own.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	store, err := sqlite.Open(ctx, ":memory:", sqlite.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := readmodel.Migrate(ctx, store); err != nil {
		fmt.Println(err)
		return
	}
	changes := new(live.Broadcaster)
	group, err := subscription.NewGroup(store, subscription.Config{},
		readmodel.NewSubscription(store), live.NewSubscription(store, changes))
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()

	pages, err := web.New(web.Config{
		Ledger:  ledger.New(store, ledger.Config{}),
		Reader:  readmodel.NewReader(store),
		Waiter:  readmodel.NewWaiter(store, group),
		Changes: changes,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)

	form := url.Values{"key": {"k1"}, "owner": {"Ann"}, "currency": {"EUR"}}
	for range 2 { // sent twice, it counts once
		req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/open", strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, req)
		fmt.Println(answer.Code, answer.Header().Get("Location"))
	}
	cancel()
	fmt.Println(<-done)
	// Output:
	// 303 /accounts/6K5938KEVAJ0?done=1
	// 303 /accounts/6K5938KEVAJ0?again=1&done=1
	// <nil>
}
