// Package money is exact amounts of one currency: integers inside, decimal strings outside,
// no floating point in between.
package money

import (
	"errors"
	"fmt"
	"math"
)

// Amount is so many minor units of a currency: {1230, "EUR"} is 12.30 euros.
// The zero Amount is of no currency, and adds to no other.
type Amount struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

var (
	// ErrCurrencyMismatch is matched by a [CurrencyMismatchError].
	ErrCurrencyMismatch = errors.New("amounts of two currencies")

	// ErrOverflow reports a sum that no Amount can hold.
	ErrOverflow = errors.New("amount out of range")
)

// CurrencyMismatchError reports amounts of two currencies where one is allowed.
type CurrencyMismatchError struct{ Want, Got Currency }

func (e *CurrencyMismatchError) Error() string {
	return fmt.Sprintf("%v: %s and %s", ErrCurrencyMismatch, e.Want, e.Got)
}

// Is matches [ErrCurrencyMismatch].
func (e *CurrencyMismatchError) Is(target error) bool { return target == ErrCurrencyMismatch }

// Zero returns nothing of c.
func Zero(c Currency) Amount { return Amount{Currency: c} }

// Add returns a + b. Errors: [CurrencyMismatchError], [ErrOverflow].
func (a Amount) Add(b Amount) (Amount, error) {
	switch {
	case a.Currency != b.Currency:
		return Amount{}, &CurrencyMismatchError{Want: a.Currency, Got: b.Currency}
	case b.Minor > 0 && a.Minor > math.MaxInt64-b.Minor, b.Minor < 0 && a.Minor < math.MinInt64-b.Minor:
		return Amount{}, ErrOverflow
	}
	return Amount{Minor: a.Minor + b.Minor, Currency: a.Currency}, nil
}

// Sub returns a - b. Errors: [CurrencyMismatchError], [ErrOverflow].
func (a Amount) Sub(b Amount) (Amount, error) {
	switch {
	case a.Currency != b.Currency:
		return Amount{}, &CurrencyMismatchError{Want: a.Currency, Got: b.Currency}
	case b.Minor < 0 && a.Minor > math.MaxInt64+b.Minor, b.Minor > 0 && a.Minor < math.MinInt64+b.Minor:
		return Amount{}, ErrOverflow
	}
	return Amount{Minor: a.Minor - b.Minor, Currency: a.Currency}, nil
}

// Cmp returns -1, 0 or +1, or a [CurrencyMismatchError].
func (a Amount) Cmp(b Amount) (int, error) {
	switch {
	case a.Currency != b.Currency:
		return 0, &CurrencyMismatchError{Want: a.Currency, Got: b.Currency}
	case a.Minor < b.Minor:
		return -1, nil
	case a.Minor > b.Minor:
		return 1, nil
	}
	return 0, nil
}

// IsZero reports whether a is nothing, of whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// IsPositive reports whether a is more than nothing.
func (a Amount) IsPositive() bool { return a.Minor > 0 }
