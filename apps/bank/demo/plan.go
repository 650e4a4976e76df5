package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

type kind int

const (
	open kind = iota
	deposit
	withdraw
	send
	freeze
	unfreeze
	closing
)

// step is one thing that happens.
type step struct {
	at      time.Duration // since the bank began
	kind    kind
	account int
	other   int          // whom send sends to
	amount  money.Amount // of open: nothing, of the account's currency
	text    string       // the owner, reference or reason
}

const daysPerMonth = 30

// plan returns what happens, in order. It depends on the numbers and the seed and on nothing
// else, and no step of it is refused.
func plan(cfg Config) []step {
	rng := rand.New(rand.NewPCG(cfg.Seed, 0x62616e6b))
	var wishes []step
	days := cfg.Months * daysPerMonth
	customers := make([]customer, cfg.Accounts)
	for i := range customers {
		customers[i] = newCustomer(rng, i)
	}
	for i := range customers {
		wishes = append(wishes, customers[i].wishes(rng, customers, i, days)...)
	}
	slices.SortStableFunc(wishes, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return granted(wishes, customers)
}

// granted leaves out the wishes that the bank would refuse, and closes an account with nothing
// in it.
func granted(wishes []step, customers []customer) []step {
	type state struct {
		balance              int64
		open, frozen, closed bool
	}
	accounts := make([]state, len(customers))
	moves := func(i int) bool { return accounts[i].open && !accounts[i].frozen && !accounts[i].closed }
	var steps []step
	for _, s := range wishes {
		a, minor := &accounts[s.account], s.amount.Minor
		switch {
		case s.kind == open:
			a.open = true
		case s.kind == unfreeze && a.frozen:
			a.frozen = false
		case !moves(s.account):
			continue
		case s.kind == deposit:
			a.balance += minor
		case s.kind == withdraw && a.balance >= minor:
			a.balance -= minor
		case s.kind == send && a.balance >= minor && moves(s.other):
			a.balance -= minor
			accounts[s.other].balance += minor
		case s.kind == freeze:
			a.frozen = true
		case s.kind == closing:
			if a.balance > 0 {
				rest := s
				rest.kind, rest.amount, rest.text = withdraw, money.Amount{Minor: a.balance, Currency: s.amount.Currency}, "Payout of the rest"
				steps = append(steps, rest)
				a.balance = 0
			}
			a.closed = true
		default:
			continue
		}
		steps = append(steps, s)
	}
	return steps
}
