(module (import "command-adapter" "exit_with" (func (param i32))))
