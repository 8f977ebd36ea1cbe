;; Never gets as far as being asked for its cases.
(func $start (loop $again (br $again)))
(start $start)
