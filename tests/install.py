"""A folder of tools, made once: what tests/tools.py and bench/tools.py have in common."""

import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import venv


def link_binary(folder, name, path):
    """The package's binary, of which `path` is in site-packages, in place of its wrapper in Python."""
    found = list(folder.glob(f"lib/python3*/site-packages/{path}"))
    if not found:
        raise RuntimeError(f"the package of {name} has no {path} for this machine")
    binary = found[0]
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    link = folder / "bin" / name
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(binary, link.parent))
    subprocess.run([link, "--version"], check=True, stdout=subprocess.DEVNULL)


def install_packages(folder, requirements, binaries):
    """A virtual environment with what the file pins, as wheels."""
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--only-binary", ":all:", "--requirement", requirements], check=True)
    for name, path in binaries.items():
        link_binary(folder, name, path)


def install_once(script, what, pins, install):
    """Makes the folder that the command line names by install(folder), unless it is there and was made by the same scripts
    from the same pins, which are bytes. The exit status."""
    parser = argparse.ArgumentParser(description=f"Puts {what} into one folder.")
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder.absolute()
    scripts = pathlib.Path(script).read_bytes() + pathlib.Path(__file__).read_bytes()
    wanted = hashlib.sha256(scripts + pins + sys.version.encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Two builds may want the folder at the same time.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "stamp"
        if stamp.is_file() and stamp.read_text() == wanted:
            return 0
        print(f"installing {what} into {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            install(folder)
        except (subprocess.CalledProcessError, RuntimeError, OSError, StopIteration) as error:
            print(f"{os.path.basename(os.path.dirname(script))}/tools.py: cannot install {what}: {error}", file=sys.stderr)
            return 1
        stamp.write_text(wanted)
    return 0
