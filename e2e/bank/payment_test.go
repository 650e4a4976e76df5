package bank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kind is what a payment does.
type kind string

const (
	opening    kind = "open"
	deposit    kind = "deposit"
	withdrawal kind = "withdraw"
	transfer   kind = "transfer"
)

// payment is something that a client wants to happen once. Its key is also its reference, by
// which it is found in statements.
type payment struct {
	key      string
	kind     kind
	from, to string // deposits go to, withdrawals come from
	cents    int64

	// What became of it.
	refused  string // why it did not happen; nothing if it did
	account  string // the one whose version is known
	version  int    // of account, right after it
	token    string
	attempts int
	replayed bool // it had happened on an attempt that was not answered
}

// errUnexpected reports an answer that no client should get.
var errUnexpected = errors.New("unexpected answer")

func (p *payment) request() (path string, body map[string]string) {
	if p.kind == opening {
		return "/api/v1/accounts", map[string]string{"owner": p.key, "currency": "EUR"}
	}
	body = map[string]string{"amount": decimal(p.cents), "currency": "EUR", "reference": p.key}
	switch p.kind {
	case deposit:
		return "/api/v1/accounts/" + p.to + "/deposits", body
	case withdrawal:
		return "/api/v1/accounts/" + p.from + "/withdrawals", body
	}
	body["from"], body["to"] = p.from, p.to
	return "/api/v1/transfers", body
}

// pay sends p, again and again with the same key, until the bank says what became of it.
func (p *payment) pay(ctx context.Context, c *client, choice *rand.Rand) error {
	path, body := p.request()
	for p.attempts = 1; ; p.attempts++ {
		res, err := c.do(ctx, http.MethodPost, path, "Idempotency-Key", p.key, body)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("payment %s: nobody knows after %d attempts: %w", p.key, p.attempts, errors.Join(ctx.Err(), err))
		case err != nil, res.status == http.StatusServiceUnavailable, res.status == http.StatusConflict:
			// The bank was killed, closes, or is busy: it may have happened or not.
		case res.status == http.StatusOK, res.status == http.StatusCreated:
			return p.acknowledged(res)
		case res.status == http.StatusUnprocessableEntity:
			p.refused = res.problem()
			return nil
		default:
			return fmt.Errorf("%w: payment %s: %d %s", errUnexpected, p.key, res.status, res.body)
		}
		select {
		case <-time.After(time.Duration(5+choice.IntN(30)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (p *payment) acknowledged(res response) error {
	p.token, p.replayed = res.token, res.replayed
	var shown struct {
		account
		Paying *account `json:"account"` // of a transfer
	}
	if err := json.Unmarshal(res.body, &shown); err != nil {
		return fmt.Errorf("%w: payment %s: %w", errUnexpected, p.key, err)
	}
	after := shown.account
	if shown.Paying != nil {
		after = *shown.Paying
	}
	p.account, p.version = after.ID, after.Version
	if p.account == "" || p.version == 0 || p.token == "" {
		return fmt.Errorf("%w: payment %s: %s", errUnexpected, p.key, res.body)
	}
	return nil
}

// decimal returns an amount as the API has it.
func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// centsOf is the reverse of decimal, and takes amounts that went out too.
func centsOf(text string) (int64, error) {
	sign := int64(1)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = -1, rest
	}
	whole, fraction, ok := strings.Cut(text, ".")
	if !ok || len(fraction) != 2 {
		return 0, fmt.Errorf("amount %q", text)
	}
	cents, err := strconv.ParseInt(whole+fraction, 10, 64)
	return sign * cents, err
}
