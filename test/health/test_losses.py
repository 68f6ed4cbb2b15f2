"""Frames that are missing between stamps."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.health.losses import StampGaps

SECOND = 10**9


def missing(stamps: list[float]) -> int:
    """Return how many are missing between stamps in seconds."""
    gaps = StampGaps()
    for stamp in stamps:
        gaps.add(round(stamp * SECOND))
    return gaps.missing


@pytest.mark.parametrize('rate', [1.0, 10.0, 30.0])
def test_each_frame_that_is_left_out_counts(rate: float) -> None:
    """With jitter, one or several in a row, by any rate."""
    rng = np.random.default_rng(0)
    stamps = np.arange(100) / rate + rng.normal(0.0, 0.1 / rate, 100)
    assert missing(stamps.tolist()) == 0
    left = np.delete(stamps, [30, 50, 51, 70])
    assert missing(left.tolist()) == 4


def test_what_is_no_loss() -> None:
    """A pause, a jump back, a new rate and frames without stamps."""
    steady = [n * 0.1 for n in range(40)]
    assert missing([*steady, *(n * 0.1 + 100.0 for n in range(40))]) == 0
    assert missing([*steady, *steady]) == 0
    assert missing([0.0] * 50) == 0
    assert missing([n * 0.1 for n in range(5)] + [0.9]) == 0
    # The slower rate is counted as losses until it is the common one.
    assert missing([*steady, *(4.0 + n * 0.2 for n in range(200))]) < 20
