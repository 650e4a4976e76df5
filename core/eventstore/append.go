package eventstore

import "github.com/eventsource-go/eventsource/core/event"

// Append is what is added to one stream.
type Append struct {
	Stream event.StreamID
	Expect Expectation
	Events []event.Draft
	Close  bool // the stream takes no events after these; then Events may be empty
}

// AppendResult says where the events of an [Append] landed.
type AppendResult struct {
	Version  event.Version  // of the last event, or of the stream if there was none
	First    event.Position // of the first event; zero if there was none
	Position event.Position // of the last event, or of the stream's last if there was none
	Replayed bool           // the events were stored before
}
