;; A name that begins in the memory and ends beyond it.
(data (i32.const 16) "attack")
(data (i32.const 32) "\10\00\00\00\ff\ff\ff\7f\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00")
(data (i32.const 96) "\20\00\00\00\01\00\00\00")
(func (export "orbital:test/suite@0.1.0#cases") (result i32) (i32.const 96))
