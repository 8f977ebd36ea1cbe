;; A hundred cases whose names are the same megabyte.
(memory (export "memory") 64)
(func $start (local $at i32)
  (memory.fill (i32.const 65536) (i32.const 120) (i32.const 1048576))
  (local.set $at (i32.const 4096))
  (loop $again
    (i32.store (local.get $at) (i32.const 65536))
    (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 1048576))
    (local.set $at (i32.add (local.get $at) (i32.const 60)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 10096)))))
(start $start)
(data (i32.const 96) "\00\10\00\00" "\64\00\00\00")
(func (export "orbital:test/suite@0.1.0#cases") (result i32) (i32.const 96))
