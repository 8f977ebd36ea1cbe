package guest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The digest is written by internal/generate, over the contract and what was generated from it.
func TestTheBindingsAreOfThisContract(t *testing.T) {
	contract, err := filepath.Glob("../../../../wit/*.wit")
	if err != nil || len(contract) == 0 {
		t.Skip("the contract is there in the repository of orbital only")
	}
	bindings, err := filepath.Glob("../bindings/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(contract)
	slices.Sort(bindings)
	hash := sha256.New()
	for _, name := range append(contract, bindings...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write(text)
	}
	want, err := os.ReadFile("../bindings/digest")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != strings.TrimSpace(string(want)) {
		t.Error("the contract in wit/ or the bindings have changed; run `go generate ./...` in guest-sdk/go")
	}
}
