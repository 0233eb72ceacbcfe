wit_bindgen::generate!({
    inline: "
        package hyperlight:sandbox;
        interface tools {
          dispatch: func(name: string, args-json: string) -> result<string, string>;
        }
        world toolbox { export tools; }
    ",
});

use exports::hyperlight::sandbox::tools::Guest;

struct Tools;

impl Guest for Tools {
    fn dispatch(name: String, args_json: String) -> Result<String, String> {
        match name.as_str() {
            "echo" => Ok(args_json),
            _ => Err(format!("no tool {name}")),
        }
    }
}

export!(Tools);
