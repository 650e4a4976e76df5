package eventstoretest

import (
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// party is one of the transactions that a watch looks at. Each of its steps is looked at.
type party struct {
	w      *watch
	n      int // the how manieth
	tx     Tx
	tenant string         // of its appends
	drawn  []event.Record // what will be stored if it commits
}

func (w *watch) begin() *party {
	w.Helper()
	w.begun++
	return &party{w: w, n: w.begun, tx: w.trial.begin(w.store)}
}

func (p *party) look(did string) {
	p.w.Helper()
	p.w.look(fmt.Sprintf("after transaction %d %s", p.n, did))
}

func (p *party) write() {
	p.w.Helper()
	if err := p.tx.Write(p.w.Context()); err != nil {
		p.w.Fatalf("%s: transaction %d can't write: %v", p.w.what, p.n, err)
	}
	p.look("wrote elsewhere")
}

func (p *party) append(appends ...eventstore.Append) {
	p.w.Helper()
	p.add(appends)
	p.look("appended")
}

// add appends without a look.
func (p *party) add(appends []eventstore.Append) {
	p.w.Helper()
	p.w.appendIn(event.WithTenant(p.w.Context(), p.tenant), p.tx.Streams, appends...)
	if len(p.drawn) == 0 {
		p.w.waiting++
	}
	p.drawn = append(p.drawn, drafted(p.tenant, appends)...)
}

// refused makes an append that must be refused, and returns the error.
func (p *party) refused(appends ...eventstore.Append) error {
	p.w.Helper()
	_, err := p.tx.Streams.Append(event.WithTenant(p.w.Context(), p.tenant), appends...)
	if err == nil {
		p.w.Fatalf("%s: transaction %d has stored what is to be refused", p.w.what, p.n)
	}
	p.look("was refused an append")
	return err
}

func (p *party) commit() {
	p.w.Helper()
	p.w.end(p.tx.Commit)
	p.w.keep(p.drawn)
	p.ended("committed")
}

func (p *party) rollback() {
	p.w.Helper()
	p.w.end(p.tx.Rollback)
	p.ended("rolled back")
}

func (p *party) ended(how string) {
	p.w.Helper()
	if len(p.drawn) > 0 {
		p.w.waiting--
	}
	p.look(how)
}
