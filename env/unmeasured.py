#!/usr/bin/env python3
"""
Chooses the tests that `make test` need not measure: `make unmeasured` writes test/unmeasured.txt.

The tracer of coverage.py makes Python two to three times as slow, and most tests reach nothing that
others do not. This runs all tests, all of them measured, each in a context of its own, in the
processes that it starts too. Then it takes one test after another, the one first that adds most
lines and branches for its time, and lists those that are left. It takes twice as long as
`make test`; do it again when the tests have grown or coverage has sunk.

It is the plugin of pytest, too, that gives the tests their contexts and takes their times.
"""

from __future__ import annotations

import base64
import heapq
import json
import os
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / 'test' / 'unmeasured.txt'
DATA = ROOT / 'build' / 'coverage'
SECONDS = DATA / 'seconds.json'
# A test is measured that adds this many lines and branches in a second of its time, or more. With 1
# half a percent of them is not reached, and a seventh of the time is measured instead of two fifths
# that reach all (2026-11).
LEAST = 1.0
# Each test takes some time that is not its own, and single cases are listed from this time on.
OVERHEAD, CASE = 0.01, 0.5

_HEAD = """\
# Tests that `make test` runs without coverage, for they reach nothing that others do not reach in
# less time, or next to nothing. Written by `make unmeasured`: whole functions, and long cases.
"""

Line = tuple[int, int, int]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let all that a test runs have the name of the test."""
    if 'PYTEST_XDIST_WORKER' not in os.environ:
        return (yield)
    measuring = import_module('support.measuring')
    configuration = json.loads(base64.b64decode(os.environ[measuring.PROCESSES]))
    configuration['context'] = os.environ[measuring.TEST] = item.nodeid
    os.environ[measuring.PROCESSES] = base64.b64encode(json.dumps(configuration).encode()).decode()
    measuring.enter_test(item.nodeid)
    try:
        return (yield)
    finally:
        measuring.enter_test('')


_seconds: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take the time of a test, with its fixtures."""
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Write the times, where the reports of all workers arrive."""
    if 'PYTEST_XDIST_WORKER' not in os.environ:
        SECONDS.write_text(json.dumps(_seconds))


def reached() -> dict[str, set[Line]]:
    """Return what each test reached, as its file and the lines before and after; '' is imports."""
    found: dict[str, set[Line]] = defaultdict(set)
    with sqlite3.connect(DATA / 'data') as data:
        contexts = dict(data.execute('select id, context from context'))
        for number, *line in data.execute('select context_id, file_id, fromno, tono from arc'):
            # In processes: that of the process, and the one that it was switched to.
            found[contexts[number].rpartition('|')[2]].add((line[0], line[1], line[2]))
    return found


def choose(lines: dict[str, set[Line]], seconds: dict[str, float], least: float) -> set[str]:
    """Return the tests that add `least` lines a second to those chosen before, or more."""
    missing = set().union(*lines.values()) - lines.get('', set())
    total, chosen = len(missing), set()

    def rate(name: str) -> float:
        return len(lines[name] & missing) / (seconds.get(name, 0.0) + OVERHEAD)

    queue = [(-rate(name), name) for name in lines if name]
    heapq.heapify(queue)
    while queue:
        _, name = heapq.heappop(queue)
        now = rate(name)
        if queue and -now > queue[0][0]:
            heapq.heappush(queue, (-now, name))
        elif not now or now < least:
            break
        else:
            missing -= lines[name]
            chosen.add(name)
    spent = sum(seconds.get(name, 0.0) for name in chosen)
    print(
        f'{least:g} lines a second: {len(chosen)} of {len(seconds)} tests, {spent:.0f} of '
        f'{sum(seconds.values()):.0f} s; {len(missing)} of {total} lines are not reached'
    )
    return chosen


def listed(names: Iterable[str], chosen: set[str], seconds: dict[str, float]) -> list[str]:
    """Return the functions of which no case is chosen, and the long cases of others."""
    measured = {function(name) for name in chosen}
    found = set()
    for name in names:
        if function(name) not in measured:
            found.add(function(name))
        elif name not in chosen and seconds[name] >= CASE and name.isascii() and name.isprintable():
            found.add(name)
    return sorted(found)


def function(name: str) -> str:
    """Return the name of a test without its case."""
    return name.partition('[')[0]


def main() -> int:
    """Run all tests and write the list; return the exit status."""
    import covered

    os.environ['PYTHONPATH'] = os.pathsep.join((str(ROOT / 'env'), str(ROOT / 'test')))
    # Of an empty list nothing is left out.
    LIST.write_text(_HEAD)
    status, _ = covered.collected(covered.tested, '-p', 'unmeasured', *sys.argv[1:])
    # What failed has reached less than it should, and is measured at the next time too.
    if status in (0, 1):
        write()
    return status


def write() -> None:
    """Write the list from the data of all tests."""
    seconds: dict[str, Any] = json.loads(SECONDS.read_text())
    lines = reached()
    for least in (0.0, LEAST / 2, 2 * LEAST, 4 * LEAST):
        choose(lines, seconds, least)
    chosen = choose(lines, seconds, LEAST)
    LIST.write_text(_HEAD + '\n'.join(listed(seconds, chosen, seconds)) + '\n')


if __name__ == '__main__':
    sys.exit(main())
