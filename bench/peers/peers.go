// Package peers is the interface through which the libraries under test are driven, and the
// platform's own adapter to it. The adapters of others are in the folders below. Each is written
// as its library's documentation tells its users to, on its own store in memory.
package peers

import (
	"context"

	"github.com/eventsource-go/eventsource/bench/domain"
)

// Ledger keeps accounts in one library. Accounts are numbered; [domain.ID] is their identifier.
// The i-th event of an account is the posting that [domain.At] returns for i.
type Ledger interface {
	// Create stores a new account with two events.
	Create(ctx context.Context, account int) error

	// Load rebuilds an account from its events.
	Load(ctx context.Context, account int) (domain.Account, error)

	// Add loads an account and stores n more events.
	Add(ctx context.Context, account, n int) error
}

// Library opens empty ledgers.
type Library struct {
	Name string
	Open func() (Ledger, error)
}
