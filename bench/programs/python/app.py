"""A program in Python that has the component of ../regex find: how often each word is in a text, and its numbers added up."""

import wit_world
from wit_world.imports import patterns

SENTENCES = (
    "The boundary between two components costs {} ns, and {} of them cost more.",
    "Une chaîne de {} octets est copiée, puis vérifiée {} fois.",
    "Call {} of {}: the list is empty.",
    "Nothing to count here.",
)
LINES = 400


class WitWorld(wit_world.WitWorld):
    counted = 0

    def run(self, n: int) -> int:
        word = patterns.Pattern.compile(r"\p{L}+")
        number = patterns.Pattern.compile(r"\d+")
        vowels = patterns.Pattern.compile("[aeiouî]")
        frequencies, total = {}, 0
        for i in range(n * LINES):
            line = SENTENCES[i % len(SENTENCES)].format(i, i * 7 % 1000)
            data = line.encode()
            for span in word.find_all(line):
                found = data[span.start : span.end]
                frequencies[found] = frequencies.get(found, 0) + 1
            WitWorld.counted += 2
            if number.matches(line):
                total += sum(int(data[span.start : span.end]) for span in number.find_all(line))
                total += len(vowels.replace_all(line, ""))
                WitWorld.counted += 2
        for found, count in sorted(frequencies.items()):
            total = total * 31 + count * sum(found) & 0xFFFFFFFF
        WitWorld.counted += 6  # compiled, and dropped
        return total & 0xFFFFFFFF

    def calls(self) -> int:
        return WitWorld.counted
