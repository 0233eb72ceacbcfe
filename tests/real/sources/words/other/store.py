"""The resource of the interface `store`."""

from collections import Counter

from componentize_py_types import Err
from wit_world.exports import store


class Dictionary(store.Dictionary):
    def __init__(self, name):
        self.name = name
        self.counts = Counter()

    def add(self, word):
        if not word:
            raise Err(f"{self.name} takes no empty words")
        self.counts[word] += 1
        return self.counts[word]

    def words(self):
        return sorted(self.counts.items())

    @classmethod
    def merge(cls, a, b):
        merged = cls(f"{a.name}+{b.name}")
        merged.counts = a.counts + b.counts
        return merged
