//go:build wasip1

package orbital

// The exports of the component.
import _ "github.com/orbital-e2e/orbital/guest-sdk/go/internal/bindings/wit_exports"
