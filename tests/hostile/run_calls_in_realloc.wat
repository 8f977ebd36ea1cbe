;; Calls the host while the host waits for room.
(import "orbital:test/clock@0.1.0" "sleep" (func $sleep (param i32)))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $sleep (i32.const -1)) (i32.const 4096))
