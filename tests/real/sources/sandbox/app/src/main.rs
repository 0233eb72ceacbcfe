// Runs JavaScript in a sandbox that is somebody else's component; it may call the tools of a third.
wit_bindgen::generate!({
    inline: "
        package hyperlight:sandbox;
        interface executor {
          record execution-result { stdout: string, stderr: string, exit-code: s32 }
          run: func(code: string) -> execution-result;
        }
        world app { import executor; }
    ",
});

use hyperlight::sandbox::executor::run;

fn main() {
    for code in [
        "console.log('Hello', [1, 2, 3].map(x => x * x).join())",
        "console.log(JSON.stringify(call_tool('echo', {text: 'Wörld 🎉'})))",
        "try { call_tool('other', {}) } catch (error) { console.log(String(error)) }",
        "throw new Error('thrown')",
        "console.log(1 +",
    ] {
        let result = run(code);
        println!("{}: {:?} {:?}", result.exit_code, result.stdout, result.stderr);
    }
}
