package bench

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/side"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func (p *Postgres) few() int {
	if p.small {
		return 2_000
	}
	return Few
}

func (p *Postgres) many() int {
	switch {
	case p.small:
		return 4_000
	case p.Many == 0:
		return 1_000_000
	}
	return p.Many
}

// size compares what is done with a large log with the same on a small one.
func (p *Postgres) size() [][]side.Case {
	return [][]side.Case{
		p.sized("Grown", "append", 8, 1, func(ctx context.Context, l *log) error {
			i := l.appended.Add(1) - 1
			stream, round := l.scatter(i, l.rows/perStream)
			_, err := l.store.Append(ctx, Next(domain.ID(stream).String(), perStream+round, 1))
			return err
		}),
		p.sized("Grown", "begin", 8, 1, func(ctx context.Context, l *log) error {
			stream := l.rows/perStream + int(l.begun.Add(1)-1)
			_, err := l.store.Append(ctx, Next(domain.ID(stream).String(), 0, 1))
			return err
		}),
		p.sized("Grown", "stream", 1, perStream, func(ctx context.Context, l *log) error {
			stream, _ := l.scatter(l.paged.Add(1), l.rows/perStream)
			n := 0
			for _, err := range l.store.Read(ctx, event.StreamID{Category: "account", ID: domain.ID(stream).String()}, eventstore.ReadQuery{}) {
				if err != nil {
					return err
				}
				n++
			}
			if n < perStream {
				return fmt.Errorf("%d events in a stream that has %d", n, perStream)
			}
			return nil
		}),
		p.sized("Grown", "page", 1, pageEvents, func(ctx context.Context, l *log) error {
			n, _ := l.scatter(l.paged.Add(1), l.rows-pageEvents)
			after, err := l.at(n + 1)
			if err != nil {
				return err
			}
			page, err := l.store.Page(ctx, eventstore.FeedQuery{After: event.Cursor{Position: after}, Limit: pageEvents})
			if err == nil && len(page.Records) != pageEvents {
				err = fmt.Errorf("a page of %d events", len(page.Records))
			}
			return err
		}),
	}
}

// scatter returns the i-th of n things in an order that is far from theirs and has each once, and
// how often all of them have been before.
func (l *log) scatter(i int64, n int) (thing, round int) {
	const prime = 982_451_653
	return int(i % int64(n) * prime % int64(n)), int(i / int64(n))
}

func (p *Postgres) sized(scenario, what string, callers, events int, do func(ctx context.Context, l *log) error) []side.Case {
	on := func(impl string, rows int) side.Case {
		return side.Case{Scenario: scenario, Impl: impl, Params: "db=postgres/" + what, Callers: callers, Events: events,
			Open: func(ctx context.Context, _ string) (side.Subject, error) {
				l, err := p.log(ctx, rows)
				if err == nil {
					err = l.schema.Settle(ctx)
				}
				return side.Subject{Do: func(ctx context.Context, _, _ int) error { return do(ctx, l) }, CPU: p.server.CPU}, err
			}}
	}
	return []side.Case{on("many", p.many()), on("few", p.few())}
}
