package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

var (
	firstNames = []string{
		"Ada", "Bruno", "Chiara", "Dmitri", "Esther", "Farid", "Greta", "Hiroshi", "Inés", "Jonas", "Katarína", "Luca",
		"Maëlle", "Nils", "Olga", "Piotr", "Quentin", "Renée", "Søren", "Tomasz", "Uma", "Vera", "Wanjiru", "Ximena", "Yusuf", "Zoë",
	}
	lastNames = []string{
		"Almeida", "Berger", "Castellano", "Dvořák", "Eriksson", "Fontaine", "Grünwald", "Haddad", "Ivanova", "Jensen",
		"Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petit", "Quispe", "Rossi", "Schneider", "Tanaka",
		"Ünal", "Vermeulen", "Wagner", "Yamamoto", "Zimmermann",
	}
	groceries = []string{"Market hall", "Corner bakery", "Supermarket", "Greengrocer", "Fish stall", "Organic shop"}
	leisure   = []string{"Cinema", "Book shop", "Climbing gym", "Train ticket", "Concert", "Museum", "Restaurant Linde", "Café Central"}
	presents  = []string{"Dinner, your half", "Birthday present", "Concert tickets", "Holiday flat", "Borrowed for the taxi", "Thanks for the help"}
	losses    = []string{"Card reported lost", "Unusual payments, customer called", "Phone stolen"}
)

// customer is somebody with an account and habits.
type customer struct {
	name     string
	currency money.Currency
	unit     int64 // minor units of about one euro
	salary   int64 // in units, a month
	rent     int64
	opened   int // the day
}

func newCustomer(rng *rand.Rand, i int) customer {
	c := customer{
		name:     fmt.Sprintf("%s %s", firstNames[rng.IntN(len(firstNames))], lastNames[rng.IntN(len(lastNames))]),
		currency: money.EUR, unit: 100,
		salary: 1900 + int64(rng.IntN(42))*100, opened: rng.IntN(10),
	}
	switch { // most are in euros, so that they can send each other money
	case i%8 == 5:
		c.currency = money.CHF
	case i%8 == 6:
		c.currency = money.GBP
	case i%16 == 7:
		c.currency, c.unit = money.JPY, 160
	case i%16 == 15:
		c.currency, c.unit = money.USD, 110
	}
	c.rent = c.salary * int64(25+rng.IntN(15)) / 100
	return c
}

// wishes returns what customer i wants to do, and at what time. The bank may say no.
func (c customer) wishes(rng *rand.Rand, all []customer, i, days int) []step {
	var steps []step
	add := func(day int, kind kind, units int64, text string) {
		if day >= days {
			return
		}
		at := time.Duration(day)*24*time.Hour + time.Duration(7*3600+rng.IntN(14*3600))*time.Second
		minor := units * c.unit
		if kind == withdraw && c.unit%100 == 0 {
			minor += int64(rng.IntN(100)) // nothing costs a round sum
		}
		steps = append(steps, step{at: at, kind: kind, account: i, amount: money.Amount{Minor: minor, Currency: c.currency}, text: text})
	}
	add(c.opened, open, 0, c.name)
	steps[0].at = time.Duration(c.opened)*24*time.Hour + time.Duration(6*3600+rng.IntN(3600))*time.Second // before the shops open
	add(c.opened, deposit, 200+int64(rng.IntN(20))*50, "First deposit")
	payday := c.opened + 1 + rng.IntN(5)
	for month := payday; month < days; month += daysPerMonth {
		add(month, deposit, c.salary, "Salary")
		add(month+2, withdraw, c.rent, "Rent")
		add(month+3+rng.IntN(4), withdraw, 35+int64(rng.IntN(60)), "Electricity")
		add(month+5, withdraw, 15+int64(rng.IntN(30)), "Mobile phone")
		for week := range 4 {
			add(month+1+week*7+rng.IntN(4), withdraw, 20+int64(rng.IntN(90)), pick(rng, groceries))
			if rng.IntN(2) == 0 {
				add(month+3+week*7+rng.IntN(4), withdraw, 6+int64(rng.IntN(80)), pick(rng, leisure))
			}
		}
		for range 1 + rng.IntN(2) {
			other := rng.IntN(len(all))
			before := len(steps)
			if add(month+6+rng.IntN(20), send, 5+int64(rng.IntN(120)), pick(rng, presents)); len(steps) > before {
				steps[before].other = other
			}
			if other == i || all[other].currency != c.currency {
				steps = steps[:before]
			}
		}
	}
	switch {
	case i%11 == 4: // frozen for a while
		add(days/2, freeze, 0, pick(rng, losses))
		add(days/2+4, unfreeze, 0, "Identity confirmed")
	case i%23 == 9: // still frozen
		add(days-3, freeze, 0, pick(rng, losses))
	case i%13 == 12: // has left
		add(days-8, closing, 0, "Moved abroad")
	}
	return steps
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }
