package esfx

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"
)

// A Runner runs until its context is done. Then it finishes what it has begun, and returns.
type Runner interface {
	Run(ctx context.Context) error
}

// A Stage says when a runner is stopped. Those of one stage are told at once; those of the next
// are told when they have returned, because what comes in may still wait for what goes on.
type Stage int

// The stages, in the order in which they stop.
const (
	Intake        Stage = iota // servers: what brings work in
	Consumers                  // what takes messages from a bus
	Subscriptions              // what follows the store
	stages
)

// Run runs the R that somebody provides, as [Intake].
func Run[R Runner]() fx.Option { return RunAt[R](Intake) }

// RunAt runs the R that somebody provides, and stops it at this stage.
func RunAt[R Runner](s Stage) fx.Option {
	if s < 0 || s >= stages {
		return fx.Error(fmt.Errorf("esfx: no stage %d", s))
	}
	return fx.Provide(fx.Annotate(func(r R) staged { return staged{r, s} }, fx.ResultTags(`group:"es.runners"`)))
}

type staged struct {
	Runner
	stage Stage
}

type runParams struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Runners    []staged `group:"es.runners"`
}

// running is the runners of one stage at work.
type running struct {
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan error
	n      int
}

func start(p runParams) {
	var at [stages]running
	for s := range at {
		at[s].ctx, at[s].cancel = context.WithCancel(context.Background())
		at[s].ended = make(chan error, len(p.Runners))
	}
	p.Lifecycle.Append(fx.Hook{
		OnStart: func(context.Context) error {
			for _, r := range p.Runners {
				stage := &at[r.stage]
				stage.n++
				go func() { stage.ended <- run(stage.ctx, r.Runner, p.Shutdowner) }()
			}
			return nil
		},
		OnStop: func(deadline context.Context) error {
			defer func() {
				for s := range at {
					at[s].cancel()
				}
			}()
			var errs []error
			for s := range at {
				at[s].cancel()
				for range at[s].n {
					select {
					case err := <-at[s].ended:
						errs = append(errs, err)
					case <-deadline.Done():
						return errors.Join(append(errs, fmt.Errorf("stopping: %w", context.Cause(deadline)))...)
					}
				}
			}
			return errors.Join(errs...)
		},
	})
}

// run reports what r returned, and stops the application if it was not asked to.
func run(ctx context.Context, r Runner, app fx.Shutdowner) error {
	err := r.Run(ctx)
	if ctx.Err() == nil {
		err = errors.Join(fmt.Errorf("%T returned early", r), err)
		// The error is that nobody waits for the application to stop any more.
		_ = app.Shutdown(fx.ExitCode(1))
	}
	return err
}
