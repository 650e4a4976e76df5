package jsontext_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/core/internal/jsontext"
)

var texts = []string{
	`{}`, `[]`, `""`, `0`, `-0`, `01`, `-`, `1.`, `.1`, `1.5e+10`, `1e`, `1E-2`, `+1`, `true`, `tru`, `nulll`, `null `, ` null`,
	`{"a":1}`, `{"a":1,}`, `{"a"}`, `{a:1}`, `{"a":1 "b":2}`, `[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `{`, `]`, `{]`, `[}`, `"`, `"a`,
	`"\n"`, `"\x"`, `"\u12"`, `"\u12AF"`, `"\u0000"`, `"\\u0000"`, `"\ud800"`, "\"\n\"", "\"\x00\"", "\x00", "\"\xff\"", `"ä€😀"`, ``, ` `,
	"\t[ \r\n1 , { \"a\" : [ ] } ]\n", `{"a":{"b":[[[]]]}}`, `1 1`, `{}{}`, `"\u0000`, `["\u0000",]`, `{"\u0000":1}`,
}

func TestCheck(t *testing.T) {
	for _, text := range texts {
		agrees(t, []byte(text))
	}
	deep := strings.Repeat("[", 5) + strings.Repeat("]", 5)
	if f := jsontext.Check([]byte(deep), 5); f != jsontext.None {
		t.Errorf("depth 5 of 5: fault %d", f)
	}
	if f := jsontext.Check([]byte(deep), 4); f != jsontext.TooDeep {
		t.Errorf("depth 5 of 4: fault %d", f)
	}
	if f := jsontext.Check([]byte(strings.Repeat(`{"a":`, 1<<20)), 500); f != jsontext.TooDeep {
		t.Errorf("a bomb: fault %d", f)
	}
}

// FuzzCheck compares with encoding/json, and the depth with a decoder that counts.
func FuzzCheck(f *testing.F) {
	for _, text := range append(seeds, texts...) {
		f.Add([]byte(text))
	}
	f.Fuzz(agrees)
}

func agrees(t *testing.T, data []byte) {
	want := jsontext.None
	switch {
	case !utf8.Valid(data) || !json.Valid(data):
		want = jsontext.Malformed
	case jsontext.HasEscape(data, `\u0000`):
		want = jsontext.HasNUL
	}
	if got := jsontext.Check(data, 10_000); got != want {
		t.Errorf("%q: fault %d, want %d", data, got, want)
	}
	if depth, ok := depthOf(data); ok && want == jsontext.None {
		if got := jsontext.Check(data, depth); got != jsontext.None {
			t.Errorf("%q, depth %d: fault %d", data, depth, got)
		}
		if got := jsontext.Check(data, depth-1); depth > 0 && got != jsontext.TooDeep {
			t.Errorf("%q, one less than depth %d: fault %d", data, depth, got)
		}
	}
}

// depthOf returns how deep arrays and objects are nested in data, unless a decoder can't tell.
func depthOf(data []byte) (deepest int, ok bool) {
	depth := 0
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		switch token, err := dec.Token(); {
		case err != nil:
			return deepest, err == io.EOF
		case token == json.Delim('[') || token == json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case token == json.Delim(']') || token == json.Delim('}'):
			depth--
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	data := []byte(`{"account":"acc-00004217","amount":12345,"currency":"EUR","reference":"invoice-2026-0000000000000017","channel":"branch 17 desk 3","at":"2026-11-23T10:15:00.123457Z"}`)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if jsontext.Check(data, 500) != jsontext.None {
			b.Fatal("bad")
		}
	}
}
