package eventstoretest

import (
	"io"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

var featureCases = []scenario{
	{name: "Features/AsClaimed", run: featuresAsClaimed},
}

func featuresAsClaimed(t *trial) {
	s := t.open()
	if _, ok := eventstore.As[eventstore.Notifier](s); ok != t.features.Notify {
		t.Errorf("Notify: has %v, claims %v", ok, t.features.Notify)
	}
	if _, ok := eventstore.As[io.Closer](s); ok != t.features.Close {
		t.Errorf("Close: has %v, claims %v", ok, t.features.Close)
	}
}
