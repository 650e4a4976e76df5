package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// complaints are what a page says to nobody: errors and warnings on its console, exceptions that
// nothing caught, requests that failed, violations of its content security policy.
type complaints struct {
	mu       sync.Mutex
	said     []string
	expected map[string]int // how often something was said that the test has provoked
}

// listen hears all of them from now on.
func (c *complaints) listen(ctx context.Context) error {
	if err := chromedp.Listen(ctx, c.hear); err != nil {
		return err
	}
	_, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{})
	return err
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := fmt.Sprintf(format, args...)
	for part := range c.expected {
		if strings.Contains(said, part) {
			c.expected[part]++
			return
		}
	}
	c.said = append(c.said, said)
}

// expect takes everything that contains part as provoked, from now on.
func (c *complaints) expect(part string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expected == nil {
		c.expected = make(map[string]int)
	}
	c.expected[part] = 0
}

func (c *complaints) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			var words []string
			for _, arg := range e.Args {
				words = append(words, string(arg.Value)+arg.Description)
			}
			c.add("console %s: %s", e.Type, strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		c.add("exception: %s", thrown(e.ExceptionDetails))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			c.add("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			d := e.Issue.Details.ContentSecurityPolicyIssueDetails
			c.add("content security policy: %s %s", d.ViolatedDirective, d.BlockedURL)
		}
	}
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

// end fails the test if there are any, or if one that was expected was never said.
func (c *complaints) end(tb testing.TB, name string) {
	for _, said := range c.take() {
		tb.Errorf("window %s complains: %s", name, said)
	}
	for part, times := range c.expected {
		if times == 0 {
			tb.Errorf("window %s has never complained of %q", name, part)
		}
	}
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception == nil {
		return d.Text
	}
	return d.Text + " " + d.Exception.Description
}
