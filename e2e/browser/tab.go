package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// Tab is one window of a browser. Its methods fail the test if the page does not come to what
// they ask for in time. They are for the goroutine of the test.
type Tab struct {
	browser  *Browser
	name     string
	ctx      context.Context
	complain complaints
}

// Open opens a window. Its name is for messages, and for the picture that is kept if the test fails.
func (b *Browser) Open(name string) *Tab {
	b.tb.Helper()
	t := &Tab{browser: b, name: name}
	var cancel context.CancelFunc
	t.ctx, cancel = chromedp.NewContext(b.ctx)
	b.tb.Cleanup(func() {
		t.complain.end(b.tb, name)
		if b.tb.Failed() {
			t.Picture("at-the-end")
		}
		cancel()
	})
	if err := t.complain.listen(t.ctx); err != nil {
		b.tb.Fatalf("open window %s: %v", name, err)
	}
	return t
}

// Expect says that the page will complain, in words that contain part: then that is no failure,
// and that it never does is one.
func (t *Tab) Expect(part string) { t.complain.expect(part) }

// Phone makes the window that of a phone, as wide as that.
func (t *Tab) Phone(width, height int64) {
	t.browser.tb.Helper()
	t.run("be a phone", chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
}

// WithoutScript turns JavaScript off.
func (t *Tab) WithoutScript() {
	t.browser.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.fail("turn scripts off: %v", err)
	}
}

func (t *Tab) run(what string, step chromedp.Action[chromedp.Void]) {
	t.browser.tb.Helper()
	ask(t, what, step)
}

// ask returns what an action comes to.
func ask[T any](t *Tab, what string, action chromedp.Action[T]) T {
	t.browser.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.fail("%s: %v", what, err)
	}
	return v
}

func (t *Tab) fail(format string, args ...any) {
	t.browser.tb.Helper()
	t.Picture("failed")
	t.browser.tb.Fatalf("window "+t.name+": "+format, args...)
}

// Picture keeps a picture of the whole page, as a PNG in the folder of the test.
func (t *Tab) Picture(what string) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.browser.tb.Logf("window %s: no picture: %v", t.name, err)
		return
	}
	path := filepath.Join(evidence.Dir(t.browser.tb), t.name+"-"+what+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.browser.tb.Logf("window %s: no picture: %v", t.name, err)
		return
	}
	t.browser.tb.Logf("picture: %s", path)
}

// Go opens an address, and waits until the page has loaded.
func (t *Tab) Go(url string) {
	t.browser.tb.Helper()
	t.run("go to "+url, chromedp.Navigate(url))
}

// Click clicks on an element.
func (t *Tab) Click(selector string) {
	t.browser.tb.Helper()
	t.run("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Follow clicks on an element that leads to another page, and waits until that has loaded.
func (t *Tab) Follow(selector string) {
	t.browser.tb.Helper()
	t.navigate("follow "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Enter presses a key that leads to another page, and waits until that has loaded.
func (t *Tab) Enter(key string) {
	t.browser.tb.Helper()
	t.navigate(fmt.Sprintf("press %q", key), chromedp.KeyEvent(key))
}

func (t *Tab) navigate(what string, action chromedp.Action[chromedp.Void]) {
	t.browser.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		t.fail("%s: %v", what, err)
	}
}

// Press presses keys, one after the other.
func (t *Tab) Press(keys string) {
	t.browser.tb.Helper()
	t.run(fmt.Sprintf("press %q", keys), chromedp.KeyEvent(keys))
}

// Type writes into a field, after what is there.
func (t *Tab) Type(selector, text string) {
	t.browser.tb.Helper()
	t.run("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// Set puts a value into a field that is not for typing, such as a moment or a choice.
func (t *Tab) Set(selector, value string) {
	t.browser.tb.Helper()
	t.run("set "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

// Text returns the text of the first element.
func (t *Tab) Text(selector string) string {
	t.browser.tb.Helper()
	return strings.TrimSpace(ask(t, "read "+selector, chromedp.Text(chromedp.CSS(selector))))
}

// Texts returns the texts of all elements there are now.
func (t *Tab) Texts(selector string) []string {
	t.browser.tb.Helper()
	return Eval[[]string](t, fmt.Sprintf(`[...document.querySelectorAll(%s)].map(e => e.innerText.trim())`, quote(selector)))
}

// Attribute returns an attribute of the first element.
func (t *Tab) Attribute(selector, name string) string {
	t.browser.tb.Helper()
	return ask(t, "read "+name+" of "+selector, chromedp.AttributeValue(chromedp.CSS(selector), name)).Value
}

// Await waits until a condition, in JavaScript, is true on the page.
func (t *Tab) Await(what, condition string) {
	t.browser.tb.Helper()
	err := supervisor.Poll(t.ctx, patience, func(ctx context.Context) error {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+condition+")"))
		if err != nil {
			return err // the page may be about to change
		}
		if !ok {
			return fmt.Errorf("not true: %s", condition)
		}
		return nil
	})
	if err != nil {
		t.fail("%s: %v", what, err)
	}
}

// AwaitText waits until the first element has a text.
func (t *Tab) AwaitText(selector, text string) {
	t.browser.tb.Helper()
	t.Await(selector+" says "+text, fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quote(selector), quote(text)))
}

// Eval returns the value of an expression in JavaScript.
func Eval[T any](t *Tab, expression string) T {
	t.browser.tb.Helper()
	return ask(t, "evaluate "+expression, chromedp.Evaluate[T](expression))
}

// TabTo presses the tabulator until an element has the focus, which a visitor then must see.
func (t *Tab) TabTo(selector string) {
	t.browser.tb.Helper()
	const most = 100
	for range most {
		t.Press("\t")
		if Eval[bool](t, fmt.Sprintf(`document.activeElement.matches(%s)`, quote(selector))) {
			if !Eval[bool](t, `(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none")(getComputedStyle(document.activeElement))`) {
				t.fail("nobody sees that %s has the focus", selector)
			}
			return
		}
	}
	t.fail("%s never gets the focus", selector)
}

// quote returns text as JavaScript has it.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always has a form in JSON
	return string(quoted)
}
