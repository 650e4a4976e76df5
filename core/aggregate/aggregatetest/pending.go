package aggregatetest

import "testing"

// pending notices a scenario of which the last line was forgotten.
type pending struct{ ran, required bool }

func (p *pending) when() { p.ran, p.required = true, false }
func (p *pending) then() { p.required = true }

// mustRequire fails tb at its end if something was done and nothing required of it.
func (p *pending) mustRequire(tb testing.TB) {
	tb.Cleanup(func() {
		if p.ran && !p.required && !tb.Failed() {
			tb.Error("the scenario has a When, and no Then")
		}
	})
}
