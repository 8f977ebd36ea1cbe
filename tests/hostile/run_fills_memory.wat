;; One instruction that takes long, again and again: between them alone can it be made to yield.
(memory (export "memory") 1600)
(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (loop $again
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 104857600))
    (memory.copy (i32.const 0) (i32.const 4096) (i32.const 104853504))
    (br $again))
  (unreachable))
