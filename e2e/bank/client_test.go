package bank_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

var errNotYet = errors.New("it is not there yet")

// client speaks the bank's API as somebody does who must not lose or double a payment.
type client struct {
	bank *bankd
	http *http.Client
}

func newClient(b *bankd) *client {
	return &client{bank: b, http: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		Timeout:   20 * time.Second,
	}}
}

// response is an answer that arrived whole.
type response struct {
	status   int
	token    string
	replayed bool
	body     []byte
}

// problem returns the name of the problem that the response is, if it is one.
func (r response) problem() string {
	var p struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(r.body, &p) // a body that is no problem has none
	return p.Type
}

func (c *client) do(ctx context.Context, method, path, header, value string, body any) (response, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return response{}, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.bank.URL()+path, content)
	if err != nil {
		return response{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if header != "" {
		req.Header.Set(header, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	answer := response{
		status: res.StatusCode, token: res.Header.Get("Consistency-Token"),
		replayed: res.Header.Get("Idempotency-Replayed") == "true",
	}
	answer.body, err = io.ReadAll(res.Body)
	return answer, err
}

// account is an account as the API shows it.
type account struct {
	ID      string `json:"id"`
	Owner   string `json:"owner"`
	Balance string `json:"balance"`
	Version int    `json:"version"`
}

// event is an event as the API shows it.
type event struct {
	Version int    `json:"version"`
	Type    string `json:"type"`
	Data    struct {
		Amount    string `json:"amount"`
		Reference string `json:"reference"`
		From      string `json:"from"`
		To        string `json:"to"`
	} `json:"data"`
}

// line is a line of a statement as the API shows it.
type line struct {
	Version   int    `json:"version"`
	Amount    string `json:"amount"`
	Balance   string `json:"balance"`
	Reference string `json:"reference"`
}

// get reads one thing, as it is after the write that token stands for.
func get[T any](ctx context.Context, c *client, path, token string) (v T, err error) {
	header := ""
	if token != "" {
		header = "Consistency-Token"
	}
	res, err := c.do(ctx, http.MethodGet, path, header, token, nil)
	if err != nil {
		return v, err
	}
	if res.status != http.StatusOK {
		return v, fmt.Errorf("GET %s: %d %s", path, res.status, res.body)
	}
	return v, json.Unmarshal(res.body, &v)
}

// all reads a list to its end, page by page.
func all[T any](ctx context.Context, c *client, path, token string) ([]T, error) {
	var items []T
	for cursor := ""; ; {
		query := url.Values{"limit": {"200"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		page, err := get[struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}](ctx, c, path+"?"+query.Encode(), token)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if cursor = page.Next; cursor == "" {
			return items, nil
		}
	}
}
