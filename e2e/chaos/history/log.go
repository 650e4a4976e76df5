package history

import (
	"github.com/eventsource-go/eventsource/core/event"
)

// key is a stream of one tenant.
type key struct {
	tenant string
	stream event.StreamID
}

func keyOf(rec event.Record) key { return key{rec.Metadata.Tenant, rec.Stream} }

// CheckVersions says where the versions of a stream are not 1..n in the order of the feed, where
// positions do not increase, and which id is there more than once.
func CheckVersions(log *Log) error {
	var wrong problems
	heads := make(map[key]event.Version)
	for i, rec := range log.Records {
		if want := heads[keyOf(rec)] + 1; rec.Version != want {
			wrong.addf("%v of tenant %q: version %d where %d is next", rec.Stream, rec.Metadata.Tenant, rec.Version, want)
		}
		heads[keyOf(rec)] = rec.Version
		if i > 0 && !before(log.Records[i-1].Position, rec.Position) {
			wrong.addf("%v follows %v", rec.Position, log.Records[i-1].Position)
		}
		if log.byID[rec.ID] != i {
			wrong.addf("event %v is there twice, at %v and at %v", rec.ID, log.Records[log.byID[rec.ID]].Position, rec.Position)
		}
	}
	return wrong.err()
}

// CheckSent says which events are there that nobody sent, or not as they were sent.
func CheckSent(calls []Call, log *Log) error {
	var wrong problems
	type sent struct {
		key
		kind string
		data string
	}
	known := make(map[event.ID]sent)
	for _, c := range calls {
		for _, a := range c.Appends {
			for _, d := range a.Events {
				known[d.ID] = sent{key{c.Tenant, a.Stream}, d.Type, string(d.Data)}
			}
		}
	}
	for _, rec := range log.Records {
		if s, ok := known[rec.ID]; !ok {
			wrong.addf("event %v at %v was sent by nobody", rec.ID, rec.Position)
		} else if s != (sent{keyOf(rec), rec.Type, string(rec.Data)}) {
			wrong.addf("event %v at %v is not as it was sent", rec.ID, rec.Position)
		}
	}
	return wrong.err()
}

// CheckReader says what a reader was shown too much, too little, or in another order.
func CheckReader(r Reader, log *Log) error {
	var wrong problems
	want := r.wants(log)
	seen := make(map[event.ID]int, len(r.Seen))
	var last event.Position
	for _, s := range r.Seen {
		if seen[s.ID]++; seen[s.ID] == 2 {
			wrong.addf("%s: event %v was shown twice", r.Name, s.ID)
		}
		if !before(last, s.Position) {
			wrong.addf("%s: %v was shown after %v", r.Name, s.Position, last)
		}
		last = s.Position
		if there, ok := log.Find(s.ID); !ok {
			wrong.addf("%s: event %v was shown and is not there", r.Name, s.ID)
		} else if Saw(there) != s {
			wrong.addf("%s: event %v was shown as another one", r.Name, s.ID)
		}
	}
	for _, rec := range want {
		if seen[rec.ID] == 0 {
			wrong.addf("%s: %v, version %d of %v, was never shown", r.Name, rec.Position, rec.Version, rec.Stream)
		}
		delete(seen, rec.ID)
	}
	for id := range seen {
		if _, ok := log.Find(id); ok {
			wrong.addf("%s: event %v was shown, and not asked for", r.Name, id)
		}
	}
	return wrong.err()
}

// wants returns what the reader has to be shown.
func (r Reader) wants(log *Log) []event.Record {
	types := make(map[string]bool, len(r.Types))
	for _, t := range r.Types {
		types[t] = true
	}
	var want []event.Record
	for _, rec := range log.Records {
		if (len(types) == 0 || types[rec.Type]) && (r.Tenant == "" || r.Tenant == rec.Metadata.Tenant) {
			want = append(want, rec)
		}
	}
	return want
}
