package account_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: money.EUR} }

type command interface {
	Decide(account.Account) ([]account.Event, error)
}

// Histories of accounts, from which the cases start.
var (
	never  []account.Event
	opened = []account.Event{account.Opened{Owner: "Ann", Currency: money.EUR}}
	funded = append(opened[:1:1], account.Deposited{Amount: eur(100)})
	frozen = append(funded[:2:2], account.Frozen{Reason: "lost"})
	thawed = append(frozen[:3:3], account.Unfrozen{Reason: "found"})
	closed = append(opened[:1:1], account.Closed{})
	full   = append(opened[:1:1], account.Deposited{Amount: eur(math.MaxInt64)})
)

func TestCommands(t *testing.T) {
	long := strings.Repeat("é", account.MaxReference)
	for name, c := range map[string]struct {
		given []account.Event
		when  command
		then  account.Event
		err   error
	}{
		"open":                        {never, account.Open{Owner: "Ann", Currency: money.EUR}, account.Opened{Owner: "Ann", Currency: money.EUR}, nil},
		"open twice":                  {opened, account.Open{Owner: "Ann", Currency: money.EUR}, nil, account.ErrAlreadyOpen},
		"open a frozen one":           {frozen, account.Open{Owner: "Ann", Currency: money.EUR}, nil, account.ErrAlreadyOpen},
		"open a closed one":           {closed, account.Open{Owner: "Ann", Currency: money.EUR}, nil, account.ErrClosed},
		"open for nobody":             {never, account.Open{Currency: money.EUR}, nil, account.ErrInvalidText},
		"open for a long name":        {never, account.Open{Owner: strings.Repeat("x", account.MaxOwner+1), Currency: money.EUR}, nil, account.ErrInvalidText},
		"open with a space":           {never, account.Open{Owner: " Ann", Currency: money.EUR}, nil, account.ErrInvalidText},
		"open with a line":            {never, account.Open{Owner: "A\nnn", Currency: money.EUR}, nil, account.ErrInvalidText},
		"open with NUL":               {never, account.Open{Owner: "A\x00nn", Currency: money.EUR}, nil, account.ErrInvalidText},
		"open with no UTF-8":          {never, account.Open{Owner: "A\xff", Currency: money.EUR}, nil, account.ErrInvalidText},
		"open in no currency":         {never, account.Open{Owner: "Ann"}, nil, money.ErrUnknownCurrency},
		"deposit":                     {opened, account.Deposit{Amount: eur(1), Reference: "r"}, account.Deposited{Amount: eur(1), Reference: "r"}, nil},
		"deposit with much to say":    {opened, account.Deposit{Amount: eur(1), Reference: long}, account.Deposited{Amount: eur(1), Reference: long}, nil},
		"deposit with too much":       {opened, account.Deposit{Amount: eur(1), Reference: long + "x"}, nil, account.ErrInvalidText},
		"deposit nothing":             {opened, account.Deposit{Amount: eur(0)}, nil, account.ErrNotPositive},
		"deposit less than nothing":   {opened, account.Deposit{Amount: eur(-1)}, nil, account.ErrNotPositive},
		"deposit dollars":             {opened, account.Deposit{Amount: money.Amount{Minor: 1, Currency: money.USD}}, nil, money.ErrCurrencyMismatch},
		"deposit no currency":         {opened, account.Deposit{Amount: money.Amount{Minor: 1}}, nil, money.ErrCurrencyMismatch},
		"deposit to a full one":       {full, account.Deposit{Amount: eur(1)}, nil, money.ErrOverflow},
		"deposit to none":             {never, account.Deposit{Amount: eur(1)}, nil, account.ErrNotOpen},
		"deposit to a frozen one":     {frozen, account.Deposit{Amount: eur(1)}, nil, account.ErrFrozen},
		"deposit to a closed one":     {closed, account.Deposit{Amount: eur(1)}, nil, account.ErrClosed},
		"withdraw":                    {funded, account.Withdraw{Amount: eur(100)}, account.Withdrawn{Amount: eur(100)}, nil},
		"withdraw too much":           {funded, account.Withdraw{Amount: eur(101)}, nil, account.ErrInsufficientFunds},
		"withdraw less than nothing":  {funded, account.Withdraw{Amount: eur(-1)}, nil, account.ErrNotPositive},
		"withdraw the least":          {funded, account.Withdraw{Amount: eur(math.MinInt64)}, nil, account.ErrNotPositive},
		"withdraw with a bad word":    {funded, account.Withdraw{Amount: eur(1), Reference: "\x01"}, nil, account.ErrInvalidText},
		"withdraw from none":          {never, account.Withdraw{Amount: eur(1)}, nil, account.ErrNotOpen},
		"withdraw from a frozen one":  {frozen, account.Withdraw{Amount: eur(1)}, nil, account.ErrFrozen},
		"withdraw after the thaw":     {thawed, account.Withdraw{Amount: eur(1)}, account.Withdrawn{Amount: eur(1)}, nil},
		"freeze":                      {opened, account.Freeze{Reason: "r"}, account.Frozen{Reason: "r"}, nil},
		"freeze without a reason":     {opened, account.Freeze{}, nil, account.ErrInvalidText},
		"freeze twice":                {frozen, account.Freeze{Reason: "r"}, nil, account.ErrFrozen},
		"freeze none":                 {never, account.Freeze{Reason: "r"}, nil, account.ErrNotOpen},
		"freeze a closed one":         {closed, account.Freeze{Reason: "r"}, nil, account.ErrClosed},
		"unfreeze":                    {frozen, account.Unfreeze{Reason: "r"}, account.Unfrozen{Reason: "r"}, nil},
		"unfreeze without a reason":   {frozen, account.Unfreeze{}, nil, account.ErrInvalidText},
		"unfreeze what is not frozen": {opened, account.Unfreeze{Reason: "r"}, nil, account.ErrNotFrozen},
		"unfreeze a closed one":       {closed, account.Unfreeze{Reason: "r"}, nil, account.ErrClosed},
		"close":                       {opened, account.Close{Reason: "r"}, account.Closed{Reason: "r"}, nil},
		"close with a bad word":       {opened, account.Close{Reason: "\x01"}, nil, account.ErrInvalidText},
		"close with money in it":      {funded, account.Close{}, nil, account.ErrNotEmpty},
		"close a frozen one":          {frozen, account.Close{}, nil, account.ErrFrozen},
		"close twice":                 {closed, account.Close{}, nil, account.ErrClosed},
		"close none":                  {never, account.Close{}, nil, account.ErrNotOpen},
	} {
		before := fold(c.given)
		events, err := c.when.Decide(before)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		var want []account.Event
		if c.then != nil {
			want = []account.Event{c.then}
		}
		if !reflect.DeepEqual(events, want) {
			t.Errorf("%s: %+v, want %+v", name, events, want)
		}
	}
}

