package ledger

import (
	"context"
	"slices"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// closing closes each stream that it appends to.
type closing struct{ eventstore.Streams }

func (c closing) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	last := slices.Clone(appends)
	for i := range last {
		last[i].Close = true
	}
	return c.Streams.Append(ctx, last...)
}
