package ledger

import (
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
)

// An Option changes one call of the [Ledger].
type Option interface{ apply(*request) }

type option func(*request)

func (set option) apply(r *request) { set(r) }

// request is what the options of one call add up to.
type request struct {
	key    string
	expect *event.Version
}

func newRequest(opts []Option) request {
	var r request
	for _, opt := range opts {
		opt.apply(&r)
	}
	return r
}

// MaxKeyBytes is how long an idempotency key may be.
const MaxKeyBytes = 128

// IdempotencyKey makes the call happen once: a later call with the same key, on the same
// account, does nothing and returns the first one's receipt. For an opening there is no account
// yet, so the key counts for the whole bank; for a transfer it is the paying account's.
// A key is 1 to [MaxKeyBytes] bytes of visible ASCII; an empty one is no key.
func IdempotencyKey(key string) Option { return option(func(r *request) { r.key = key }) }

// ExpectVersion lets the call happen only if the account, for a transfer the paying one, is at
// version v. Otherwise the error is an [eventstore.ConflictError].
func ExpectVersion(v event.Version) Option { return option(func(r *request) { r.expect = new(v) }) }

var (
	// ErrInvalidKey reports a key that is too long, or not of visible ASCII.
	ErrInvalidKey = errors.New("invalid idempotency key")
	// ErrKeyReused is matched by every [KeyReusedError].
	ErrKeyReused = errors.New("idempotency key was used for something else")
)

// KeyReusedError reports a key under which something else happened before.
type KeyReusedError struct {
	Account string
	Version event.Version // of what happened
}

func (e *KeyReusedError) Error() string {
	return fmt.Sprintf("%v: account %s version %d", ErrKeyReused, e.Account, e.Version)
}

// Is matches [ErrKeyReused].
func (e *KeyReusedError) Is(target error) bool { return target == ErrKeyReused }

func (r request) validate() error {
	if len(r.key) > MaxKeyBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrInvalidKey, len(r.key), MaxKeyBytes)
	}
	for i, c := range []byte(r.key) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("%w: byte %d", ErrInvalidKey, i)
		}
	}
	return nil
}

// options returns what the aggregate has to know. Keys of callers have a prefix of their own,
// so that no caller can guess the key of the other side of a transfer.
func (r request) options() []aggregate.ExecuteOption {
	var opts []aggregate.ExecuteOption
	if r.key != "" {
		opts = append(opts, aggregate.IdempotencyKey("request/"+r.key))
	}
	if r.expect != nil {
		opts = append(opts, aggregate.ExpectVersion(*r.expect))
	}
	return opts
}
