package orbital

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/orbital-e2e/orbital/guest-sdk/go/internal/contract"
)

// Log logs a line to the run's report, formatted like fmt.Println. The number and the size of the lines of a run are
// limited; a run that exceeds the limit ends with outcome error.
func (t *T) Log(args ...any) { t.host.Log(contract.LevelInfo, line(args), nil) }

// Logf logs a line to the run's report, formatted like fmt.Printf.
func (t *T) Logf(format string, args ...any) {
	t.host.Log(contract.LevelInfo, fmt.Sprintf(format, args...), nil)
}

// Logger returns a logger with levels and structured values, which writes to the run's report:
// t.Logger().Warn("slow", "seconds", 3). No level fails the test.
func (t *T) Logger() *slog.Logger { return slog.New(handler{host: t.host}) }

// handler writes records to the run's report.
type handler struct {
	host   contract.Host
	fields []contract.Field
	// group is the prefix of the names of fields, with a dot at its end.
	group string
}

// Enabled returns true, because the host decides which levels it shows.
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
