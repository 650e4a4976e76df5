package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// site serves pages under their names, with a strict policy.
func site(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if r.URL.Path == "/favicon.ico" {
			return
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src 'self'; style-src 'self'; form-action 'self'")
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// awaitComplaints waits until the page has complained with all of these.
func awaitComplaints(t *testing.T, tab *Tab, wants ...string) {
	t.Helper()
	var said []string
	err := supervisor.Poll(t.Context(), patience, func(context.Context) error {
		said = append(said, tab.complain.take()...)
		for _, want := range wants {
			if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, want) }) {
				return fmt.Errorf("nothing of %q in %q", want, said)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestComplaintsAreHeard(t *testing.T) {
	b := Start(t)
	url := site(t, map[string]string{
		"/quiet":     `<p>nothing is wrong</p>`,
		"/inline":    `<p style="color: red">inline</p><script>document.title = "ran"</script>`,
		"/elsewhere": `<img src="http://127.0.0.2:9/x.png">`,
		"/broken":    `<img src="/none.png">`,
		"/script":    `<script src="/script.js"></script>`,
		"/script.js": `console.error("an error", 42); console.warn("a warning"); undefinedFunction();`,
	})
	tab := b.Open("complaining")
	tab.Go(url + "/quiet")
	if said := tab.complain.take(); len(said) > 0 {
		t.Errorf("a quiet page complains: %q", said)
	}
	tab.Go(url + "/inline")
	awaitComplaints(t, tab, "content security policy: style-src", "content security policy: script-src")
	tab.Go(url + "/elsewhere")
	awaitComplaints(t, tab, "content security policy: img-src http://127.0.0.2:9/x.png")
	tab.Go(url + "/broken")
	awaitComplaints(t, tab, "404")
	tab.Go(url + "/script")
	awaitComplaints(t, tab, "an error", "a warning", "undefinedFunction is not defined")
}

// recorder keeps what a test would fail with.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func TestComplaintsFailTheTest(t *testing.T) {
	var c complaints
	c.expect("422")
	c.expect("never")
	c.add("network: %d", 422)
	c.add("something else")
	r := &recorder{TB: t}
	c.end(r, "some")
	if len(r.said) != 2 || !strings.Contains(r.said[0], "something else") || !strings.Contains(r.said[1], "never") {
		t.Errorf("%q", r.said)
	}
}

func TestKeyboardAndMouse(t *testing.T) {
	b := Start(t)
	url := site(t, map[string]string{
		"/form":     `<meta name="viewport" content="width=device-width"><form action="/sent"><input id="a" name="a"><select id="c" name="c"><option>x<option>y</select><button id="go">Go</button></form><a id="away" href="/sent">away</a>`,
		"/sent":     `<p id="where"></p><ul><li>one<li>two</ul><script src="/where.js"></script>`,
		"/where.js": `document.getElementById("where").textContent = location.search`,
	})
	tab := b.Open("form")
	tab.Go(url + "/form")
	tab.TabTo("#a")
	tab.Press("typed")
	tab.Set("#c", "y")
	tab.TabTo("#go")
	tab.Enter("\r")
	tab.AwaitText("#where", "?a=typed&c=y")
	if texts := tab.Texts("li"); !slices.Equal(texts, []string{"one", "two"}) {
		t.Errorf("texts %q", texts)
	}
	tab.Go(url + "/form")
	tab.Type("#a", "by mouse")
	tab.Follow("#go")
	tab.AwaitText("#where", "a=by+mouse")
	tab.Go(url + "/form")
	if href := tab.Attribute("#away", "href"); href != "/sent" {
		t.Errorf("attribute %q", href)
	}

	tab.Phone(360, 740)
	if width := Eval[int](tab, "innerWidth"); width != 360 {
		t.Errorf("a phone of %d", width)
	}
	tab.WithoutScript()
	tab.Go(url + "/sent")
	if text := tab.Text("#where"); text != "" {
		t.Errorf("scripts run: %q", text)
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(ProgramVariable, "")
	if _, err := find(); !errors.Is(err, ErrNoBrowser) || !strings.Contains(err.Error(), "apt-get install chromium") {
		t.Error(err)
	}
	t.Setenv(ProgramVariable, "/no/such/browser")
	if _, err := find(); err == nil {
		t.Error("found what is not there")
	}
}
