package money_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

// FuzzParse: what is accepted comes back as it was, but for zeros at the end.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.30", "-0.05", "0", "1.234", "92233720368547758.07", "-92233720368547758.08", "1e9", "00", "-0", ".", "1.", "\x00", "٣"} {
		for _, c := range money.Currencies() {
			f.Add(text, string(c))
		}
	}
	f.Fuzz(func(t *testing.T, text, code string) {
		a, err := money.Parse(text, money.Currency(code))
		if err != nil {
			if a != (money.Amount{}) {
				t.Errorf("refused %q, and returned %v", text, a)
			}
			return
		}
		if d := a.Decimal(); !strings.HasPrefix(d, text) || strings.Trim(d[len(text):], "0.") != "" {
			t.Errorf("%q became %q", text, d)
		}
		if again, err := money.Parse(a.Decimal(), a.Currency); err != nil || again != a {
			t.Errorf("%q became %v, then %v, %v", text, a, again, err)
		}
	})
}
