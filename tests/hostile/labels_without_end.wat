;; A million labels, all of them empty.
(import "orbital:test/metrics@0.1.0" "counter" (func $counter (param i32 i32 f64 i32 i32 i32)))
(memory (export "memory") 512)
(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (call $counter (i32.const 16) (i32.const 6) (f64.const 1) (i32.const 65536) (i32.const 1000000) (i32.const 200))
  (i32.const 112))
