;; A reason of 64 MiB.
(memory (export "memory") 1100)
(data (i32.const 112) "\01\00\00\00" "\00\10\00\00" "\00\00\00\04")
