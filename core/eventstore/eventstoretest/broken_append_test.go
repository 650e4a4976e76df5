package eventstoretest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
)

var brokenAppends = []broken{
	{name: "lost update: knows no expectations", by: []string{
		"Append/ExpectationsOfAbsentStream", "Append/ExpectationsOfPresentStream", "Append/ConflictNamesActualVersion",
		"Append/ConflictLeavesNoTrace", "Several/OneRefusedNoneStored", "Closing/HonorsTheExpectation", "Closing/IsAsAtomicAsEvents",
		"Race/OneCreates", "Race/OneWinnerPerVersion", "Second/OneWinnerPerVersion", "Atomic/RunsAgainOnConflict", "Model/RandomCalls", "Reopen/Model",
	}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			return under.Append(ctx, expecting(appends, eventstore.Any)...)
		}}
	}},
	{name: "lost update: checks, then acts", by: []string{"Race/OneCreates", "Race/OneWinnerPerVersion", "Second/OneWinnerPerVersion"}, make: checksThenActs},
	{name: "StreamExists is Any", by: []string{"Append/ExpectationsOfAbsentStream", "Append/ConflictNamesActualVersion", "Closing/HonorsTheExpectation"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			appends = slices.Clone(appends)
			for i := range appends {
				if appends[i].Expect == eventstore.StreamExists {
					appends[i].Expect = eventstore.Any
				}
			}
			return under.Append(ctx, appends...)
		}}
	}},
	{name: "versions that a driver takes for negative", by: []string{"Append/ExpectationsOfAbsentStream", "Append/ExpectationsOfPresentStream"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			for _, a := range appends {
				if v, _ := a.Expect.Version(); int64(v) < 0 {
					return nil, errors.New("uint64 values with high bit set are not supported")
				}
			}
			return under.Append(ctx, appends...)
		}}
	}},
	{name: "torn batch", by: []string{"Refusal/BadEventAtAnyPlace", "Torn/StreamReadsSeeBatchesWhole", "Torn/FeedShowsWhatIsStored"}, make: oneByOne},
	{name: "torn multi-stream append", by: []string{
		"Several/OneRefusedNoneStored", "Closing/IsAsAtomicAsEvents", "Torn/SeveralStreamsAppearAtOnce",
	}, make: streamByStream},
	{name: "stores one stream of several", by: []string{"Atomic/Transfers", "Race/SeveralStreamsAnyOrder"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			res, err := under.Append(ctx, appends[:min(1, len(appends))]...)
			for err == nil && len(res) < len(appends) {
				res = append(res, res[0])
			}
			return res, err
		}}
	}},
	{name: "gap in versions", by: []string{
		"Append/ResultsNameVersionAndPositions", "Append/TenThousandEvents", "Several/HundredStreams", "Feed/AgreesWithStreams", "OpenRead/AppendInside",
		"Race/AnyNeverConflicts", "Race/ExistsNeverConflicts", "Race/SeveralStreamsAnyOrder", "Second/AnyNeverConflicts",
	}, make: showing(func(rec *event.Record) {
		if rec.Version > 1 {
			rec.Version++
		}
	})},
	{name: "results in another order", by: []string{"Several/ResultsInOrderOfAppends", "Several/EachItsOwnExpectation"}, make: failing(
		func(_ context.Context, _ *sound, _ []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
			slices.Reverse(res)
			return res, err
		})},
	{name: "the position of the last for that of the first", by: []string{
		"Append/ResultsNameVersionAndPositions", "Append/PositionsFollowTheCalls", "Replay/SeveralStreams",
	}, make: failing(func(_ context.Context, _ *sound, _ []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
		for i := range res {
			if !res[i].Replayed {
				res[i].First = res[i].Position
			}
		}
		return res, err
	})},
	{name: "wrong actual version in a conflict", by: []string{
		"Append/ConflictNamesActualVersion", "Race/OneWinnerPerVersion", "Reopen/GoesOnWhereItWas", "Tenancy/StreamsAreApart",
	}, make: failing(func(_ context.Context, _ *sound, _ []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
		if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok {
			conflict.Actual, _ = conflict.Expected.Version()
		}
		return res, err
	})},
	{name: "a conflict without words", by: []string{"Append/ConflictNamesActualVersion"}, make: failing(
		func(_ context.Context, _ *sound, _ []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
			if errors.Is(err, eventstore.ErrConflict) {
				err = eventstore.ErrConflict
			}
			return res, err
		})},
	{name: "stores what it refuses", by: []string{
		"Append/ConflictLeavesNoTrace", "Feed/FollowersMissNothingAndAgree", "Second/FollowersMissNothingAndAgree", "Feed/HeadIsTheLastPosition",
		"List/SaysWhatBecameOfThem", "Torn/FeedShowsWhatIsStored",
	}, make: failing(func(ctx context.Context, under *sound, appends []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
		if errors.Is(err, eventstore.ErrConflict) {
			_, _ = under.Append(ctx, expecting(appends, eventstore.Any)...)
		}
		return res, err
	})},
	{name: "closed stream accepts", by: []string{
		"Closing/RefusesEveryExpectation", "Closing/WithoutEvents", "Closing/AbsentStream", "Closing/LeavesItReadable", "Closing/IsAsAtomicAsEvents",
		"Race/OneCloses", "Replay/WithClosing", "Reopen/SentAgain", "Second/HasTheSameData", "Atomic/RefusesInside", "List/SaysWhatBecameOfThem",
	}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			var left []eventstore.Append
			for _, a := range appends {
				if a.Close = false; len(a.Events) > 0 {
					left = append(left, a)
				}
			}
			res := make([]eventstore.AppendResult, len(appends))
			if len(left) == 0 {
				return res, nil
			}
			stored, err := under.Append(ctx, left...)
			copy(res, stored)
			return res, err
		}}
	}},
	{name: "any append conflicts in a crowd", by: []string{"Race/AnyNeverConflicts", "Race/ExistsNeverConflicts", "Second/AnyNeverConflicts"}, make: crowded(1, func(a eventstore.Append) error {
		return &eventstore.ConflictError{Stream: a.Stream, Expected: a.Expect}
	})},
	{name: "appends over several streams lock each other out", by: []string{"Race/SeveralStreamsAnyOrder", "Torn/SeveralStreamsAppearAtOnce"}, make: crowded(2, func(eventstore.Append) error {
		return eventstore.ErrBusy
	})},
	{name: "stores the first thousand of ten", by: []string{"Append/TenThousandEvents"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			appends = slices.Clone(appends)
			for i := range appends {
				appends[i].Events = appends[i].Events[:min(1000, len(appends[i].Events))]
			}
			return under.Append(ctx, appends...)
		}}
	}},
	{name: "says yes to anything", by: []string{
		"Refusal/BadStream", "Refusal/BadCall", "Refusal/BadEvent", "Refusal/BadEventAtAnyPlace", "Limit/EventBytes", "Limit/AppendEvents", "Limit/Nesting",
	}, make: failing(func(_ context.Context, _ *sound, appends []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
		if errors.Is(err, eventstore.ErrInvalidAppend) {
			return make([]eventstore.AppendResult, len(appends)), nil
		}
		return res, err
	})},
	{name: "shows the payload", by: []string{"Refusal/BadEvent"}, make: failing(
		func(_ context.Context, _ *sound, appends []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
			if bad, ok := errors.AsType[*eventstore.InvalidAppendError](err); ok && bad.Event >= 0 {
				bad.Reason += ": " + string(appends[len(appends)-1].Events[bad.Event].Data)
			}
			return res, err
		})},
	{name: "blames the wrong event", by: []string{"Refusal/BadEvent", "Refusal/BadCall"}, make: failing(
		func(_ context.Context, _ *sound, _ []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
			if bad, ok := errors.AsType[*eventstore.InvalidAppendError](err); ok {
				bad.Event++
			}
			return res, err
		})},
	{name: "limits ignored", by: []string{"Limit/EventBytes", "Limit/AppendEvents", "Limit/AppendBytes"}, options: func(opts *eventstoretest.Options) {
		opts.Policy = eventstore.Policy{}
	}},
	{name: "no limits by default", by: []string{"Limit/EventBytesByDefault", "Limit/AppendEventsByDefault", "Limit/AppendBytesByDefault"}, options: func(opts *eventstoretest.Options) {
		opts.Policy.MaxEventBytes, opts.Policy.MaxAppendEvents, opts.Policy.MaxAppendBytes = 1<<30, 1<<30, 1<<30
	}},
	{name: "limits off by one", by: []string{"Limit/EventBytes", "Limit/AppendEvents", "Limit/AppendBytes"}, options: func(opts *eventstoretest.Options) {
		if opts.Policy.MaxEventBytes > 0 {
			opts.Policy.MaxEventBytes--
		}
		if opts.Policy.MaxAppendEvents > 0 {
			opts.Policy.MaxAppendEvents--
		}
		if opts.Policy.MaxAppendBytes > 0 {
			opts.Policy.MaxAppendBytes--
		}
	}},
	{name: "metadata weighs nothing", by: []string{"Limit/AppendBytes"}, options: func(opts *eventstoretest.Options) {
		opts.Policy.MaxAppendBytes = 0
	}, make: refusing(func(appends []eventstore.Append) bool {
		size := 0
		for _, a := range appends {
			for _, d := range a.Events {
				size += len(d.Data)
			}
		}
		return size > 300
	})},
	{name: "each stream has a limit of its own", by: []string{"Limit/AppendBytes"}, options: func(opts *eventstoretest.Options) {
		opts.Policy.MaxAppendBytes = 0
	}, make: refusing(func(appends []eventstore.Append) bool {
		return slices.ContainsFunc(appends, func(a eventstore.Append) bool {
			size := 0
			for _, d := range a.Events {
				size += d.Size()
			}
			return size > 300
		})
	})},
	{name: "refuses a nesting that is allowed", by: []string{"Limit/Nesting"}, make: failing(
		func(_ context.Context, _ *sound, appends []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error) {
			if strings.HasPrefix(string(appends[0].Events[0].Data), strings.Repeat("[", 400)) {
				return nil, eventstore.ErrInvalidAppend
			}
			return res, err
		})},
	{name: "cuts long names", by: []string{"Limit/Names"}, make: showing(func(rec *event.Record) {
		rec.Stream.ID = rec.Stream.ID[:min(200, len(rec.Stream.ID))]
	})},
}

