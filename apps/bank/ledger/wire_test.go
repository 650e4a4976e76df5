package ledger

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/event"
)

var (
	amount = money.Amount{Minor: 1230, Currency: money.EUR}

	// samples has every event with every field set.
	samples = []account.Event{
		account.Opened{Owner: "Ann Brontë", Currency: money.EUR},
		account.Deposited{Amount: amount, Reference: "salary"},
		account.Withdrawn{Amount: amount, Reference: "rent"},
		account.TransferredOut{Transfer: "T1", To: "A2", Amount: amount, Reference: "lunch"},
		account.TransferredIn{Transfer: "T1", From: "A1", Amount: amount, Reference: "lunch"},
		account.Frozen{Reason: "card lost"},
		account.Unfrozen{Reason: "card found"},
		account.Closed{Reason: "moved away"},
	}
)

func golden(name string, schema int) string {
	return filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", name, schema))
}

// TestWireForm pins what is stored. If it fails, the change needs an upcaster and a new file
// beside the old one: programs that wrote the old form wrote it for ever.
func TestWireForm(t *testing.T) {
	types := Events.Types()
	for _, e := range samples {
		v := reflect.ValueOf(e)
		for f, fv := range v.Fields() {
			if fv.IsZero() {
				t.Errorf("%T.%s is not set", e, f.Name)
			}
		}
		draft, err := Events.Encode(t.Context(), event.Header{}, e)
		if err != nil {
			t.Fatal(err)
		}
		delete(types, draft.Type)
		want, err := os.ReadFile(golden(draft.Type, draft.Schema))
		if err != nil {
			t.Errorf("%v; it should hold\n%s", err, draft.Data)
			continue
		}
		if got := string(draft.Data) + "\n"; got != string(want) {
			t.Errorf("%s is written as\n%sand was as\n%s", draft.Type, got, want)
		}
	}
	for name := range types {
		t.Errorf("no sample of %s", name)
	}
}

// TestOldFormsAreRead reads what any version ever wrote.
func TestOldFormsAreRead(t *testing.T) {
	want := make(map[string]account.Event)
	for _, e := range samples {
		draft, _ := Events.Encode(t.Context(), event.Header{}, e)
		want[draft.Type] = e
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(files) < len(samples) {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(file), ".json")
		name, version, _ := strings.Cut(base, ".v")
		var schema int
		if err := json.Unmarshal([]byte(version), &schema); err != nil {
			t.Errorf("%s: no schema version: %v", file, err)
		}
		got, ok, err := Events.DecodeData(t.Context(), event.Header{Type: name, Schema: schema}, data)
		if err != nil || !ok || got != want[name] {
			t.Errorf("%s is read as %#v, %v, %v", file, got, ok, err)
		}
	}
}

// TestNamesAreForEver pins what else is stored.
func TestNamesAreForEver(t *testing.T) {
	if Type.Name != "account" {
		t.Error(Type.Name)
	}
	if got := derivedID("account", "key"); got != "H8SKDWJFQ8DR" {
		t.Error(got)
	}
	if got := derivedID("transfer", "A1", "key"); got != "PZHRHNFKSGZY" {
		t.Error(got)
	}
}
