"""test/unmeasured.txt, and how env/unmeasured.py chooses what is in it."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from support import ROOT
from support.measuring import is_unmeasured, listed
from support.scripts import script

SECONDS = {'a::fast': 0.1, 'a::slow': 2.0, 'a::more[1]': 3.0, 'a::more[2]': 1.0, 'a::same': 1.0}


@pytest.fixture(scope='module')
def tool() -> ModuleType:
    """Return env/unmeasured.py."""
    return script('unmeasured')


def lines(*numbers: int) -> set[tuple[int, int, int]]:
    """Return lines of one file."""
    return {(1, number, number + 1) for number in numbers}


def test_what_is_listed_is_there() -> None:
    """A test that is gone, or has another name, is not in the list."""
    gone = []
    for name in listed():
        file, _, function = name.partition('[')[0].partition('::')
        text = (ROOT / file).read_text(encoding='utf-8') if (ROOT / file).exists() else ''
        if not re.search(rf'^def {function}\(', text, re.MULTILINE):
            gone.append(name)
    assert not gone, 'not in the tests any more: take them out of test/unmeasured.txt'
    assert len(listed()) > 100


def test_a_function_that_is_listed_has_all_its_cases_there() -> None:
    """A name stands for itself and its cases, a case for itself alone."""
    function = next(name for name in listed() if '[' not in name)
    case = next(name for name in listed() if '[' in name)
    assert is_unmeasured(function) and is_unmeasured(f'{function}[x]')
    assert is_unmeasured(case) and not is_unmeasured(case.partition('[')[0])


def test_the_least_time_for_the_most_lines(tool: ModuleType) -> None:
    """Nothing is reached less, of tests that reach the same the shortest is measured."""
    reached = {
        '': lines(0),
        'a::fast': lines(0, 1, 2),
        'a::slow': lines(1, 2, 3, 4),
        'a::more[1]': lines(*range(10, 30)),
        'a::more[2]': lines(*range(10, 30)),
        'a::same': lines(1),
    }
    assert tool.choose(reached, SECONDS, 0.0) == {'a::fast', 'a::slow', 'a::more[2]'}
    # Two lines in two seconds.
    assert tool.choose(reached, SECONDS, 1.5) == {'a::fast', 'a::more[2]'}


def test_functions_are_listed_and_long_cases(tool: ModuleType) -> None:
    """What reaches nothing at all is listed too; cases of a function that is measured, if long."""
    assert tool.listed(SECONDS, {'a::fast', 'a::more[2]'}, SECONDS) == [
        'a::more[1]',
        'a::same',
        'a::slow',
    ]
    assert tool.listed(SECONDS, {'a::more[1]'}, {**SECONDS, 'a::more[2]': 0.1}) == [
        'a::fast',
        'a::same',
        'a::slow',
    ]
