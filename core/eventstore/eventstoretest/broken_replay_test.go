package eventstoretest_test

import (
	"context"
	"errors"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

type results = []eventstore.AppendResult

var brokenReplays = []broken{
	{name: "re-send refused", by: []string{
		"Replay/InEveryExpectation", "Replay/LongAfter", "Replay/SeveralStreams", "Replay/WithClosing", "Replay/OtherStampsAreNoContent",
		"Replay/OneOfManyStores", "Replay/IDOfAnotherTenant", "Reopen/SentAgain", "Second/SentAgainThere", "Model/RandomCalls",
	}, make: failing(func(_ context.Context, _ *sound, appends []eventstore.Append, res results, err error) (results, error) {
		if err == nil && res[0].Replayed {
			return nil, &eventstore.DuplicateEventError{ID: appends[0].Events[0].ID, Stream: appends[0].Stream}
		}
		return res, err
	})},
	{name: "re-send is taken for new", by: []string{"Replay/InEveryExpectation", "Replay/OneOfManyStores"}, make: failing(
		func(_ context.Context, _ *sound, _ []eventstore.Append, res results, err error) (results, error) {
			for i := range res {
				res[i].Replayed = false
			}
			return res, err
		})},
	{name: "re-send meets the expectation first", by: []string{"Replay/InEveryExpectation", "Replay/SeveralStreams", "Replay/LongAfter"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			for _, a := range appends {
				if err := a.Expect.Check(a.Stream, headOf(ctx, under, a.Stream)); err != nil {
					return nil, err
				}
			}
			return under.Append(ctx, appends...)
		}}
	}},
	{name: "re-send answered for a while", by: []string{"Replay/LongAfter"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if err == nil && res[0].Replayed && headOf(ctx, under, appends[0].Stream) > res[0].Version+100 {
				return nil, &eventstore.DuplicateEventError{ID: appends[0].Events[0].ID, Stream: appends[0].Stream}
			}
			return res, err
		})},
	{name: "re-send with other content accepted", by: []string{"Replay/OtherContentIsRefused", "Replay/OtherOrderIsRefused", "Replay/SeveralStreams"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if !errors.Is(err, eventstore.ErrDuplicateEvent) {
				return res, err
			}
			res = make(results, len(appends))
			for i, a := range appends {
				var ids []event.ID
				for _, d := range a.Events {
					ids = append(ids, d.ID)
				}
				recs, lookErr := under.Lookup(ctx, ids...)
				if lookErr != nil || len(recs) != len(ids) {
					return nil, err
				}
				res[i] = eventstore.AppendResult{Version: recs[len(recs)-1].Version, Position: recs[len(recs)-1].Position, First: recs[0].Position, Replayed: true}
			}
			return res, nil
		})},
	{name: "duplicate id accepted", by: []string{
		"Replay/OtherContentIsRefused", "Replay/PartlyStoredIsRefused", "Replay/IDOfAnotherTenant", "Several/OneRefusedNoneStored", "Refusal/BadEventAtAnyPlace",
	}, make: failing(func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
		if errors.Is(err, eventstore.ErrDuplicateEvent) {
			return under.Append(ctx, changedDrafts(appends, func(d *event.Draft) { d.ID = event.NewID() })...)
		}
		return res, err
	})},
	{name: "skips what it has", by: []string{"Replay/PartlyStoredIsRefused"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if !errors.Is(err, eventstore.ErrDuplicateEvent) {
				return res, err
			}
			left := slices.Clone(appends)
			for i := range left {
				left[i].Expect = eventstore.Any
				left[i].Events = slices.DeleteFunc(slices.Clone(left[i].Events), func(d event.Draft) bool {
					recs, _ := under.Lookup(ctx, d.ID)
					return len(recs) > 0
				})
			}
			return under.Append(ctx, slices.DeleteFunc(left, func(a eventstore.Append) bool { return len(a.Events) == 0 })...)
		})},
	{name: "stamps are content", by: []string{"Replay/OtherStampsAreNoContent"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			for _, a := range appends {
				for _, d := range a.Events {
					recs, _ := under.Lookup(ctx, d.ID)
					if err == nil && res[0].Replayed && len(recs) == 1 && recs[0].Metadata.Correlation != d.Metadata.Correlation {
						return nil, &eventstore.DuplicateEventError{ID: d.ID, Stream: a.Stream}
					}
				}
			}
			return res, err
		})},
	{name: "a closing is lost in a re-send", by: []string{"Replay/WithClosing", "Replay/PartlyStoredIsRefused"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if !errors.Is(err, eventstore.ErrDuplicateEvent) {
				return res, err
			}
			var left []eventstore.Append
			for _, a := range appends {
				if a.Close = false; len(a.Events) > 0 {
					left = append(left, a)
				}
			}
			res = make(results, len(appends))
			answer, err := under.Append(ctx, left...)
			copy(res, answer)
			return res, err
		})},
	{name: "tells which tenant's stream has an id", by: []string{"Replay/IDOfAnotherTenant"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if dup, ok := errors.AsType[*eventstore.DuplicateEventError](err); ok && dup.Stream == (event.StreamID{}) {
				page, _ := under.Page(event.WithTenant(ctx, ""), eventstore.FeedQuery{})
				for _, rec := range page.Records {
					if rec.ID == dup.ID {
						dup.Stream = rec.Stream
					}
				}
			}
			return res, err
		})},
}
