package memstore_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestCheckpoints(t *testing.T) {
	checkpointtest.Run(t, func(testing.TB) checkpoint.Store { return new(memstore.Checkpoints) }, checkpointtest.Features{})
}
