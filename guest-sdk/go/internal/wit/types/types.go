// Package wit_types has the types of the component model that Go itself has not. The generated bindings use
// them, so their names are the generator's.
package wit_types

// Unit is the value of a result that has none.
type Unit struct{}

// Tuple2 is a pair.
type Tuple2[A, B any] struct {
	F0 A
	F1 B
}

// The tags of an Option.
const (
	OptionNone uint8 = iota
	OptionSome
)

// Option is a value that may be missing.
type Option[V any] struct {
	value V
	tag   uint8
}

// None is a missing value.
func None[V any]() Option[V] { return Option[V]{} }

// Some is a value that is there.
func Some[V any](value V) Option[V] { return Option[V]{value: value, tag: OptionSome} }

// Tag says whether there is a value.
func (o Option[V]) Tag() uint8 { return o.tag }

// Some is the value; there must be one.
func (o Option[V]) Some() V {
	if o.tag != OptionSome {
		panic("there is no value")
	}
	return o.value
}

// The tags of a Result.
const (
	ResultOk uint8 = iota
	ResultErr
)

// Result is a value, or the reason why there is none.
type Result[V, E any] struct {
	value  V
	reason E
	tag    uint8
}

// Ok is a value.
func Ok[V, E any](value V) Result[V, E] { return Result[V, E]{value: value, tag: ResultOk} }

// Err is the reason why there is no value.
func Err[V, E any](reason E) Result[V, E] { return Result[V, E]{reason: reason, tag: ResultErr} }

// Tag says which of the two it is.
func (r Result[V, E]) Tag() uint8 { return r.tag }

// Ok is the value; there must be one.
func (r Result[V, E]) Ok() V {
	if r.tag != ResultOk {
		panic("the result is an error")
	}
	return r.value
}

// Err is the reason; there must be one.
func (r Result[V, E]) Err() E {
	if r.tag != ResultErr {
		panic("the result is a value")
	}
	return r.reason
}
