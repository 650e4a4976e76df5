package wire

import (
	"errors"
	"io"
	"net"
	"regexp"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5/pgproto3"
)

// conversation is what a client and the server say to each other on one connection.
type conversation struct {
	client     *pgproto3.Backend // talks to the client
	server     *pgproto3.Frontend
	fromServer net.Conn
	swallow    func() bool // is asked at each commit

	mu    sync.Mutex
	asked []batch // up to each Sync or Query, not answered yet
}

// batch is what the server answers with one ReadyForQuery.
type batch struct {
	started bool // there is one
	writes  bool
	commits bool
}

func (b batch) decides() bool { return b.writes || b.commits }

var (
	writing    = regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE)\b`)
	committing = regexp.MustCompile(`(?i)^\s*(COMMIT|END)\b`)
)

func (b *batch) add(text string) {
	b.writes = b.writes || writing.MatchString(text)
	b.commits = b.commits || committing.MatchString(text)
}

func newConversation(client, server net.Conn, swallow func() bool) *conversation {
	return &conversation{
		client: pgproto3.NewBackend(client, client), server: pgproto3.NewFrontend(server, server),
		fromServer: server, swallow: swallow,
	}
}

// up carries what the client says, until it says no more.
func (c *conversation) up() {
	for {
		hello, err := c.client.ReceiveStartupMessage()
		if err != nil {
			return
		}
		c.server.Send(hello)
		if c.server.Flush() != nil {
			return
		}
		switch hello.(type) {
		case *pgproto3.StartupMessage:
			c.talk()
			return
		case *pgproto3.CancelRequest:
			return
		}
	}
}

func (c *conversation) talk() {
	statements, portals := make(map[string]string), make(map[string]string) // their texts, by name
	var now batch
	for {
		msg, err := c.client.Receive()
		if err != nil {
			return
		}
		end := false
		switch msg := msg.(type) {
		case *pgproto3.Parse:
			statements[msg.Name] = msg.Query
		case *pgproto3.Bind:
			portals[msg.DestinationPortal] = statements[msg.PreparedStatement]
		case *pgproto3.Execute:
			now.add(portals[msg.Portal])
		case *pgproto3.Query:
			now.add(msg.String)
			end = true
		case *pgproto3.Sync:
			end = true
		}
		c.server.Send(msg)
		switch msg.(type) {
		case *pgproto3.Parse, *pgproto3.Bind, *pgproto3.Describe, *pgproto3.Execute, *pgproto3.Close:
			continue // the server answers no sooner than what follows comes
		}
		if end {
			now.started = true
			c.mu.Lock()
			c.asked = append(c.asked, now)
			c.mu.Unlock()
			now = batch{}
		}
		if c.server.Flush() != nil {
			return
		}
	}
}

// current returns what the server is answering.
func (c *conversation) current() batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == 0 {
		return batch{}
	}
	return c.asked[0]
}

// answered takes it off.
func (c *conversation) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) > 0 {
		c.asked = c.asked[1:]
	}
}

// down carries what the server says, until it says no more or a reply is swallowed. The error is
// that the connection was reset.
func (c *conversation) down() error {
	const most = 64 // messages that are held back, unless they are about a commit
	var held int
	var committed, failed bool
	status := byte('I')
	for {
		msg, err := c.server.Receive()
		if err != nil {
			_ = c.client.Flush()
			if errors.Is(err, syscall.ECONNRESET) {
				return err
			}
			return nil
		}
		now := c.current()
		flush := !now.started
		switch msg := msg.(type) {
		case *pgproto3.ErrorResponse:
			failed = true
		case *pgproto3.CommandComplete:
			committed = committed || string(msg.CommandTag) == "COMMIT"
		case *pgproto3.ReadyForQuery:
			decided := !failed && msg.TxStatus == 'I' && (committed || status == 'I' && now.writes)
			if decided && c.swallow() {
				return nil
			}
			c.answered()
			committed, failed, status, flush = false, false, msg.TxStatus, true
		}
		c.client.Send(msg)
		if held++; flush || held >= most && !now.decides() {
			if held = 0; c.client.Flush() != nil {
				return nil
			}
		}
	}
}

// drain reads what the server still says, which nobody hears.
func (c *conversation) drain() { _, _ = io.Copy(io.Discard, c.fromServer) }
