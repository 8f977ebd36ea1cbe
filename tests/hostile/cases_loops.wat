(func (export "orbital:test/suite@0.1.0#cases") (result i32) (loop $again (br $again)) (unreachable))
