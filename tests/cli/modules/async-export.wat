;; world: count
(module (func (export "[async-lift]count") (result i32) i32.const 0) (func (export "[callback][async-lift]count") (param i32 i32 i32) (result i32) i32.const 0))
