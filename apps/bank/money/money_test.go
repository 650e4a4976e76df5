package money_test

import (
	"errors"
	"math"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text     string
		currency money.Currency
		minor    int64
		err      error
	}{
		{"12.30", money.EUR, 1230, nil},
		{"12.3", money.EUR, 1230, nil},
		{"12", money.EUR, 1200, nil},
		{"0", money.EUR, 0, nil},
		{"0.00", money.EUR, 0, nil},
		{"-0.05", money.USD, -5, nil},
		{"500", money.JPY, 500, nil},
		{"1.234", money.KWD, 1234, nil},
		{"92233720368547758.07", money.EUR, math.MaxInt64, nil},
		{"-92233720368547758.08", money.EUR, math.MinInt64, nil},
		{"92233720368547758.08", money.EUR, 0, money.ErrOverflow},
		{"-92233720368547758.09", money.EUR, 0, money.ErrOverflow},
		{"99999999999999999999999999", money.JPY, 0, money.ErrOverflow},
		{"12.345", money.EUR, 0, money.ErrMalformedAmount},
		{"12.340", money.EUR, 0, money.ErrMalformedAmount},
		{"1.0", money.JPY, 0, money.ErrMalformedAmount},
		{"1.", money.EUR, 0, money.ErrMalformedAmount},
		{".5", money.EUR, 0, money.ErrMalformedAmount},
		{"", money.EUR, 0, money.ErrMalformedAmount},
		{"-", money.EUR, 0, money.ErrMalformedAmount},
		{"--1", money.EUR, 0, money.ErrMalformedAmount},
		{"+1", money.EUR, 0, money.ErrMalformedAmount},
		{"01", money.EUR, 0, money.ErrMalformedAmount},
		{"-0", money.EUR, 0, money.ErrMalformedAmount},
		{"-0.00", money.EUR, 0, money.ErrMalformedAmount},
		{"1e3", money.EUR, 0, money.ErrMalformedAmount},
		{"1,5", money.EUR, 0, money.ErrMalformedAmount},
		{"1_000", money.EUR, 0, money.ErrMalformedAmount},
		{" 1", money.EUR, 0, money.ErrMalformedAmount},
		{"1 ", money.EUR, 0, money.ErrMalformedAmount},
		{"0x10", money.EUR, 0, money.ErrMalformedAmount},
		{"١", money.EUR, 0, money.ErrMalformedAmount},
		{"NaN", money.EUR, 0, money.ErrMalformedAmount},
		{"1.2.3", money.EUR, 0, money.ErrMalformedAmount},
		{"1", "XXX", 0, money.ErrUnknownCurrency},
		{"1", "eur", 0, money.ErrUnknownCurrency},
		{"1", "", 0, money.ErrUnknownCurrency},
	} {
		got, err := money.Parse(c.text, c.currency)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || got.Minor != c.minor {
			t.Errorf("Parse(%q, %s) = %d, %v; want %d, %v", c.text, c.currency, got.Minor, err, c.minor, c.err)
		}
	}
}

func TestMalformedAmountKeepsTheText(t *testing.T) {
	_, err := money.Parse("secret", money.EUR)
	if want := "malformed amount in EUR: no plain decimal number"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		amount money.Amount
		want   string
	}{
		{money.Amount{Minor: 1230, Currency: money.EUR}, "12.30 EUR"},
		{money.Amount{Minor: 5, Currency: money.EUR}, "0.05 EUR"},
		{money.Amount{Minor: -5, Currency: money.EUR}, "-0.05 EUR"},
		{money.Amount{Minor: -123456, Currency: money.KWD}, "-123.456 KWD"},
		{money.Amount{Minor: 7, Currency: money.JPY}, "7 JPY"},
		{money.Zero(money.CHF), "0.00 CHF"},
		{money.Amount{Minor: math.MinInt64, Currency: money.GBP}, "-92233720368547758.08 GBP"},
		{money.Amount{}, "0"},
	} {
		if got := c.amount.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestArithmetic(t *testing.T) {
	eur := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: money.EUR} }
	if got, err := eur(1).Add(eur(-3)); err != nil || got != eur(-2) {
		t.Error(got, err)
	}
	if got, err := eur(1).Sub(eur(3)); err != nil || got != eur(-2) {
		t.Error(got, err)
	}
	if got, err := eur(-1).Sub(eur(math.MinInt64)); err != nil || got != eur(math.MaxInt64) {
		t.Error(got, err)
	}
	if order, err := eur(1).Cmp(eur(3)); err != nil || order != -1 {
		t.Error(order, err)
	}
	for name, overflow := range map[string]func() (money.Amount, error){
		"max+1":   func() (money.Amount, error) { return eur(math.MaxInt64).Add(eur(1)) },
		"min+-1":  func() (money.Amount, error) { return eur(math.MinInt64).Add(eur(-1)) },
		"min-1":   func() (money.Amount, error) { return eur(math.MinInt64).Sub(eur(1)) },
		"0-min":   func() (money.Amount, error) { return eur(0).Sub(eur(math.MinInt64)) },
		"max--1":  func() (money.Amount, error) { return eur(math.MaxInt64).Sub(eur(-1)) },
		"max+max": func() (money.Amount, error) { return eur(math.MaxInt64).Add(eur(math.MaxInt64)) },
	} {
		if got, err := overflow(); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	usd := money.Amount{Minor: 1, Currency: money.USD}
	_, added := eur(1).Add(usd)
	_, subtracted := eur(1).Sub(usd)
	_, compared := eur(1).Cmp(usd)
	for _, err := range []error{added, subtracted, compared} {
		if mismatch, ok := errors.AsType[*money.CurrencyMismatchError](err); !ok || mismatch.Want != money.EUR || mismatch.Got != money.USD || !errors.Is(err, money.ErrCurrencyMismatch) {
			t.Errorf("mismatch is %v", err)
		}
	}
	if _, err := eur(1).Add(money.Amount{}); !errors.Is(err, money.ErrCurrencyMismatch) {
		t.Error("an amount of no currency adds to another")
	}
}

func TestCurrencies(t *testing.T) {
	for _, c := range money.Currencies() {
		if got, err := money.ParseCurrency(string(c)); got != c || err != nil {
			t.Error(got, err)
		}
	}
	if len(money.Currencies()) != 6 {
		t.Error(money.Currencies())
	}
}
