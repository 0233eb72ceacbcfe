wit_bindgen::generate!({ world: "greeter", path: "wit" });

fn main() {
    for name in ["World", "Wörld", "", "日本 🎉"] {
        println!("{}", hello(name));
    }
}
