;; Asks for all at once, and goes on if it is refused.
(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 60000)))
  (i32.const 112))
