package orbital

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Log says what happens, in the run's report. The arguments are put together as fmt.Println does. The lines of a run are
// bounded in number and bytes; a run that says more ends as error.
func (t *T) Log(args ...any) { t.host.Log(contract.LevelInfo, line(args), nil) }

// Logf says what happens, in the run's report.
func (t *T) Logf(format string, args ...any) {
	t.host.Log(contract.LevelInfo, fmt.Sprintf(format, args...), nil)
}

// Logger says things of all four levels, with names and values beside them: t.Logger().Warn("slow", "seconds", 3). None of
// them fails the test.
func (t *T) Logger() *slog.Logger { return slog.New(handler{host: t.host}) }

// handler makes lines of the run's report of what is logged.
type handler struct {
	host   contract.Host
	fields []contract.Field
	// group goes before the names of fields, with a dot at its end.
	group string
}

// Enabled is true: the host says which levels it shows.
func (h handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, record slog.Record) error {
	fields := append([]contract.Field(nil), h.fields...)
	record.Attrs(func(attribute slog.Attr) bool {
		fields = with(fields, h.group, attribute)
		return true
	})
	h.host.Log(level(record.Level), record.Message, fields)
	return nil
}

func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	h.fields = append([]contract.Field(nil), h.fields...)
	for _, attribute := range attributes {
		h.fields = with(h.fields, h.group, attribute)
	}
	return h
}

func (h handler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.group += name + "."
	}
	return h
}

func with(fields []contract.Field, group string, attribute slog.Attr) []contract.Field {
	value := attribute.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		if attribute.Key == "" && value.Any() == nil {
			return fields
		}
		return append(fields, contract.Field{Name: group + attribute.Key, Value: value.String()})
	}
	if attribute.Key != "" {
		group += attribute.Key + "."
	}
	for _, member := range value.Group() {
		fields = with(fields, group, member)
	}
	return fields
}

func level(level slog.Level) contract.Level {
	switch {
	case level < slog.LevelInfo:
		return contract.LevelDebug
	case level < slog.LevelWarn:
		return contract.LevelInfo
	case level < slog.LevelError:
		return contract.LevelWarn
	default:
		return contract.LevelError
	}
}
