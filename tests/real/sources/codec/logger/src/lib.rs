wit_bindgen::generate!({
    inline: "
        package wasi:logging;
        interface logging {
          enum level { trace, debug, info, warn, error, critical }
          log: func(level: level, context: string, message: string);
        }
        world logger { export logging; }
    ",
});

use exports::wasi::logging::logging::{Guest, Level};

struct Logger;

impl Guest for Logger {
    fn log(level: Level, context: String, message: String) {
        println!("{level:?} {context}: {message}");
    }
}

export!(Logger);
