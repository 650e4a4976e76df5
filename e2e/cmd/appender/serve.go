package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// serve takes one operation in each request: POST /streams/{id}/{event}?expect=VERSION appends
// one event, at any version without the parameter; GET /streams/{id} reads which events are there.
func serve(ctx context.Context, j *job) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /streams/{id}/{event}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, appendOne(r, j.store))
	})
	mux.HandleFunc("GET /streams/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, readAll(r, j.store))
	})
	server := http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Printf("http://%s\n", listener.Addr())
	<-ctx.Done()
	err = server.Shutdown(context.WithoutCancel(ctx))
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

func answer(w http.ResponseWriter, a tape.Answer) {
	_ = json.NewEncoder(w).Encode(a) // the error is that the client has gone, and knows nothing
}

func streamOf(r *http.Request) event.StreamID {
	return event.StreamID{Category: tape.Category, ID: r.PathValue("id")}
}

func appendOne(r *http.Request, store eventstore.Streams) tape.Answer {
	id, err := uuid.Parse(r.PathValue("event"))
	if err != nil {
		return tape.Answer{Kind: err.Error()}
	}
	expect := eventstore.Any
	if text := r.URL.Query().Get("expect"); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return tape.Answer{Kind: err.Error()}
		}
		expect = eventstore.Exactly(event.Version(n))
	}
	draft := event.Draft{ID: id, Type: "tape.event0", Schema: 1, Data: []byte(`{}`)}
	results, err := store.Append(r.Context(), eventstore.Append{Stream: streamOf(r), Expect: expect, Events: []event.Draft{draft}})
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok {
		return tape.Answer{Kind: tape.Kind(err), Version: conflict.Actual}
	}
	if err != nil {
		return tape.Answer{Kind: tape.Kind(err)}
	}
	return tape.Answer{Version: results[0].Version}
}

func readAll(r *http.Request, store eventstore.Streams) tape.Answer {
	var a tape.Answer
	for rec, err := range store.Read(r.Context(), streamOf(r), eventstore.ReadQuery{}) {
		if err != nil {
			return tape.Answer{Kind: tape.Kind(err)}
		}
		a.Version = rec.Version
		a.IDs = append(a.IDs, rec.ID)
	}
	return a
}
