// Prints the status of each address given, asked for by net/http as it is.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	for _, address := range os.Args[1:] {
		response, err := http.Get(address)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
}
