"""
The loops of the Bayes filter in NumPy, for small maps.

They do the same as the compiled ones in `kernels.py`, which are faster on large maps but take a
second to import. Results agree but for rounding.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Floats, Indices
from ..stages import Scores

# Statistics of few places are noise: this number of places with the expected values is added.
PRIOR_PLACES = 10.0

# Scores are clipped to this before they are correlated: the right places stand out, and on a
# small map one of them would dominate the correlation.
ORDINARY = np.float32(2.0)

# Places further apart than this are independent.
REACH = 4

# Maximum evidence for or against a single place in a single frame (a log ratio).
SUREST = np.float32(20.0)


def move(
    belief: Floats, bounds: Indices, first: Indices, taps: Floats, moved: Floats, total: Scores
) -> None:
    """Move the belief of each speed, and sum it over the speeds; as `kernels.move`."""
    shifts = first[:, None] + np.arange(taps.shape[1])
    edges = bounds.tolist()
    for begin, end in zip(edges, edges[1:]):
        places = end - begin
        sources = _shifted(belief[:, begin:end], np.minimum(np.maximum(shifts, -places), places))
        np.matmul(taps[:, None], sources, out=moved[:, None, begin:end])
    moved.sum(axis=0, out=total)


def correlate(scores: Scores, before: Scores, shifts: Indices, result: Floats) -> None:
    """Correlate scores with shifted earlier ones; as `kernels.correlate`."""
    places = len(scores)
    now, then = np.minimum(np.maximum((scores, before), -ORDINARY), ORDINARY)
    found: dict[int, float] = {}
    # Several speeds come to the same place.
    for speed, shift in enumerate(shifts.tolist()):
        if shift not in found:
            low, high = max(0, shift), min(places, places + shift)
            if low < high:
                one, other = now[low:high], then[low - shift : high - shift]
                squares = (float(one @ one) + 1e-12) * (float(other @ other) + 1e-12)
                shrunk = (high - low) / (high - low + PRIOR_PLACES)
                found[shift] = shrunk * float(one @ other) / math.sqrt(squares)
            else:
                found[shift] = 0.0
        result[speed] = found[shift]


def concentration(belief: Scores, scores: Scores) -> float:
    """Return how concentrated a belief is; as `kernels.concentration`."""
    places = len(belief)
    clipped = np.minimum(np.maximum(scores, -ORDINARY), ORDINARY)
    power = float(clipped @ clipped) + 1e-12
    total = float(belief @ belief)
    for lag in range(1, min(REACH, places - 1) + 1):
        correlation = float(clipped[: places - lag] @ clipped[lag:]) / power
        if correlation > 0.0:
            total += 2.0 * correlation * float(belief[: places - lag] @ belief[lag:])
    return total / (float(belief.sum()) + 1e-12) ** 2


def log_ratios(
    scores: Scores, centre: np.float32, gains: Floats, penalties: Floats, out: Floats
) -> None:
    """Set the log ratios of correct to wrong for each speed; as `kernels.log_ratios`."""
    np.multiply.outer(gains, scores - centre, out=out)
    out -= penalties[:, np.newaxis]
    np.minimum(np.maximum(out, -SUREST, out=out), SUREST, out=out)


def weigh(
    moved: Floats,
    ratios: Floats,
    stay: np.float32,
    mix: np.float32,
    arrive: np.float32,
    prior: Floats,
    occluded: np.float32,
    total: Scores,
    speeds: Floats,
) -> None:
    """Change speeds, let belief arrive, and weigh by the ratios; as `kernels.weigh`."""
    moved *= stay
    moved += np.multiply.outer(prior, mix * total + arrive)
    moved *= occluded + (np.float32(1.0) - occluded) * ratios
    moved.sum(axis=0, out=total)
    moved.sum(axis=1, out=speeds)


def _shifted(rows: Floats, shifts: Indices) -> Floats:
    """
    Return float32 (rows, shifts, places): rows[j, p - shifts[j, k]] at [j, k, p], 0 off the map.

    Shifts int64 (rows, shifts) are at most the number of places.
    """
    count, places = rows.shape
    reach = int(np.abs(shifts).max(initial=0))
    padded = np.zeros((count, places + 2 * reach), np.float32)
    padded[:, reach : reach + places] = rows
    step, item = padded.strides
    # A view whose row [j, r] begins at padded[j, r]; sliding_window_view takes longer.
    windows: Floats = np.ndarray(
        (count, 2 * reach + 1, places), np.float32, padded, strides=(step, item, item)
    )
    return windows[np.arange(count)[:, None], reach - shifts]
