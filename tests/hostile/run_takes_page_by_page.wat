(func (export "orbital:test/suite@0.1.0#run") (param i32 i32) (result i32)
  (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
  (i32.const 112))
