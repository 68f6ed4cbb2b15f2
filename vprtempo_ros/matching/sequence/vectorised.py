"""
The loops of the Bayes filter in NumPy, for small maps.

They do the same as the compiled ones in `kernels.py`, which are faster on large maps but take a
second to import. Results agree but for rounding.
"""

from __future__ import annotations

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


def move(belief: Floats, first: Indices, taps: Floats, moved: Floats, total: Scores) -> None:
    """Move the belief of each speed, and sum it over the speeds; as `kernels.move`."""
    places = belief.shape[1]
    moved[:] = 0.0
    for source, target, begin, row in zip(belief, moved, first.tolist(), taps):
        for offset, tap in enumerate(row, begin):
            if tap > 0.0 and abs(offset) < places:
                if offset >= 0:
                    target[offset:] += tap * source[: places - offset]
                else:
                    target[:offset] += tap * source[-offset:]
    moved.sum(axis=0, out=total)


def correlate(scores: Scores, before: Scores, shifts: Indices, result: Floats) -> None:
    """Correlate scores with shifted earlier ones; as `kernels.correlate`."""
    places = len(scores)
    now, then = (np.minimum(np.maximum(x, -ORDINARY), ORDINARY) for x in (scores, before))
    for number, shift in enumerate(shifts.tolist()):
        count = max(places - abs(shift), 0)
        x, y = now[max(shift, 0) :][:count], then[max(-shift, 0) :][:count]
        shrunk = count / (count + PRIOR_PLACES)
        result[number] = shrunk * (x @ y) / np.sqrt((x @ x + 1e-12) * (y @ y + 1e-12))


def concentration(belief: Scores, scores: Scores) -> float:
    """Return how concentrated a belief is; as `kernels.concentration`."""
    places = len(belief)
    clipped = np.minimum(np.maximum(scores, -ORDINARY), ORDINARY)
    power = float(clipped @ clipped) + 1e-12
    total = float(belief @ belief)
    for lag in range(1, min(REACH, places - 1) + 1):
        correlation = max(float(clipped[: places - lag] @ clipped[lag:]) / power, 0.0)
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