func fold(events []account.Event) (a account.Account) {
	for _, e := range events {
		a.Apply(e)
	}
	return a
}

func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		given []account.Event
		want  account.Account
	}{
		"never":  {never, account.Account{}},
		"opened": {opened, account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: eur(0)}},
		"funded": {funded, account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: eur(100)}},
		"frozen": {frozen, account.Account{Owner: "Ann", Status: account.StatusFrozen, Balance: eur(100)}},
		"thawed": {thawed, account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: eur(100)}},
		"closed": {closed, account.Account{Owner: "Ann", Status: account.StatusClosed, Balance: eur(0)}},
		"moved": {append(funded[:2:2],
			account.Withdrawn{Amount: eur(10)}, account.TransferredOut{Amount: eur(30)}, account.TransferredIn{Amount: eur(5)},
		), account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: eur(65)}},
	} {
		if got := fold(c.given); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Whatever changes the direction of writing is no part of a name, reference or reason; letters
// that are written from right to left are.
func TestDirectionControls(t *testing.T) {
	for _, r := range "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		text := "a" + string(r) + "b"
		for name, decide := range map[string]func() ([]account.Event, error){
			"owner": func() ([]account.Event, error) {
				return account.Open{Owner: text, Currency: money.EUR}.Decide(fold(never))
			},
			"reference": func() ([]account.Event, error) {
				return account.Deposit{Amount: eur(1), Reference: text}.Decide(fold(opened))
			},
			"reason": func() ([]account.Event, error) { return account.Freeze{Reason: text}.Decide(fold(opened)) },
		} {
			_, err := decide()
			if invalid, ok := errors.AsType[*account.InvalidTextError](err); !ok || invalid.Field != name || invalid.Reason != "control character" {
				t.Errorf("%U in %s: %v", r, name, err)
			}
		}
	}
	if _, err := (account.Open{Owner: "أحمد", Currency: money.EUR}).Decide(fold(never)); err != nil {
		t.Error(err)
	}
}

// What is refused is said without what was said.
func TestErrorsKeepSecrets(t *testing.T) {
	_, err := account.Withdraw{Amount: eur(12345)}.Decide(fold(funded))
	if short, ok := errors.AsType[*account.InsufficientFundsError](err); !ok || short.Balance != eur(100) || short.Asked != eur(12345) || err.Error() != "insufficient funds" {
		t.Error(err)
	}
	_, err = account.Open{Owner: " secret", Currency: money.EUR}.Decide(account.Account{})
	if err == nil || err.Error() != "owner: space around it" {
		t.Error(err)
	}
}
