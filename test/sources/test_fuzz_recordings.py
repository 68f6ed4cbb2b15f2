"""A few damaged recordings of every container; `fuzz_recordings.py` makes any number."""

from __future__ import annotations

import pytest
from fuzz_recordings import fuzz


@pytest.mark.long
def test_damaged_recordings_end_in_frames_or_one_line() -> None:
    """No other error, and no hang."""
    counts = fuzz(60.0, seed=1, most=300)
    assert sum(counts.values()) > 100
    assert any('frames' in what for what in counts)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_many_damaged_recordings() -> None:
    """The same, at length; docs/recordings.md has the number of the longest run."""
    assert sum(fuzz(900.0, seed=2, most=5_000).values()) > 2_000
