package hallgren

import (
	"context"
	"errors"

	"github.com/hallgren/eventsourcing/core"
	hallgrensql "github.com/hallgren/eventsourcing/eventstore/sql"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/raw"
)

// Writer appends through one of the library's SQL stores. Payload and metadata are encoded before,
// which the library leaves to its aggregates.
type Writer struct {
	store interface {
		Save(events []core.Event) error
		All(start core.Version) core.Fetcher
		Close()
	}
	metadata []byte
}

// NewWriter returns a writer into a new file in dir. With single it is the one that the library
// has for many callers, which wait for a mutex.
func NewWriter(dir, synchronous string, single bool) (*Writer, error) {
	db, err := raw.OpenSQLite(dir, synchronous)
	if err != nil {
		return nil, err
	}
	open := hallgrensql.NewSQLite
	if single {
		open = hallgrensql.NewSQLiteSingelWriter
	}
	store, err := open(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Writer{store: store, metadata: domain.Why.JSON()}, nil
}

// Append adds n events to stream after version.
func (w *Writer) Append(stream string, version, n int) error {
	events := make([]core.Event, n)
	for i := range events {
		p, debit := domain.At(version + i)
		reason := "credited"
		if debit {
			reason = "debited"
		}
		events[i] = core.Event{
			AggregateID: stream, AggregateType: "account", Version: core.Version(version + i + 1),
			Reason: reason, Timestamp: p.At, Data: domain.Payload(version + i), Metadata: w.metadata,
		}
	}
	return w.store.Save(events)
}

// Count reads all events at once, as bytes, and returns how many there are.
func (w *Writer) Count(context.Context) (int, error) {
	next := w.store.All(0)
	events, err := next()
	if err != nil {
		return 0, err
	}
	defer events.Close()
	n := 0
	for events.Next() {
		if _, err := events.Value(); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Close closes the file.
func (w *Writer) Close() error { w.store.Close(); return nil }
