package account

import "github.com/eventsource-go/eventsource/apps/bank/money"

// Open opens the account. Money comes later.
type Open struct {
	Owner    string
	Currency money.Currency
}

// Decide refuses with [ErrAlreadyOpen], [ErrClosed], [InvalidTextError] or [money.ErrUnknownCurrency].
func (cmd Open) Decide(a Account) ([]Event, error) {
	switch a.Status {
	case StatusNone:
	case StatusClosed:
		return nil, ErrClosed
	default:
		return nil, ErrAlreadyOpen
	}
	if err := checkText("owner", cmd.Owner, 1, MaxOwner); err != nil {
		return nil, err
	}
	if err := cmd.Currency.Validate(); err != nil {
		return nil, err
	}
	return []Event{Opened(cmd)}, nil
}

// Close ends an account that is empty.
type Close struct{ Reason string }

// Decide refuses with [ErrNotOpen], [ErrClosed], [ErrFrozen], [ErrNotEmpty] or [InvalidTextError].
func (cmd Close) Decide(a Account) ([]Event, error) {
	if err := a.usable(); err != nil {
		return nil, err
	}
	switch {
	case a.Status == StatusFrozen:
		return nil, ErrFrozen
	case !a.Balance.IsZero():
		return nil, ErrNotEmpty
	}
	if err := checkText("reason", cmd.Reason, 0, MaxReference); err != nil {
		return nil, err
	}
	return []Event{Closed(cmd)}, nil
}
