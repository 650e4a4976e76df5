package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformedAmount is matched by every [MalformedAmountError].
var ErrMalformedAmount = errors.New("malformed amount")

// MalformedAmountError reports a text that is no amount. It does not repeat the text.
type MalformedAmountError struct {
	Currency Currency
	Reason   string
}

func (e *MalformedAmountError) Error() string {
	return fmt.Sprintf("%v in %s: %s", ErrMalformedAmount, e.Currency, e.Reason)
}

// Is matches [ErrMalformedAmount].
func (e *MalformedAmountError) Is(target error) bool { return target == ErrMalformedAmount }

// Parse reads a decimal number such as "12.30", "12" or "-0.05". There is a digit before the
// point, and if there is a point at least one digit after it, but not more than the currency
// has. Leading zeros, "-0", a plus sign, exponents, separators and spaces are refused.
//
// Errors: [ErrUnknownCurrency], [MalformedAmountError], [ErrOverflow].
func Parse(text string, c Currency) (Amount, error) {
	if err := c.Validate(); err != nil {
		return Amount{}, err
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	bad := func(reason string) (Amount, error) {
		return Amount{}, &MalformedAmountError{Currency: c, Reason: reason}
	}
	switch {
	case !isDigits(whole):
		return bad("no plain decimal number")
	case len(whole) > 1 && whole[0] == '0':
		return bad("leading zeros")
	case point && !isDigits(fraction):
		return bad("no plain decimal number")
	case len(fraction) > c.Decimals():
		return bad(fmt.Sprintf("more than %d decimals", c.Decimals()))
	}
	units := whole + fraction + strings.Repeat("0", c.Decimals()-len(fraction))
	if negative {
		units = "-" + units
	}
	minor, err := strconv.ParseInt(units, 10, 64)
	switch {
	case err != nil: // digits only, so it can't be anything else
		return Amount{}, ErrOverflow
	case negative && minor == 0:
		return bad("minus nothing")
	}
	return Amount{Minor: minor, Currency: c}, nil
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// Decimal returns the number with all decimals of its currency, "12.30": what [Parse] reads.
func (a Amount) Decimal() string {
	text, sign := strconv.FormatInt(a.Minor, 10), ""
	if a.Minor < 0 {
		text, sign = text[1:], "-"
	}
	d := a.Currency.Decimals()
	if d == 0 {
		return sign + text
	}
	if len(text) <= d {
		text = strings.Repeat("0", d+1-len(text)) + text
	}
	return sign + text[:len(text)-d] + "." + text[len(text)-d:]
}

// String returns the number and the currency, "12.30 EUR".
func (a Amount) String() string { return strings.TrimSpace(a.Decimal() + " " + string(a.Currency)) }
