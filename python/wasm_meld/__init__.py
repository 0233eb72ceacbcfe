"""Where the `meld` command is that this package brings, for programs that run it.

    subprocess.run([wasm_meld.command(), "fuse", "app.wasm", "-o", "app.core.wasm"], check=True)
"""

import importlib.metadata
import os
import pathlib
import sys

__all__ = ["command", "main"]


def command():
    """The path of the command: where it was installed, or beside a package that `pip install --target` put here."""
    candidates = [pathlib.Path(__file__).parents[1] / "bin/meld"]
    try:
        files = importlib.metadata.distribution("wasm-meld").files or []
        candidates[:0] = [pathlib.Path(file.locate()) for file in files if file.name == "meld"]
    except importlib.metadata.PackageNotFoundError:
        pass
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return os.path.realpath(candidate)
    raise FileNotFoundError(f"there is no meld at {', '.join(map(str, candidates))}; was wasm-meld installed as a whole?")


def main():
    """Takes the place of this process."""
    path = command()
    os.execv(path, ["meld", *sys.argv[1:]])
