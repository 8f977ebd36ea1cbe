;; A reason that is no text.
(data (i32.const 112) "\01\00\00\00" "\80\00\00\00" "\04\00\00\00")
(data (i32.const 128) "\ff\fe\fd\fc")
