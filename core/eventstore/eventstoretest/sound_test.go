package eventstoretest_test

import (
	"context"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// sound is one of several stores on the same data, which outlive it. It has every ability.
type sound struct {
	data   *memstore.Store
	closed atomic.Bool
}

func (s *sound) ended() error {
	if s.closed.Load() {
		return eventstore.ErrStoreClosed
	}
	return nil
}

func (s *sound) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	if err := s.ended(); err != nil {
		return nil, err
	}
	return s.data.Append(ctx, appends...)
}

func (s *sound) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		if err := s.ended(); err != nil {
			yield(event.Record{}, err)
			return
		}
		s.data.Read(ctx, stream, q)(yield)
	}
}

func (s *sound) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	if err := s.ended(); err != nil {
		return nil, err
	}
	return s.data.Lookup(ctx, ids...)
}

func (s *sound) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	if err := s.ended(); err != nil {
		return eventstore.Listing{}, err
	}
	return s.data.List(ctx, q)
}

func (s *sound) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	if err := s.ended(); err != nil {
		return eventstore.Page{}, err
	}
	return s.data.Page(ctx, q)
}

func (s *sound) Head(ctx context.Context) (event.Position, error) {
	if err := s.ended(); err != nil {
		return event.Position{}, err
	}
	return s.data.Head(ctx)
}

func (s *sound) Appended() <-chan struct{} { return s.data.Appended() }

func (s *sound) Close() error {
	s.closed.Store(true)
	return nil
}

// layer is a sound store of which some methods are replaced.
type layer struct {
	*sound
	replaced
	make func(under *sound) replaced
}

// replaced are methods of a layer; those that are nil are as they should be.
type replaced struct {
	append   func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error)
	read     func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error]
	lookup   func(ctx context.Context, ids []event.ID) ([]event.Record, error)
	list     func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error)
	page     func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error)
	head     func(ctx context.Context) (event.Position, error)
	appended func() <-chan struct{}
	close    func() error
}

func newLayer(data *memstore.Store, fn func(under *sound) replaced) *layer {
	l := &layer{sound: &sound{data: data}, make: fn}
	if fn != nil {
		l.replaced = fn(l.sound)
	}
	return l
}

func (l *layer) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	if l.append != nil {
		return l.append(ctx, appends)
	}
	return l.sound.Append(ctx, appends...)
}

func (l *layer) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	if l.read != nil {
		return l.read(ctx, stream, q)
	}
	return l.sound.Read(ctx, stream, q)
}

func (l *layer) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	if l.lookup != nil {
		return l.lookup(ctx, ids)
	}
	return l.sound.Lookup(ctx, ids...)
}

func (l *layer) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	if l.list != nil {
		return l.list(ctx, q)
	}
	return l.sound.List(ctx, q)
}

func (l *layer) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	if l.page != nil {
		return l.page(ctx, q)
	}
	return l.sound.Page(ctx, q)
}

func (l *layer) Head(ctx context.Context) (event.Position, error) {
	if l.head != nil {
		return l.head(ctx)
	}
	return l.sound.Head(ctx)
}

func (l *layer) Appended() <-chan struct{} {
	if l.appended != nil {
		return l.appended()
	}
	return l.sound.Appended()
}

func (l *layer) Close() error {
	if l.close != nil {
		return l.close()
	}
	return l.sound.Close()
}

// again returns another layer on the data of s, broken in the same way.
func again(_ testing.TB, s eventstore.Store) eventstore.Store {
	l := s.(*layer)
	return newLayer(l.data, l.make)
}

func reopen(tb testing.TB, s eventstore.Store) eventstore.Store {
	tb.Helper()
	if err := s.(*layer).Close(); err != nil {
		tb.Fatal(err)
	}
	return again(tb, s)
}

var allFeatures = eventstoretest.Features{Notify: true, Close: true, Reopen: reopen, Second: again}

func TestSoundStorePasses(t *testing.T) {
	eventstoretest.Run(t, func(_ testing.TB, opts eventstoretest.Options) eventstore.Store {
		return newLayer(memstore.NewWith(memstore.Config{Policy: opts.Policy, Now: opts.Now}), nil)
	}, allFeatures)
}
