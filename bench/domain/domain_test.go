package domain_test

import (
	"encoding/json"
	"testing"

	"github.com/eventsource-go/eventsource/bench/domain"
)

// What is compared must be the same size for everyone, and the size that the goals were set at.
func TestSizes(t *testing.T) {
	for i := range 10_000 {
		if n := len(domain.Payload(i)); n != domain.PayloadBytes {
			t.Fatalf("payload %d has %d bytes: %s", i, n, domain.Payload(i))
		}
	}
	if n := len(domain.Why.JSON()); n != domain.MetadataBytes {
		t.Errorf("metadata has %d bytes", n)
	}
	asMap, err := json.Marshal(domain.Why.Map())
	if err != nil || len(asMap) != domain.MetadataBytes {
		t.Errorf("metadata as a map has %d bytes, error %v", len(asMap), err)
	}
}

// The bytes that stores are given are those of the events that aggregates are given.
func TestPayloadIsTheEvent(t *testing.T) {
	for i := range 2 {
		data, err := json.Marshal(domain.EventAt(i))
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != string(domain.Payload(i)) {
			t.Errorf("event %d is %s, payload %s", i, data, domain.Payload(i))
		}
	}
}

func TestIDs(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 100_000 {
		id := domain.ID(i).String()
		if seen[id] {
			t.Fatalf("id %d is that of an earlier one", i)
		}
		seen[id] = true
	}
}
