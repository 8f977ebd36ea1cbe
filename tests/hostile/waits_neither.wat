;; A timeout that is neither there nor not.
(import "orbital:test/deliveries@0.1.0" "wait-for" (func $wait (param i32 i32 i32 i32 i32)))
(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (call $wait (i32.const 16) (i32.const 6) (i32.const 2) (i32.const 0) (i32.const 200))
  (i32.const 112))
