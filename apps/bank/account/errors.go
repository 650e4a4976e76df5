package account

import (
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

// Why a command is refused. Where there is more to say, a typed error of the same name matches.
var (
	ErrNotOpen           = errors.New("account was never opened")
	ErrAlreadyOpen       = errors.New("account is already open")
	ErrClosed            = errors.New("account is closed")
	ErrFrozen            = errors.New("account is frozen")
	ErrNotFrozen         = errors.New("account is not frozen")
	ErrNotEmpty          = errors.New("account still holds money")
	ErrInsufficientFunds = errors.New("insufficient funds")
	ErrNotPositive       = errors.New("amount is not positive")
	ErrInvalidText       = errors.New("invalid text")
)

// InsufficientFundsError reports that more is asked for than there is.
// Its text leaves the amounts out, because they are nobody's business but the owner's.
type InsufficientFundsError struct{ Balance, Asked money.Amount }

func (e *InsufficientFundsError) Error() string { return ErrInsufficientFunds.Error() }

// Is matches [ErrInsufficientFunds].
func (e *InsufficientFundsError) Is(target error) bool { return target == ErrInsufficientFunds }

// InvalidTextError reports a name, reference or reason that the bank does not take. Its text
// does not repeat it.
type InvalidTextError struct{ Field, Reason string }

func (e *InvalidTextError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Reason) }

// Is matches [ErrInvalidText].
func (e *InvalidTextError) Is(target error) bool { return target == ErrInvalidText }
