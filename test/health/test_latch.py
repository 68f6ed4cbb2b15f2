"""Hysteresis in time: no flapping, and no lasting condition is missed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import steady

from vprtempo_ros.health.latch import Latch

# Steps of an eighth of a second: sums of them are exact.
STEPS = st.lists(st.tuples(st.integers(1, 24), st.booleans()), max_size=200)
TIMES = st.integers(0, 40)


def run(
    steps: list[tuple[int, bool]], raise_after: float, clear_after: float
) -> list[tuple[float, bool, bool]]:
    """Return time, condition and what is raised after each observation."""
    latch, now, seen = Latch(), 0.0, []
    for step, holds in steps:
        now += step / 8
        seen.append((now, holds, latch.update(now, holds, raise_after, clear_after)))
    return seen


@steady
@given(STEPS, TIMES, TIMES)
def test_changes_are_at_least_the_given_times_apart(
    steps: list[tuple[int, bool]], raise_units: int, clear_units: int
) -> None:
    """However often the condition changes."""
    raise_after, clear_after = raise_units / 8, clear_units / 8
    previous, changes = False, []
    for now, _, raised in run(steps, raise_after, clear_after):
        if raised != previous:
            changes.append((now, raised))
        previous = raised
    for (before, _), (after, raised) in pairwise(changes):
        assert after - before >= (raise_after if raised else clear_after)


@steady
@given(STEPS, TIMES, TIMES)
def test_lasting_conditions_are_raised_and_short_ones_are_not(
    steps: list[tuple[int, bool]], raise_units: int, clear_units: int
) -> None:
    """A condition seen without a break for its time has changed the level, and nothing else has."""
    raise_after, clear_after = raise_units / 8, clear_units / 8
    since, lasting, previous = 0.0, False, False
    for now, holds, raised in run(steps, raise_after, clear_after):
        if holds != lasting or now == since:
            since, lasting = now, holds
        needed = raise_after if holds else clear_after
        if now - since >= needed:
            assert raised == holds
        if raised != previous:
            assert raised == holds
            assert now - since >= needed
        previous = raised


@pytest.mark.parametrize(('holds', 'gone'), [(False, 1.5), (True, 0.0)])
def test_time_since_the_condition_ended(holds: bool, gone: float) -> None:
    """While it is raised and no longer holds, `gone` is for how long."""
    latch = Latch()
    latch.update(10.0, True, 0.0, 5.0)
    latch.update(11.0, holds, 0.0, 5.0)
    assert latch.update(12.5, holds, 0.0, 5.0)
    assert latch.gone == gone
