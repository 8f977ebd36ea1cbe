;; What an honest test has. A part is added to each attack that has not its own.
(memory (export "memory") 4)
