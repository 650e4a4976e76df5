package httpserver_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
)

// A server runs until its context is done, and then lets every request finish.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l, err := httpserver.Listen(ctx, "127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	server := httpserver.New(l, httpserver.Guard(hello, httpserver.GuardConfig{}), httpserver.Config{})
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()

	body, err := fetch(server.Addr())
	fmt.Println(body, err)
	cancel()
	fmt.Println(<-done)
	// Output:
	// hello <nil>
	// <nil>
}
