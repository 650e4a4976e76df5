package supervisor

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"
)

// Address returns an address on loopback where nobody listens. The system gives its port to nobody
// who does not ask for it, so a program can be started there, and again after it has ended.
func Address(tb testing.TB) string {
	tb.Helper()
	const lowest, tries = 10_000, 100
	var given int // the first port that the system gives to anybody
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := fmt.Sscan(string(text), &given); err != nil {
		tb.Fatalf("ports that the system gives away: %q: %v", text, err)
	}
	if given <= lowest { // it gives away all of them; then the chance that it is this one has to do
		given = 32_768
	}
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(given-lowest))
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			tb.Fatal(err)
		}
		return address
	}
	tb.Fatalf("no port is free in %d tries", tries)
	return ""
}
