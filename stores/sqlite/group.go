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
	ctx     context.Context
	tenant  string
	appends []eventstore.Append

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

// next takes the oldest requests. Those whose callers have left get their answer and are out.
func (q *queue) next() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(q.limit, len(q.waiting))
	group := make([]*request, 0, n)
	for _, r := range q.waiting[:n] {
		if err := context.Cause(r.ctx); err != nil {
			r.answer = answer{err: err}
			close(r.answered)
			continue
		}
		group = append(group, r)
	}
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

// append gets in line. Whoever gets the turn commits for all who wait, others included, so that
// many callers share one wait for the disk.
func (s *Store) append(r *request) ([]eventstore.AppendResult, error) {
	w := s.writer
	w.add(r)
	timeout := time.NewTimer(w.busy)
	defer timeout.Stop()
	for {
		select {
		case <-r.answered:
			return r.answer.results, r.answer.err
		case w.turn <- struct{}{}:
			s.commitGroup(w.next())
			w.release()
		case <-r.ctx.Done():
			if w.withdraw(r) {
				return nil, context.Cause(r.ctx)
			}
			<-r.answered // too late to leave: this is what became of it
			return r.answer.results, r.answer.err
		case <-timeout.C:
			if w.withdraw(r) {
				return nil, s.failed("append", errNoTurn)
			}
			<-r.answered
			return r.answer.results, r.answer.err
		}
	}
}

// commitGroup stores what the requests ask for, in one transaction if nothing goes wrong, and
// answers them.
func (s *Store) commitGroup(group []*request) {
	if err := s.try(group, false); err != nil {
		// One of them may be to blame, or all of them together: each gets its own chance.
		for _, r := range group {
			if err := s.try([]*request{r}, true); err != nil {
				r.answer = answer{err: s.failed("append", err)}
			}
		}
	}
	for _, r := range group {
		close(r.answered)
	}
}

// try returns an error if the transaction as a whole failed, after which nothing is stored.
// The answers that it leaves are true only if there is none.
func (s *Store) try(group []*request, careful bool) error {
	if len(group) == 0 {
		return nil
	}
	w := s.writer
	if err := w.begin(); isBusy(err) { // to wait as long again for each would help nobody
		for _, r := range group {
			r.answer = answer{err: s.failed("append", err)}
		}
		return nil
	} else if err != nil {
		return err
	}
	var last int64
	for _, r := range group {
		b := batch{store: s, run: &w.stmt, tenant: r.tenant, appends: r.appends, careful: careful}
		ans, err := b.write(context.Background())
		if err != nil {
			w.rollback()
			return err
		}
		r.answer, last = ans, max(last, b.last)
	}
	if err := w.commit(); err != nil {
		w.rollback()
		return err
	}
	s.wake.raise(last)
	return nil
}
