package supervisor

import (
	"net"
	"testing"
)

func TestAddressIsFreeAgainAndAgain(t *testing.T) {
	address := Address(t)
	for range 2 {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if host, _, _ := net.SplitHostPort(listener.Addr().String()); host != "127.0.0.1" {
			t.Errorf("listens at %s", listener.Addr())
		}
		listener.Close()
	}
	if Address(t) == address && Address(t) == address {
		t.Error("always the same")
	}
}
