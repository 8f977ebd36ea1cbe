;; All that an address can reach, declared and never touched.
(memory (export "memory") 65536)
