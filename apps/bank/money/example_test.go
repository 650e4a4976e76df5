package money_test

import (
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/money"
)

func Example() {
	price, err := money.Parse("19.90", money.EUR)
	fmt.Println(price.Minor, price, err)
	total, err := price.Add(price)
	fmt.Println(total.Decimal(), err)

	_, err = money.Parse("19.905", money.EUR)
	fmt.Println(err)
	yen, _ := money.Parse("500", money.JPY)
	_, err = price.Add(yen)
	fmt.Println(err)
	// Output:
	// 1990 19.90 EUR <nil>
	// 39.80 <nil>
	// malformed amount in EUR: more than 2 decimals
	// amounts of two currencies: EUR and JPY
}
