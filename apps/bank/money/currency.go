package money

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Currency is an ISO 4217 code. The zero Currency is none.
type Currency string

// The currencies in which the bank keeps accounts.
const (
	CHF Currency = "CHF"
	EUR Currency = "EUR"
	GBP Currency = "GBP"
	JPY Currency = "JPY"
	KWD Currency = "KWD"
	USD Currency = "USD"
)

// decimals is how many digits of an amount are minor units, as ISO 4217 has it. What is stored
// is minor units, so a number here never changes.
var decimals = map[Currency]int{CHF: 2, EUR: 2, GBP: 2, JPY: 0, KWD: 3, USD: 2}

// ErrUnknownCurrency is matched when a code is not one of [Currencies].
var ErrUnknownCurrency = errors.New("unknown currency")

// Currencies returns every currency, sorted.
func Currencies() []Currency { return slices.Sorted(maps.Keys(decimals)) }

// ParseCurrency returns the currency that has this code. Case matters.
// Otherwise the error matches [ErrUnknownCurrency].
func ParseCurrency(code string) (Currency, error) {
	c := Currency(code)
	return c, c.Validate()
}

// Validate returns an error that matches [ErrUnknownCurrency] if c is not one of [Currencies].
func (c Currency) Validate() error {
	if _, ok := decimals[c]; !ok {
		return fmt.Errorf("%w %.8q", ErrUnknownCurrency, string(c))
	}
	return nil
}

// Decimals returns how many digits an amount has after the point.
func (c Currency) Decimals() int { return decimals[c] }
