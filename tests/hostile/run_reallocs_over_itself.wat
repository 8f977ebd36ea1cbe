;; Gives the host the place where its own code keeps what it answers.
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 112))
