#!/usr/bin/env python3
"""libmeld in Python, by ctypes: components in, one core module out.

    python fuse.py shop.wasm store.wasm out.wasm

The library is looked for where the system has its libraries; LIBMELD names another one.
"""

import ctypes
import ctypes.util
import os
import pathlib
import sys

DONE = 0
NO_INDEX = 2**32 - 1
REPORT_COUNT = 4


class Options(ctypes.Structure):
    _fields_ = [
        ("output", ctypes.c_int),
        ("strip", ctypes.c_bool),
        ("keep_debug", ctypes.c_bool),
        ("validate", ctypes.c_bool),
        ("simd", ctypes.c_int),
        ("threads", ctypes.c_uint),
        ("producers", ctypes.c_int),
        ("reports", ctypes.c_int * REPORT_COUNT),
        ("why", ctypes.c_char_p),
        ("allocate", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("user", ctypes.c_void_p),
    ]


class Place(ctypes.Structure):
    _fields_ = [
        ("what", ctypes.c_char_p),
        ("index", ctypes.c_uint32),
        ("is_identifier", ctypes.c_bool),
        ("name", ctypes.c_char * 128),
    ]


class Text(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("size", ctypes.c_size_t), ("block", ctypes.c_void_p)]


class Result(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("reports", Text * REPORT_COUNT),
        ("input", ctypes.c_uint32),
        ("offset", ctypes.c_size_t),
        ("path", ctypes.c_char * 1024),
        ("message", ctypes.c_char * 1024),
        ("hint", ctypes.c_char * 512),
        ("places", Place * 128),
        ("place_count", ctypes.c_uint32),
        ("release", ctypes.c_void_p),
        ("user", ctypes.c_void_p),
        ("block", ctypes.c_void_p),
    ]


class Input(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Composition(ctypes.Structure):
    _fields_ = [
        ("inputs", ctypes.POINTER(Input)),
        ("input_count", ctypes.c_size_t),
        ("wires", ctypes.c_void_p),
        ("wire_count", ctypes.c_size_t),
        ("script", ctypes.c_char_p),
        ("script_size", ctypes.c_size_t),
        ("adapters", ctypes.POINTER(Input)),
        ("adapter_count", ctypes.c_size_t),
    ]


class MeldError(Exception):
    """What meld says of the input at fault."""

    def __init__(self, status, name, message):
        super().__init__(f"{name}: {message}" if name else message)
        self.status = status


def load():
    library = ctypes.CDLL(os.environ.get("LIBMELD") or ctypes.util.find_library("meld") or "libmeld.so.0.1")
    library.meld_default_options.restype = Options
    library.meld_fuse_all.argtypes = [ctypes.POINTER(Options), ctypes.POINTER(Composition), ctypes.POINTER(Result)]
    library.meld_result_free.argtypes = [ctypes.POINTER(Result)]
    library.meld_result_free.restype = None
    return library


def fuse(library, components):
    """One core module of `components`, which are names with their bytes."""
    inputs = (Input * len(components))(*(Input(name.encode(), data, len(data)) for name, data in components))
    options = library.meld_default_options()
    options.strip = True
    result = Result()
    composition = Composition(inputs, len(components), None, 0, None, 0, None, 0)
    status = library.meld_fuse_all(options, composition, result)
    try:
        if status == DONE:
            return ctypes.string_at(result.data, result.size)
        name = None if result.input == NO_INDEX else components[result.input][0]
        raise MeldError(status, name, result.message.decode())
    finally:
        library.meld_result_free(result)


def main():
    if len(sys.argv) < 3:
        print(f"usage: {sys.argv[0]} INPUT... OUTPUT", file=sys.stderr)
        return 2
    *inputs, output = sys.argv[1:]
    try:
        module = fuse(load(), [(name, pathlib.Path(name).read_bytes()) for name in inputs])
    except MeldError as error:
        print(error, file=sys.stderr)
        return error.status
    pathlib.Path(output).write_bytes(module)
    return 0


if __name__ == "__main__":
    sys.exit(main())
