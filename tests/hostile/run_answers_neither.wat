;; A result that is neither good nor bad.
(data (i32.const 112) "\02")
