// Package equal compares what a test got with what it wants.
package equal

import (
	"encoding/json"
	"math/big"
	"reflect"
)

// Values says whether two values are equal. As reflect.DeepEqual, but a number is equal to the same number of
// another type, and a value to the same value of a named type or in an interface: JSON that was read into an `any`
// has other types than what a test writes down.
func Values(left, right any) bool {
	return reflect.DeepEqual(left, right) || values(reflect.ValueOf(left), reflect.ValueOf(right))
}

func values(left, right reflect.Value) bool {
	left, right = inside(left), inside(right)
	if !left.IsValid() || !right.IsValid() {
		return isNil(left) && isNil(right)
	}
	if leftNumber, isNumber := number(left); isNumber {
		rightNumber, isNumber := number(right)
		return isNumber && leftNumber.Cmp(rightNumber) == 0
	}
	if left.Kind() != right.Kind() {
		return isList(left) && isList(right) && lists(left, right)
	}
	switch left.Kind() {
	case reflect.Bool:
		return left.Bool() == right.Bool()
	case reflect.String:
		return left.String() == right.String()
	case reflect.Slice, reflect.Array:
		return lists(left, right)
	case reflect.Map:
		return maps(left, right)
	default:
		return left.CanInterface() && right.CanInterface() && reflect.DeepEqual(left.Interface(), right.Interface())
	}
}

// inside is the value in an interface.
func inside(value reflect.Value) reflect.Value {
	for value.IsValid() && value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	return value
}

func isNil(value reflect.Value) bool {
	if !value.IsValid() {
		return true
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return value.IsNil()
	}
	return false
}

// number is the exact value of a number of any type. NaN is none: it is equal to nothing.
func number(value reflect.Value) (*big.Float, bool) {
	switch {
	case value.CanInt():
		return new(big.Float).SetInt64(value.Int()), true
	case value.CanUint():
		return new(big.Float).SetUint64(value.Uint()), true
	case value.CanFloat():
		if float := value.Float(); float == float {
			return big.NewFloat(float), true
		}
	case value.Type() == reflect.TypeFor[json.Number]():
		parsed, _, err := big.ParseFloat(value.String(), 10, 64, big.ToNearestEven)
		return parsed, err == nil
	}
	return nil, false
}

func isList(value reflect.Value) bool {
	return value.Kind() == reflect.Slice || value.Kind() == reflect.Array
}

func lists(left, right reflect.Value) bool {
	if left.Len() != right.Len() || isNil(left) != isNil(right) {
		return false
	}
	for index := range left.Len() {
		if !values(left.Index(index), right.Index(index)) {
			return false
		}
	}
	return true
}

func maps(left, right reflect.Value) bool {
	if left.Len() != right.Len() || left.IsNil() != right.IsNil() || left.Type().Key() != right.Type().Key() {
		return false
	}
	for entries := left.MapRange(); entries.Next(); {
		other := right.MapIndex(entries.Key())
		if !other.IsValid() || !values(entries.Value(), other) {
			return false
		}
	}
	return true
}
