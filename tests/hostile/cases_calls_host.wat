;; Uses the host before there is a run.
(import "orbital:test/clock@0.1.0" "sleep" (func $sleep (param i32)))
(func (export "orbital:test/suite@0.1.0#cases") (result i32) (call $sleep (i32.const -1)) (unreachable))
