package sqlite

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// request is an append that waits for the writer.
type request struct {
	tenant  string
	appends []eventstore.Append
	now     time.Time // that they are recorded at

	answered chan struct{} // closed when answer is there
	answer   answer
}

// answer is what an append is told.
type answer struct {
	results []eventstore.AppendResult
	err     error
}

// queue holds the requests that nobody has taken yet.
type queue struct {
	limit   int
	mu      sync.Mutex
	waiting []*request
}

func (q *queue) add(r *request) {
	q.mu.Lock()
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
}

func (q *queue) isEmpty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) == 0
}

// next takes the oldest requests.
func (q *queue) next() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(q.limit, len(q.waiting))
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return group
}

// withdraw reports whether r was still waiting, and so leaves nothing behind.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, r)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// append gets in line. Whoever gets the turn takes the database's lock, and then commits for all
// who wait, others included, so that many callers share one wait for the disk. Until the lock is
// taken every caller may leave.
func (s *Store) append(ctx context.Context, r *request) ([]eventstore.AppendResult, error) {
	w := s.writer
	w.add(r)
	deadline := w.deadline()
	timeout := time.NewTimer(w.busy)
	defer timeout.Stop()
	for {
		var err error
		select {
		case <-r.answered:
			return r.answer.results, r.answer.err
		case w.turn <- struct{}{}:
			err = s.lead(ctx, deadline)
			w.release()
		case <-ctx.Done():
			err = ctx.Err()
		case <-timeout.C:
			err = errNoTurn
		}
		if err != nil && w.withdraw(r) {
			return nil, s.failed("append", err)
		}
		if err != nil { // too late to leave: it is being committed, or is already
			<-r.answered
		}
	}
}

// lead commits for the oldest of those who wait. An error is that of beginning: all still wait.
func (s *Store) lead(ctx context.Context, deadline time.Time) error {
	if s.writer.isEmpty() { // the one before has committed for all
		return nil
	}
	if err := s.writer.begin(ctx, deadline); err != nil {
		return err
	}
	group := s.writer.next()
	if len(group) == 0 { // all have left while we waited
		s.writer.rollback()
		return nil
	}
	if err := s.store(group, false); err != nil {
		// One of them may be to blame, or all of them together: each gets its own chance.
		again := s.writer.deadline() // for all: they have waited long enough
		for _, r := range group {
			err := s.writer.begin(context.Background(), again)
			if err == nil {
				err = s.store([]*request{r}, true)
			}
			if err != nil {
				r.answer = answer{err: s.failed("append", err)}
			}
		}
	}
	for _, r := range group {
		close(r.answered)
	}
	return nil
}

// store does in the transaction that has begun what the requests ask for, and ends it. After an
// error nothing is stored. The answers that it leaves are true only if there is none.
func (s *Store) store(group []*request, careful bool) error {
	w := s.writer
	var last int64
	for _, r := range group {
		b := batch{store: s, run: &w.stmt, tenant: r.tenant, appends: r.appends, now: r.now, careful: careful}
		ans, n, err := b.write(context.Background())
		if err != nil {
			w.rollback()
			return err
		}
		r.answer, last = ans, max(last, n)
	}
	if err := w.commit(); err != nil {
		w.rollback()
		return err
	}
	s.wake.raise(last)
	return nil
}
