;; A reason that ends beyond the memory.
(data (i32.const 112) "\01\00\00\00" "\00\10\00\00" "\ff\ff\ff\ff")
