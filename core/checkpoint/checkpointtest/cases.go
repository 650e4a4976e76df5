package checkpointtest

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
)

var loadCases = []scenario{
	{"Load/AbsentIsZero", loadAbsent},
	{"Load/CanceledContext", loadCanceled},
}

var saveCases = []scenario{
	{"Save/KeepsPositionAndEvent", saveKeeps},
	{"Save/MovesOn", saveMovesOn},
	{"Save/SameAgain", saveSame},
	{"Save/NeverGoesBack", saveBehind},
	{"Save/AnotherEventIsRefused", saveDiverged},
	{"Save/UnknownEventContradictsNothing", saveUnknown},
	{"Save/PositionOfAnotherStoreIsRefused", saveForeign},
	{"Save/CanceledContextChangesNothing", saveCanceled},
	{"Save/TenantsDoNotMatter", saveTenants},
}

var nameCases = []scenario{
	{"Name/EachItsOwn", namesApart},
	{"Name/BadOnesAreRefused", namesBad},
}

func loadAbsent(t *trial, s checkpoint.Store) {
	t.requireAt(s, "a", event.Cursor{})
	t.save(s, "b", t.at(1))
	t.requireAt(s, "a", event.Cursor{})
}

// ended returns contexts that are done, and with which error.
func (t *trial) ended() map[context.Context]error {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return map[context.Context]error{canceled: context.Canceled, expired: context.DeadlineExceeded}
}

func loadCanceled(t *trial, s checkpoint.Store) {
	t.save(s, "a", t.at(1))
	for ctx, want := range t.ended() {
		for _, name := range []string{"a", "b"} {
			if cur, err := s.Load(ctx, name); !errors.Is(err, want) {
				t.Errorf("%v, %v; want %v", cur, err, want)
			}
		}
	}
}

func saveKeeps(t *trial, s checkpoint.Store) {
	for i, cur := range []event.Cursor{
		t.at(1), t.at(math.MaxInt32 + 1), t.at(1<<53 + 1), t.at(math.MaxInt64),
		{Position: event.NewPosition(t.mine, 7)}, // which is taken unchecked
		{},
	} {
		t.save(s, numbered(i), cur)
		t.requireAt(s, numbered(i), cur)
	}
}

// saveMovesOn passes the places at which the order of texts is another than that of numbers.
func saveMovesOn(t *trial, s checkpoint.Store) {
	for _, n := range []uint64{0, 1, 9, 10, 11, 99, 100, 1000, 1<<31 - 1, 1 << 31, 1 << 32, 1 << 53, 1<<53 + 1, math.MaxInt64} {
		cur := t.at(n)
		if n == 0 {
			cur = event.Cursor{}
		}
		t.save(s, "a", cur)
		t.requireAt(s, "a", cur)
	}
}

func saveSame(t *trial, s checkpoint.Store) {
	cur := t.at(5)
	for range 3 {
		t.save(s, "a", cur)
		t.requireAt(s, "a", cur)
	}
}

func saveBehind(t *trial, s checkpoint.Store) {
	t.save(s, "a", t.at(100))
	for _, n := range []uint64{99, 20, 9, 1} {
		t.requireRefused(s, "a", t.at(n), checkpoint.ErrBehind)
	}
	t.requireRefused(s, "a", event.Cursor{}, checkpoint.ErrBehind)
	t.save(s, "a", t.at(101))
}

func saveDiverged(t *trial, s checkpoint.Store) {
	kept := t.at(5)
	t.save(s, "a", kept)
	for range 2 {
		other := t.at(5)
		t.requireRefused(s, "a", other, checkpoint.ErrDiverged)
		want := checkpoint.DivergedError{Name: "a", Position: kept.Position, Kept: kept.Event, Refused: other.Event}
		if got, ok := errors.AsType[*checkpoint.DivergedError](s.Save(t.Context(), "a", other)); !ok || *got != want {
			t.Errorf("refused with %v, want %v", got, &want)
		}
	}
	t.requireRefused(s, "a", t.at(4), checkpoint.ErrBehind)
	t.save(s, "a", t.at(6))
	t.save(s, "b", t.at(5)) // each name has its own history
}

