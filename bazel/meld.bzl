"""Fusing components as a step of a build.

    load("@meld//bazel:meld.bzl", "meld_fuse")

    meld_fuse(
        name = "shop",
        srcs = ["app.wasm", "store.wasm"],
        out = "shop.core.wasm",
        options = ["--strip"],
    )

The command is built from its sources, for the machine that runs the step. The step sees its inputs and nothing else, and the
same inputs give the same bytes, so that it can run elsewhere, and its output be taken from a cache.
"""

def _meld_fuse_impl(ctx):
    output = ctx.outputs.out or ctx.actions.declare_file(ctx.label.name + ".wasm")
    arguments = ctx.actions.args()
    arguments.add("fuse")
    arguments.add_all(ctx.attr.options)
    named = []
    for target, name in ctx.attr.named.items():
        files = target.files.to_list()
        if len(files) != 1:
            fail("%s is %d files, where --name takes one" % (target.label, len(files)), attr = "named")
        arguments.add(files[0], format = "--name=" + name.replace("%", "%%") + "=%s")
        named.append(files[0])
    arguments.add("-o", output)
    arguments.add("--")
    arguments.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._meld,
        arguments = [arguments],
        inputs = ctx.files.srcs + named,
        outputs = [output],
        mnemonic = "MeldFuse",
        progress_message = "Fusing %s" % ctx.label,
    )
    return [DefaultInfo(files = depset([output]))]

meld_fuse = rule(
    implementation = _meld_fuse_impl,
    doc = "Fuses components into one core module, or as `options` say.",
    attrs = {
        "srcs": attr.label_list(
            doc = "Components, or a script *.wac; the outputs of other steps too.",
            allow_files = [".wasm", ".wac"],
            mandatory = True,
        ),
        "named": attr.label_keyed_string_dict(
            doc = "Further components and what they are called, as --name says it: packages of a script, for instance.",
            allow_files = [".wasm"],
        ),
        "out": attr.output(doc = "What is made; NAME.wasm unless it is given."),
        "options": attr.string_list(doc = "Further options of `meld fuse`."),
        "_meld": attr.label(
            default = Label("//:meld"),
            executable = True,
            cfg = "exec",
        ),
    },
)
