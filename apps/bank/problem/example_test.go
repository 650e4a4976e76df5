package problem_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

func Example() {
	w := httptest.NewRecorder()
	problem.Write(w, problem.Details{Kind: problem.InsufficientFunds, Account: "A1"})
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Print(w.Body)
	// Output:
	// 422 application/problem+json
	// {"type":"urn:problem-type:bank:insufficient-funds","title":"The account does not hold enough money","status":422,"account":"A1"}
}