func saveUnknown(t *trial, s checkpoint.Store) {
	known := t.at(5)
	unknown := event.Cursor{Position: known.Position}
	for range 2 {
		t.save(s, "a", unknown)
		t.requireAt(s, "a", unknown)
	}
	t.save(s, "a", known) // which is found out later
	t.requireAt(s, "a", known)
	t.save(s, "a", unknown)
	t.requireAt(s, "a", known) // and not forgotten
	t.requireRefused(s, "a", t.at(5), checkpoint.ErrDiverged)
	t.save(s, "a", event.Cursor{Position: t.at(6).Position})
	t.requireAt(s, "a", event.Cursor{Position: t.at(6).Position})
}

func saveForeign(t *trial, s checkpoint.Store) {
	t.save(s, "a", t.at(5))
	other := event.NewID()
	for _, n := range []uint64{1, 5, 9} {
		foreign := event.Cursor{Position: event.NewPosition(other, n), Event: event.NewID()}
		t.requireRefused(s, "a", foreign, event.ErrForeignPosition)
	}
	theirs := event.Cursor{Position: event.NewPosition(other, 3), Event: event.NewID()}
	t.save(s, "b", theirs) // each name has its own store
	t.requireAt(s, "b", theirs)
	t.save(s, "a", t.at(6))
}

func saveCanceled(t *trial, s checkpoint.Store) {
	was := t.at(1)
	t.save(s, "a", was)
	for ctx, want := range t.ended() {
		for _, name := range []string{"a", "b"} {
			if err := s.Save(ctx, name, t.at(2)); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	}
	t.requireAt(s, "a", was)
	t.requireAt(s, "b", event.Cursor{})
}

func saveTenants(t *trial, s checkpoint.Store) {
	mine, theirs := event.WithTenant(t.Context(), "mine"), event.WithTenant(t.Context(), "theirs")
	cur := t.at(2)
	if err := s.Save(mine, "a", cur); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(theirs, "a"); err != nil || got != cur {
		t.Errorf("seen by another tenant: %v, %v; want %v", got, err, cur)
	}
	t.requireAt(s, "a", cur)
	if err := s.Save(theirs, "a", t.at(1)); !errors.Is(err, checkpoint.ErrBehind) {
		t.Errorf("moved back by another tenant: %v", err)
	}
}

// names are told apart by stores that neither fold case nor trim, and know all of Unicode.
var names = []string{
	"a", "A", "a ", " a", "aa", "a-b", "a_b", "a%b", "a'b", `a"b`, "a;--", "é", "e\u0301", "ß", "ss", "日本語", "😀", "\U0010ffff", "0", "00", "null", "$1", "?",
	strings.Repeat("x", event.MaxNameBytes), strings.Repeat("x", event.MaxNameBytes-1), strings.Repeat("é", 127),
}

func namesApart(t *trial, s checkpoint.Store) {
	saved := make([]event.Cursor, len(names))
	for i, name := range names {
		t.requireAt(s, name, event.Cursor{})
		saved[i] = t.at(uint64(100 - i)) // so that taking two for one is going back
		t.save(s, name, saved[i])
	}
	for i, name := range names {
		t.requireAt(s, name, saved[i])
	}
}

func namesBad(t *trial, s checkpoint.Store) {
	for _, name := range []string{"", "a\x00", "a\n", "a\x7f", "a\u0085", "a\xff", strings.Repeat("x", event.MaxNameBytes+1)} {
		if err := s.Save(t.Context(), name, t.at(1)); !errors.Is(err, checkpoint.ErrInvalidName) || len(err.Error()) > 200 {
			t.Errorf("save %.20q: %v", name, err)
		}
		if cur, err := s.Load(t.Context(), name); !errors.Is(err, checkpoint.ErrInvalidName) {
			t.Errorf("load %.20q: %v, %v", name, cur, err)
		}
	}
}
