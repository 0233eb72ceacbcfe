"""The world `leaf` in Python; its resource is in store.py, the module that has the name of the interface."""

from wit_world import exports


class Store(exports.Store):
    pass
