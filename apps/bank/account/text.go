package account

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxOwner is how many characters the name of an owner may have.
	MaxOwner = 100
	// MaxReference is how many characters a reference, or a reason, may have.
	MaxReference = 140
)

// CheckReference returns an [InvalidTextError] for what can't be a reference. It may be empty.
func CheckReference(text string) error { return checkText("reference", text, 0, MaxReference) }

// checkText requires most characters at most, least at least, on one line, without spaces around.
// What changes the direction of writing is refused like other controls: it makes a text look
// like another one, or the rest of the line be read backwards.
func checkText(field, text string, least, most int) error {
	reason := ""
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text):
		reason = "not UTF-8"
	case n < least:
		reason = "missing"
	case n > most:
		reason = fmt.Sprintf("%d characters, at most %d are allowed", n, most)
	case strings.ContainsFunc(text, isControl):
		reason = "control character"
	case strings.TrimSpace(text) != text:
		reason = "space around it"
	default:
		return nil
	}
	return &InvalidTextError{Field: field, Reason: reason}
}

func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
