;; Gives as long a reason as it can, and traps.
(import "orbital:test/verdict@0.1.0" "fail" (func $fail (param i32 i32)))
(func (export "orbital:test/suite@0.1.0#cases") (result i32)
  (memory.fill (i32.const 4096) (i32.const 27) (i32.const 200000))
  (call $fail (i32.const 4096) (i32.const 200000))
  (unreachable))
