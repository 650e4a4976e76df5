package checkpointtest_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func ExampleRun() {
	_ = func(t *testing.T) { // TestCheckpoints
		open := func(testing.TB) checkpoint.Store { return new(memstore.Checkpoints) }
		checkpointtest.Run(t, open, checkpointtest.Features{})
	}
}
