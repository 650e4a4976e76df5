package problem

import "net/http"

// Kind is one thing that can be wrong. Its name is for ever: clients decide by it.
type Kind struct {
	Name   string
	Status int
	Title  string
}

// URI returns the type of the problem details.
func (k Kind) URI() string { return "urn:problem-type:bank:" + k.Name }

// What a request can get wrong.
var (
	Malformed           = Kind{"malformed-request", http.StatusBadRequest, "The request can't be read"}
	InvalidParameter    = Kind{"invalid-parameter", http.StatusBadRequest, "A parameter or header is not valid"}
	InvalidToken        = Kind{"invalid-consistency-token", http.StatusBadRequest, "The consistency token is not of this bank"}
	CrossOrigin         = Kind{"cross-origin-request", http.StatusForbidden, "The request comes from another site"}
	NoRoute             = Kind{"not-found", http.StatusNotFound, "There is nothing here"}
	NoMethod            = Kind{"method-not-allowed", http.StatusMethodNotAllowed, "This can't be done here"}
	TooLarge            = Kind{"request-too-large", http.StatusRequestEntityTooLarge, "The request is too large"}
	UnsupportedMedia    = Kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "The body is not JSON"}
	InvalidValue        = Kind{"invalid-value", http.StatusUnprocessableEntity, "A value is not valid"}
	KeyReused           = Kind{"idempotency-key-reused", http.StatusUnprocessableEntity, "The idempotency key was used for something else"}
	AccountNotFound     = Kind{"account-not-found", http.StatusNotFound, "There is no such account"}
	VersionNotFound     = Kind{"version-not-found", http.StatusNotFound, "The account has no such version"}
	VersionChanged      = Kind{"version-changed", http.StatusPreconditionFailed, "The account is at another version"}
	Conflict            = Kind{"conflict", http.StatusConflict, "Others were faster"}
	UnknownAccount      = Kind{"unknown-account", http.StatusUnprocessableEntity, "An account of the transfer does not exist"}
	SameAccount         = Kind{"same-account", http.StatusUnprocessableEntity, "Both sides of the transfer are the same account"}
	AlreadyOpen         = Kind{"account-already-open", http.StatusUnprocessableEntity, "The account is open already"}
	AccountClosed       = Kind{"account-closed", http.StatusUnprocessableEntity, "The account is closed"}
	AccountFrozen       = Kind{"account-frozen", http.StatusUnprocessableEntity, "The account is frozen"}
	AccountNotFrozen    = Kind{"account-not-frozen", http.StatusUnprocessableEntity, "The account is not frozen"}
	AccountNotEmpty     = Kind{"account-not-empty", http.StatusUnprocessableEntity, "The account still holds money"}
	InsufficientFunds   = Kind{"insufficient-funds", http.StatusUnprocessableEntity, "The account does not hold enough money"}
	CurrencyMismatch    = Kind{"currency-mismatch", http.StatusUnprocessableEntity, "The account is kept in another currency"}
	BalanceOutOfRange   = Kind{"balance-out-of-range", http.StatusUnprocessableEntity, "The account can't hold so much money"}
	Internal            = Kind{"internal-error", http.StatusInternalServerError, "Something went wrong"}
	Overloaded          = Kind{"overloaded", http.StatusServiceUnavailable, "Too many requests at once"}
	StoreBusy           = Kind{"store-busy", http.StatusServiceUnavailable, "The store is busy"}
	StoreUnavailable    = Kind{"store-unavailable", http.StatusServiceUnavailable, "The store can't work at the moment"}
	NotYetConsistent    = Kind{"not-yet-consistent", http.StatusServiceUnavailable, "The read side has not caught up yet"}
	ShuttingDown        = Kind{"shutting-down", http.StatusServiceUnavailable, "The bank is closing"}
	DeadlineExceeded    = Kind{"deadline-exceeded", http.StatusServiceUnavailable, "The answer took too long"}
	PreconditionInvalid = Kind{"invalid-precondition", http.StatusBadRequest, "If-Match is not one strong entity tag of a version"}
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{
		Malformed, InvalidParameter, InvalidToken, CrossOrigin, NoRoute, NoMethod, TooLarge, UnsupportedMedia,
		InvalidValue, KeyReused, AccountNotFound, VersionNotFound, VersionChanged, Conflict, UnknownAccount,
		SameAccount, AlreadyOpen, AccountClosed, AccountFrozen, AccountNotFrozen, AccountNotEmpty,
		InsufficientFunds, CurrencyMismatch, BalanceOutOfRange, Internal, Overloaded, StoreBusy, StoreUnavailable,
		NotYetConsistent, ShuttingDown, DeadlineExceeded, PreconditionInvalid,
	}
}
