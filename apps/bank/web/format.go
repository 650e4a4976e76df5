package web

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

// thinSpace keeps the thousands apart, as SI has it: no country reads it as something else.
const thinSpace = "\u202f"

// formatNumber returns the number of an amount as people read it, "1 234.50".
func formatNumber(a money.Amount) string {
	text, negative := strings.CutPrefix(a.Decimal(), "-")
	whole, fraction, point := strings.Cut(text, ".")
	var b strings.Builder
	if negative {
		b.WriteString("\u2212") // a minus, as wide as a digit
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thinSpace)
		}
		b.WriteRune(digit)
	}
	if point {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// formatMoney returns number and currency, which stay on one line.
func formatMoney(a money.Amount) string {
	return strings.TrimSpace(formatNumber(a) + "\u00a0" + string(a.Currency))
}

// formatChange is formatNumber with a plus for what came in.
func formatChange(a money.Amount) string {
	if a.IsPositive() {
		return "+" + formatNumber(a)
	}
	return formatNumber(a)
}

// example is an amount as it is typed.
func example(c money.Currency) string { return money.Amount{Minor: 1230, Currency: c}.Decimal() }

// typedAmount reads an amount as it is typed. Spaces between digits are what we print ourselves.
func typedAmount(text string, c money.Currency) (money.Amount, error) {
	text = withoutSpace(text)
	if text == "" {
		return money.Amount{}, &refusal{422, "amount", "Enter an amount, like " + example(c) + "."}
	}
	return money.Parse(text, c)
}

// typedAccount reads the number of an account as it is typed. Ours are of 12 capital letters
// and digits, which may be in groups with hyphens or spaces between; others are left as they
// are, but for spaces.
func typedAccount(text string) string {
	text = withoutSpace(text)
	number := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Pd, r) { // hyphens and dashes
			return -1
		}
		return r
	}, text)
	if len(number) == 12 {
		return strings.ToUpper(number)
	}
	return text
}

func withoutSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// Times are shown in UTC, so that all who look see the same.
func formatTime(t time.Time) string  { return t.UTC().Format("2006-01-02 15:04:05") }
func formatDate(t time.Time) string  { return t.UTC().Format("2006-01-02") }
func machineTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// inputTime is the form of <input type="datetime-local">.
const inputTime = "2006-01-02T15:04:05"

// parseTime reads a time as a link or an input has it; without a zone it is UTC.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &refusal{400, "asOf", "Enter a time, or the number of a version."}
}

// plural returns "1 event", "2 events".
func plural[N ~int | ~uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