// refusing is a store that takes some appends for invalid.
func refusing(bad func(appends []eventstore.Append) bool) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			if bad(appends) {
				return nil, eventstore.ErrInvalidAppend
			}
			return under.Append(ctx, appends...)
		}}
	}
}

func expecting(appends []eventstore.Append, expect eventstore.Expectation) []eventstore.Append {
	appends = slices.Clone(appends)
	for i := range appends {
		appends[i].Expect = expect
	}
	return appends
}

func checksThenActs(under *sound) replaced {
	return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		for _, a := range appends {
			if err := a.Expect.Check(a.Stream, headOf(ctx, under, a.Stream)); err != nil {
				return nil, err
			}
		}
		later()
		return under.Append(ctx, expecting(appends, eventstore.Any)...)
	}}
}

// oneByOne stores each event by itself.
func oneByOne(under *sound) replaced {
	return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results := make([]eventstore.AppendResult, len(appends))
		for i, a := range appends {
			for k, d := range a.Events {
				res, err := appendOne(ctx, under, eventstore.Append{Stream: a.Stream, Expect: a.Expect, Events: []event.Draft{d}})
				if err != nil {
					return nil, err
				}
				later()
				a.Expect = eventstore.Any
				if res.First = results[i].First; k == 0 {
					res.First = res.Position
				}
				results[i] = res
			}
		}
		return results, nil
	}}
}

func streamByStream(under *sound) replaced {
	return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		var results []eventstore.AppendResult
		for _, a := range appends {
			res, err := appendOne(ctx, under, a)
			if err != nil {
				return nil, err
			}
			later()
			results = append(results, res)
		}
		return results, nil
	}}
}

// crowded is a store whose appends of n streams or more fail if they meet.
func crowded(n int, failure func(a eventstore.Append) error) func(under *sound) replaced {
	var inside atomic.Int32
	return func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			if len(appends) >= n {
				defer inside.Add(-1)
				if inside.Add(1) > 1 {
					return nil, fmt.Errorf("too many: %w", failure(appends[0]))
				}
				later()
			}
			return under.Append(ctx, appends...)
		}}
	}
}
