package jsontext

import "unicode/utf8"

// Fault is why a text can't be stored.
type Fault int

const (
	None      Fault = iota
	Malformed       // not one JSON value in UTF-8
	TooDeep         // arrays and objects are nested deeper than allowed
	HasNUL          // a string has the escape of U+0000
)

// Check returns the first fault of data, in one pass. It takes what encoding/json takes as valid.
func Check(data []byte, deepest int) Fault {
	if !utf8.Valid(data) {
		return Malformed
	}
	c := checker{data: data, deepest: deepest}
	c.blank()
	c.value(0)
	c.blank()
	switch {
	case c.fault == None && c.at < len(data):
		return Malformed
	case c.fault == None && c.nul:
		return HasNUL
	}
	return c.fault
}

type checker struct {
	data    []byte
	at      int
	deepest int
	fault   Fault
	nul     bool
}

// peek returns the next byte, 0 at the end: no JSON has it anywhere.
func (c *checker) peek() byte {
	if c.at < len(c.data) {
		return c.data[c.at]
	}
	return 0
}

// fail ends the check: there is nothing more to read.
func (c *checker) fail(f Fault) {
	if c.fault == None {
		c.fault = f
	}
	c.at = len(c.data)
}

func (c *checker) want(b byte) {
	if c.peek() != b {
		c.fail(Malformed)
		return
	}
	c.at++
}

func (c *checker) blank() {
	for b := c.peek(); b == ' ' || b == '\n' || b == '\t' || b == '\r'; b = c.peek() {
		c.at++
	}
}

// value reads a value inside of depth arrays and objects.
func (c *checker) value(depth int) {
	switch b := c.peek(); {
	case b == '"':
		c.text()
	case b == '{' || b == '[':
		if depth == c.deepest {
			c.fail(TooDeep)
			return
		}
		c.at++
		c.members(b == '{', b+2, depth+1) // '}' and ']' are two after
	case b == '-' || '0' <= b && b <= '9':
		c.number()
	case b == 't':
		c.word("true")
	case b == 'f':
		c.word("false")
	case b == 'n':
		c.word("null")
	default:
		c.fail(Malformed)
	}
}

// members reads the rest of an array, or of an object if named.
func (c *checker) members(named bool, end byte, depth int) {
	if c.blank(); c.peek() == end {
		c.at++
		return
	}
	for c.fault == None {
		if named {
			c.blank()
			c.text()
			c.blank()
			c.want(':')
		}
		c.blank()
		c.value(depth)
		c.blank()
		if c.peek() != ',' {
			c.want(end)
			return
		}
		c.at++
	}
}

func (c *checker) text() {
	c.want('"')
	for i := c.at; i < len(c.data); i++ {
		switch b := c.data[i]; {
		case b == '"':
			c.at = i + 1
			return
		case b < ' ':
			c.fail(Malformed)
			return
		case b == '\\':
			c.at = i + 1
			c.escape()
			i = c.at - 1
		}
	}
	c.fail(Malformed)
}

// escape reads what follows a backslash. A NUL is noted, and the rest is still looked at.
func (c *checker) escape() {
	b := c.peek()
	c.at++
	switch b {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return
	case 'u':
		zeros := 0
		for range 4 {
			switch b := c.peek(); {
			case b == '0':
				zeros++
			case '1' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f':
			default:
				c.fail(Malformed)
				return
			}
			c.at++
		}
		c.nul = c.nul || zeros == 4
		return
	}
	c.fail(Malformed)
}

func (c *checker) number() {
	if c.peek() == '-' {
		c.at++
	}
	if c.peek() == '0' {
		c.at++
	} else {
		c.digits()
	}
	if c.peek() == '.' {
		c.at++
		c.digits()
	}
	if c.peek()|0x20 == 'e' {
		c.at++
		if b := c.peek(); b == '+' || b == '-' {
			c.at++
		}
		c.digits()
	}
}

func (c *checker) digits() {
	from := c.at
	for b := c.peek(); '0' <= b && b <= '9'; b = c.peek() {
		c.at++
	}
	if c.at == from {
		c.fail(Malformed)
	}
}

func (c *checker) word(w string) {
	for i := range len(w) {
		c.want(w[i])
	}
}
