;; A million keys, all of them empty.
(import "orbital:test/deliveries@0.1.0" "wait-n" (func $wait (param i32 i32 i32 i32 i32 i32)))
(memory (export "memory") 256)
(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (call $wait (i32.const 65536) (i32.const 1000000) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 200))
  (i32.const 112))
