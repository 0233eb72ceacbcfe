"""Times the variants of one case beside each other, and checks what each of them gives.

Every round runs every variant once, so that what disturbs the machine disturbs all, each time in another order, so that
no variant always runs after the same one; a round is short, so that in some of them nothing disturbs it. A variant's
figure is the least of its rounds, less what an empty run takes, per call; a ratio's spread is that of the ratios within
the rounds, from the first to the third quartile.

Provides  time_case(), least(), spread(), ratio()
"""

import random
import statistics

from engines import CannotRun, Runners
from variants import Failed

CHECKS = (0, 1, 2, 3, 7, 100, 1000)  # counts for which a result is compared with the model
# What others make, and what is in C with vectors, which a machine may lack.
MAY_FAIL = (("wasmtime", "peer"), ("V8", "peer"), ("native", "peer"), ("V8", "unfused"), ("native", "hand"), ("native", "simd"))


class Wrong(Exception):
    """A variant gives another result than the model."""


def check(case, runner):
    for n in CHECKS:
        _, got = runner.run(n)
        if got != case.expected(n):
            raise Wrong(f"a wrong result: run({n}) gave {got}, not {case.expected(n)}")


def calibrate(runner, target):
    """How many calls take about `target` seconds, once the engine has compiled what it wants to."""
    n = 1
    while True:
        seconds = min(runner.run(n)[0] for _ in range(5))
        if seconds >= target / 4:
            break
        n *= 4
    spent = 0.0
    while spent < 25 * target:
        spent += runner.run(n)[0]
    seconds = min(runner.run(n)[0] for _ in range(3))
    return min(max(1, round(n * target / seconds)), 1 << 31)


def prepare(case, runners, target):
    """Checks and calibrates. Gives the variants to time with their counts, and the reasons why others can't be."""
    counts, reasons = {}, dict(runners.refused)
    for variant, runner in runners.runners.items():
        try:
            check(case, runner)
            counts[variant] = calibrate(runner, target)
        except (CannotRun, Wrong) as why:
            reasons[variant] = str(why)
    for variant, reason in reasons.items():
        if (variant.engine, variant.form) not in MAY_FAIL:
            raise Failed(f"{case.name}: {variant.engine} {variant.form}: {reason}")
    return counts, reasons


def time_rounds(case, runners, counts, rounds):
    """Nanoseconds per call, by variant, one for each round. The floor says what each count has to give."""
    floor = next(variant for variant in counts if variant.form == "floor")
    expected = {n: runners.runners[floor].run(n)[1] for n in set(counts.values())}
    empty = {variant: min(runners.runners[variant].run(0)[0] for _ in range(20)) for variant in counts}
    times = {variant: [] for variant in counts}
    order, shuffler = list(counts.items()), random.Random(0)
    for _ in range(rounds):
        shuffler.shuffle(order)
        for variant, n in order:
            seconds, got = runners.runners[variant].run(n)
            if got != expected[n]:
                raise Failed(f"{case.name}: {variant.engine} {variant.form}: run({n}) gave {got}, not {expected[n]}")
            times[variant].append(max(seconds - empty[variant], 0.0) / n * 1e9)
    return times


def time_case(tools, case, variants, rounds, target):
    """The results of a case, as they go into the JSON: nanoseconds or a reason, by engine and form."""
    with Runners(tools, variants) as runners:
        counts, reasons = prepare(case, runners, target)
        times = time_rounds(case, runners, counts, rounds)
    result = {}
    for variant in variants:
        entry = {"ns": times[variant]} if variant in times else {"reason": reasons[variant]}
        result.setdefault(variant.engine, {})[variant.form] = entry
    return result


def least(entry):
    return min(entry["ns"])


def spread(entry):
    """How far the median is above the least, as a part of it."""
    return statistics.median(entry["ns"]) / max(least(entry), 1e-9) - 1


def ratio(entry, other):
    """(ratio of the least, first and third quartile of the ratios within rounds)"""
    pairs = [a / max(b, 1e-9) for a, b in zip(entry["ns"], other["ns"])]
    quartiles = statistics.quantiles(pairs, n=4, method="inclusive") if len(pairs) > 1 else pairs * 3
    return least(entry) / max(least(other), 1e-9), quartiles[0], quartiles[2]
