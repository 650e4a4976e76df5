package aggregate

import (
	"context"

	"github.com/eventsource-go/eventsource/core/event"
)

// Hooks are where telemetry attaches. Each is called before the work; what it returns is the
// context for the work, and a function that is called after it. A hook that is nil costs nothing.
type Hooks struct {
	// Load surrounds each loading of an aggregate, those for a command included.
	Load func(ctx context.Context, stream event.StreamID) (context.Context, func(Loaded, error))

	// Execute surrounds each execution, with all its tries. commands are the Go types' names.
	Execute func(ctx context.Context, stream event.StreamID, commands []string) (context.Context, func(Executed, error))
}

// Loaded says what loading took.
type Loaded struct {
	Version      event.Version
	Events       int  // how many were read
	FromSnapshot bool // they came on top of a snapshot
}

// Executed says what became of an execution.
type Executed struct {
	Version  event.Version
	Events   int // how many happened
	Tries    int // how often the commands decided; 0 if they were not asked
	Replayed bool
}
