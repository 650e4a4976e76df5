package sqlstore

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestMetadataComesBack(t *testing.T) {
	for _, md := range []event.Metadata{
		{},
		{Correlation: "a"},
		{Correlation: "a", Causation: "b", Actor: "c", Trace: "d", Extra: map[string]string{"e": "f", "": "", "ü": "日本"}},
		{Actor: "a \"quoted\" \\ name\n", Extra: map[string]string{"\t": "<&>"}},
		{Tenant: "mine", Actor: "a"},
	} {
		text, err := EncodeMetadata(md)
		if err != nil {
			t.Fatal(err)
		}
		got := event.Metadata{Tenant: md.Tenant, Actor: "of the record before"}
		if text == "" {
			got.Actor = ""
		} else if err := DecodeMetadata([]byte(text), &got); err != nil {
			t.Error(err)
		}
		if !reflect.DeepEqual(got, md) {
			t.Errorf("%+v came back as %+v", md, got)
		}
	}
	md := event.Metadata{Tenant: "mine"}
	if err := DecodeMetadata([]byte(`{"actor":1}`), &md); err == nil || md.Tenant != "mine" {
		t.Errorf("%+v, %v", md, err)
	}
}

func FuzzDecodePlain(f *testing.F) {
	for _, text := range []string{
		`{"correlation":"a","causation":"b","actor":"c","trace":"d","extra":{"e":"f","g":"h"}}`, `{"extra":{}}`, `{"actor":"a","actor":"b"}`,
		`{"extra":{"a":"b"},"extra":{"c":"d"}}`, `{"actor":"\u0041"}`, `{"Actor":"a"}`, `{"tenant":"a"}`, `{,}`, `{"actor":"a",}`, `{"actor":"a"} `, "{\"actor\":\"\xff\"}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var fast, slow event.Metadata
		if !decodePlain(text, &fast) {
			return
		}
		if err := json.Unmarshal([]byte(text), &slow); err != nil || !reflect.DeepEqual(fast, slow) {
			t.Errorf("%q: %+v, want %+v, %v", text, fast, slow, err)
		}
	})
}

func TestPlainIsTheUsualForm(t *testing.T) {
	text, err := EncodeMetadata(event.Metadata{Correlation: "a", Causation: "b", Actor: "Zoë", Trace: "00-1-2-01", Extra: map[string]string{"region": "eu"}})
	if err != nil || !decodePlain(text, new(event.Metadata)) {
		t.Errorf("%s: %v", text, err)
	}
}
