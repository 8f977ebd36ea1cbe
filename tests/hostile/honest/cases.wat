;; One case, `attack`, that is run by hand: its name at 16, the record at 32, the list at 96.
(data (i32.const 16) "attack")
(data (i32.const 32)
  "\10\00\00\00" "\06\00\00\00"                                   ;; name
  "\02\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00" ;; schedule: manual
  "\00\00\00\00" "\00\00\00\00"                                   ;; timeout: none
  "\00\00\00\00" "\00\00\00\00"                                   ;; tags: none
  "\00\00\00\00" "\00\00\00\00"                                   ;; retry: none
  "\0a\00\00\00")                                                 ;; runs in flight: 10
(data (i32.const 96) "\20\00\00\00" "\01\00\00\00")
(func (export "orbital:test/suite@0.1.0#cases") (result i32) (i32.const 96))
