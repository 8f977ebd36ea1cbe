;; A hundred thousand cases, all at the same place but for the list: 6 MB of zeros, whose names are empty.
(memory (export "memory") 128)
(data (i32.const 96) "\00\10\00\00" "\a0\86\01\00")
(func (export "orbital:test/suite@0.1.0#cases") (result i32) (i32.const 96))
