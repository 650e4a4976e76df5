// Package jsontext looks at JSON texts without decoding them.
package jsontext

import "bytes"

// HasEscape reports whether a string in data, which is valid JSON, has one of the escapes of
// the form \uXXXX, written as in the text. An escaped backslash before it makes it no escape.
func HasEscape(data []byte, escapes ...string) bool {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 || i+1 >= len(data) {
			return false
		}
		data = data[i:]
		for _, escape := range escapes {
			if len(data) >= len(escape) && bytes.EqualFold(data[:len(escape)], []byte(escape)) {
				return true
			}
		}
		data = data[2:]
	}
}
