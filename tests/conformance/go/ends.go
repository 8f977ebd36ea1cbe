package main

import (
	"errors"
	"os"

	orbital "github.com/orbital-e2e/orbital/guest-sdk/go"
)

func fails(t *orbital.T) {
	t.Error("first")
	t.Error("second")
}

func returnsError(t *orbital.T) {
	t.Fatal(errors.New("no invoice"))
}

func differs(t *orbital.T) {
	t.CheckEq(basket(2), basket(3))
}

func basket(last int) map[string]any {
	return map[string]any{
		"id":    "7",
		"items": []any{map[string]any{"sku": "a", "n": 1}, map[string]any{"sku": "b", "n": last}},
	}
}

func uncaught(t *orbital.T) {
	t.Log(third([]int{1, 2}))
}

// third is the third of what has only two.
func third(numbers []int) int { return numbers[2] }

func loops(*orbital.T) {
	for {
	}
}

func exits(*orbital.T) { os.Exit(2) }
