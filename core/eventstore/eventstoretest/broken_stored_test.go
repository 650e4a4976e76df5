package eventstoretest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
)

var brokenRecords = []broken{
	{name: "payloads in another form", by: []string{"Stored/PayloadByteForByte", "Replay/OtherContentIsRefused"}, make: changing(func(d *event.Draft) {
		var b bytes.Buffer
		if json.Compact(&b, d.Data) == nil {
			d.Data = b.Bytes()
		}
	})},
	{name: "numbers as floats", by: []string{"Stored/PayloadByteForByte"}, make: changing(func(d *event.Draft) {
		if d.Data[0] != '{' {
			var v any
			_ = json.Unmarshal(d.Data, &v)
			d.Data, _ = json.Marshal(v)
		}
	})},
	{name: "Extra is lost", by: []string{"Stored/Metadata", "Stored/Header", "Atomic/StoresWhatItShowed"}, make: showing(func(rec *event.Record) { rec.Metadata.Extra = nil })},
	{name: "the tenant is not stamped", by: []string{"Stored/Metadata", "Stored/Header"}, make: showing(func(rec *event.Record) { rec.Metadata.Tenant = "" })},
	{name: "schema versions are lost", by: []string{"Stored/Header"}, make: showing(func(rec *event.Record) { rec.Schema = 1 })},
	{name: "looks up another header", by: []string{"Stored/Header", "Lookup/InTheOrderAsked"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			recs, err := under.Lookup(ctx, ids...)
			for i := range recs {
				recs[i].Position = event.Position{}
			}
			return recs, err
		}}
	}},
	{name: "folds the case of ids", by: []string{"Stored/WideNames"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			for i := range appends {
				appends[i].Stream.ID = strings.ToLower(appends[i].Stream.ID)
			}
			return under.Append(ctx, appends...)
		}}
	}},
	{name: "trims types", by: []string{"Stored/WideNames"}, make: changing(func(d *event.Draft) { d.Type = strings.TrimSpace(d.Type) })},
	{name: "times in local time", by: []string{"Stored/TimesInUTCAtMicroseconds"}, make: showing(func(rec *event.Record) {
		rec.Occurred = rec.Occurred.In(time.FixedZone("", 3600))
	})},
	{name: "times rounded to the next microsecond", by: []string{"Stored/TimesInUTCAtMicroseconds"}, make: changing(func(d *event.Draft) {
		d.Occurred = d.Occurred.Round(time.Microsecond)
	})},
	{name: "times in milliseconds", by: []string{"Stored/TimesInUTCAtMicroseconds", "Stored/Header"}, make: showing(func(rec *event.Record) {
		rec.Occurred = rec.Occurred.Truncate(time.Millisecond)
	})},
	{name: "occurred in the year 1 unless said", by: []string{"Stored/OccurredDefaultsToRecorded"}, make: changing(func(d *event.Draft) {
		if d.Occurred.IsZero() {
			d.Occurred = time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)
		}
	})},
	{name: "a recorded time for each event", by: []string{"Stored/OneRecordedTimePerCall", "Stored/Header"}, make: showing(func(rec *event.Record) {
		rec.Recorded = rec.Recorded.Add(time.Duration(rec.Version) * time.Microsecond)
	})},
	{name: "another clock", by: []string{"Stored/Header", "Stored/OccurredDefaultsToRecorded"}, options: func(opts *eventstoretest.Options) { opts.Now = nil }},
	{name: "aliasing of given bytes", by: []string{"Stored/GivenBytesAreCopied"}, make: keepsWhatItIsGiven},
	{name: "aliasing of returned bytes", by: []string{"Read/RecordsAreTheReceivers"}, make: returnsWhatItKeeps},
}

// keepsWhatItIsGiven keeps payloads without copying them.
func keepsWhatItIsGiven(under *sound) replaced {
	var given sync.Map // payloads by event id
	shown := showing(func(rec *event.Record) {
		if data, ok := given.Load(rec.ID); ok {
			rec.Data = bytes.Clone(data.([]byte))
		}
	})(under)
	shown.append = func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		res, err := under.Append(ctx, appends...)
		if err == nil {
			for _, a := range appends {
				for _, d := range a.Events {
					given.LoadOrStore(d.ID, d.Data)
				}
			}
		}
		return res, err
	}
	return shown
}

// returnsWhatItKeeps gives each reader the same bytes.
func returnsWhatItKeeps(under *sound) replaced {
	var kept sync.Map
	return showing(func(rec *event.Record) {
		was, _ := kept.LoadOrStore(rec.ID, rec.Data)
		rec.Data = was.([]byte)
	})(under)
}
