"""Some of many, evenly spread."""

from __future__ import annotations

import numpy as np

from ..arrays import Indices


def evenly_spread(count: int, most: int) -> Indices:
    """Return up to `most` of the numbers 0 to `count` - 1, int64, from the first to the last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
