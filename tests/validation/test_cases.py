#!/usr/bin/env python3
"""Rules of validation: a component that breaks each, with what meld says, and one like it that does not.

    python tests/validation/test_cases.py --judge build/release/tests/judge

Requires  component_cases.txt beside this file; `wasm-tools`, which assembles and does not validate.
Exit      0 all as written, 1 not, 77 when wasm-tools is not there.
"""

import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).with_name("component_cases.txt")
SKIPPED = 77
PART = re.compile(r"^(== .*|-- invalid: .*|-- valid)$", re.MULTILINE)


class Case:
    def __init__(self, rule):
        self.rule, self.message, self.texts = rule, "", {}


def read_cases(text):
    parts = PART.split(text[text.index("\n== ") :])
    cases = []
    for head, body in zip(parts[1::2], parts[2::2]):
        if head.startswith("== "):
            cases.append(Case(head[3:]))
        elif head == "-- valid":
            cases[-1].texts["valid"] = body
        else:
            cases[-1].texts["invalid"] = body
            cases[-1].message = head[len("-- invalid: ") :]
    return cases


def decode(text):
    """The bytes of `(component binary "…" …)`, which may be malformed."""
    data = b""
    for literal in re.findall(r'"([^"]*)"', text):
        for escape, other in re.findall(r"\\([0-9a-f]{2})|([^\\])", literal):
            data += bytes.fromhex(escape) if escape else other.encode()
    return data


def assemble(text, path):
    if text.lstrip().startswith("(component binary"):
        path.write_bytes(decode(text))
        return ""
    result = subprocess.run(["wasm-tools", "parse", "-", "-o", str(path)], input=text, capture_output=True, text=True, check=False)
    return result.stderr


def judge(program, paths):
    """Of each file: empty if it is accepted, or the message without its offset."""
    names = "".join(f"{path}\n" for path in paths)
    result = subprocess.run([program], input=names, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"judge: status {result.returncode}: {result.stderr}")
    lines = result.stdout.splitlines()
    if len(lines) != len(paths):
        raise RuntimeError(f"judge: {len(lines)} lines for {len(paths)} files")
    verdicts = []
    for line in lines:
        words = line.split(" ", 3)
        verdicts.append("" if words[0] == "accept" else words[3])
    return verdicts


def check_cases(cases, program, folder):
    jobs = [(case, kind, folder / f"{index}-{kind}.wasm") for index, case in enumerate(cases) for kind in ("invalid", "valid")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(lambda job: assemble(job[0].texts[job[1]], job[2]), jobs))
    failures = [f"{case.rule} ({kind}): {error}" for (case, kind, _), error in zip(jobs, errors) if error]
    good = [job for job, error in zip(jobs, errors) if not error]
    found = {}
    for (case, kind, _), verdict in zip(good, judge(program, [path for _, _, path in good])):
        expected = case.message if kind == "invalid" else ""
        if verdict != expected:
            failures.append(f"{case.rule} ({kind})\n  expected: {expected or 'accepted'}\n  got:      {verdict or 'accepted'}")
        if kind == "invalid" and verdict:
            found[case.rule] = verdict
    return failures, found


def update(text, found):
    for rule, verdict in found.items():
        head = re.compile(rf"(^== {re.escape(rule)}\n-- invalid: ).*$", re.MULTILINE)
        text = head.sub(lambda match: match.group(1) + verdict, text)
    CASES.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", required=True, help="the program made of judge.c")
    parser.add_argument("--update", action="store_true", help="write what meld says into the table")
    options = parser.parse_args()
    if not shutil.which("wasm-tools"):
        print("skipped: wasm-tools is not there")
        return SKIPPED
    text = CASES.read_text(encoding="utf-8")
    cases = read_cases(text)
    rules = [case.rule for case in cases]
    twice = {rule for rule in rules if rules.count(rule) > 1}
    if twice:
        raise RuntimeError(f"rules that are there twice: {twice}")
    with tempfile.TemporaryDirectory(prefix="cases-") as temporary:
        failures, found = check_cases(cases, options.judge, pathlib.Path(temporary))
    if options.update:
        update(text, found)
    for failure in failures:
        print(failure)
    print(f"{len(cases)} rules, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
