// Program: two events in a file, read after it was closed and opened again.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

var stream = event.StreamID{Category: "account", ID: "42"}

func main() {
	dir, err := os.MkdirTemp("", "outside")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	file := filepath.Join(dir, "events.db")
	if err := write(ctx, file); err != nil {
		log.Fatal(err)
	}
	names, err := read(ctx, file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Join(names, " "))
}

func write(ctx context.Context, file string) error {
	store, err := sqlite.Open(ctx, file, sqlite.Config{})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	_, err = store.Append(ctx, eventstore.Append{Stream: stream, Expect: eventstore.NoStream, Events: []event.Draft{
		{ID: event.NewID(), Type: "account.opened", Schema: 1, Data: []byte(`{"owner":"Ann"}`)},
		{ID: event.NewID(), Type: "account.deposited", Schema: 1, Data: []byte(`{"amount":100}`)},
	}})
	return err
}

func read(ctx context.Context, file string) ([]string, error) {
	store, err := sqlite.Open(ctx, file, sqlite.Config{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var names []string
	for rec, err := range store.Read(ctx, stream, eventstore.ReadQuery{}) {
		if err != nil {
			return nil, err
		}
		names = append(names, rec.Type)
	}
	return names, nil
}
