package httpapi

import (
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func (api *API) statement(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r, pageParameters...); err != nil {
		return err
	}
	q, err := pageQuery(r)
	if err != nil {
		return err
	}
	if err := api.await(r); err != nil {
		return err
	}
	page, err := api.reader.Statement(r.Context(), r.PathValue("id"), q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, newEntryJSON)
}

func (api *API) audit(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r, slices.Concat(pageParameters, []string{"account"})...); err != nil {
		return err
	}
	q, err := pageQuery(r)
	if err != nil {
		return err
	}
	if err := api.await(r); err != nil {
		return err
	}
	page, err := api.reader.Audit(r.Context(), readmodel.AuditQuery{Account: r.URL.Query().Get("account"), PageQuery: q})
	if err != nil {
		return err
	}
	return writePage(w, r, page, newTraceJSON)
}

// events answers with what happened to an account, from its stream: it is never behind.
func (api *API) events(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r, "cursor", "limit"); err != nil {
		return err
	}
	q, err := pageQuery(r)
	if err != nil {
		return err
	}
	after, err := parseEventCursor(q.Cursor)
	if err != nil {
		return err
	}
	limit := q.Limit
	if limit == 0 {
		limit = readmodel.DefaultLimit
	}
	envs, err := eventstore.Collect(api.ledger.History(r.Context(), r.PathValue("id"), eventstore.ReadQuery{After: after, Limit: limit + 1}))
	switch {
	case err != nil:
		return err
	case len(envs) == 0 && after == 0:
		return account.ErrNotOpen
	}
	page := readmodel.Page[ledger.Envelope]{Items: envs}
	if len(envs) > limit {
		page.Items = envs[:limit]
		page.Next = eventCursor(envs[limit-1].Version)
	}
	return writePage(w, r, page, newEventJSON)
}

// A cursor of events says after which version they come. Clients know nothing of that.
const eventCursorPrefix = "after "

func eventCursor(v event.Version) string {
	return base64.RawURLEncoding.EncodeToString([]byte(eventCursorPrefix + etag(v)))
}

func parseEventCursor(cursor string) (event.Version, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(text) < len(eventCursorPrefix) {
		return 0, readmodel.ErrInvalidCursor
	}
	v, ok := parseETag(string(text[len(eventCursorPrefix):]))
	if !ok || eventCursor(v) != cursor {
		return 0, readmodel.ErrInvalidCursor
	}
	return v, nil
}
