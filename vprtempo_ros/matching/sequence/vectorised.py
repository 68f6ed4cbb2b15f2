"""
The loops of the Bayes filter in NumPy, for small maps.

They do the same as the compiled ones in `kernels.py`, which are faster on large maps but take a
second to import. Results agree but for rounding.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...arrays import Doubles, Floats, Indices
from ..stages import Scores

# Statistics of few places are noise: this number of places with the expected values is added.
PRIOR_PLACES = 10.0

# Scores are clipped to this before they are correlated: the right places stand out, and on a
# small map one of them would dominate the correlation.
ORDINARY = np.float32(2.0)

# Places further apart than this are independent.
REACH = 4

# Beliefs nearer to 0 and 1 than these are beyond the float32 sums that they come from.
LEAST, NEAREST_TO_ONE = np.float32(1e-12), np.float32(1e-6)

# Maximum evidence for or against a single place in a single frame (a log ratio).
SUREST = np.float32(20.0)


def staying(
    belief: Floats,
    sums: Doubles,
    bounds: Indices,
    first: int,
    taps: Floats,
    moved: Floats,
    predicted: Scores,
) -> float:
    """
    Return the belief that stays on the map when it moves; as `kernels.staying`.

    It has been moved then, and `update` finishes it.
    """
    last = first + taps.shape[1] - 1
    # Places beyond each end from which belief comes.
    before, after = max(0, last), max(0, -first)
    edges = bounds.tolist()
    for begin, end in zip(edges, edges[1:]):
        padded = np.zeros((len(belief), before + end - begin + after), np.float32)
        padded[:, before : before + end - begin] = belief[:, begin:end]
        row, item = padded.strides
        # sources[j, k, p] = padded[j, before + p - first - k], without a copy.
        sources: Floats = np.ndarray(
            (*taps.shape, end - begin),
            np.float32,
            padded,
            (before - first) * item,
            (row, -item, item),
        )
        np.matmul(taps[:, np.newaxis], sources, out=moved[:, np.newaxis, begin:end])
    np.dot(_ones(len(moved)), moved, out=predicted)
    return float(np.add.reduce(predicted))


def centred(scores: Scores, mean: np.float32, out: Scores, clipped: Scores) -> None:
    """Set out to scores - mean, and clipped to that as `ordinary` clips it; float32 (places,)."""
    np.subtract(scores, mean, out=out)
    ordinary(out, clipped)


def ordinary(scores: Scores, out: Scores) -> None:
    """Set out to scores clipped at `ORDINARY`, both float32 (places,)."""
    np.maximum(scores, -ORDINARY, out=out)
    np.minimum(out, ORDINARY, out=out)


def correlate(now: Scores, then: Scores, shifts: Indices, result: Floats) -> None:
    """Correlate scores with shifted earlier ones; as `kernels.correlate`."""
    places = len(now)
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
    (power, *products), (total, *both) = _lagged(scores), _lagged(belief)
    for product, pair in zip(products, both):
        total += 2.0 * max(product / (power + 1e-12), 0.0) * pair
    return total / (float(np.add.reduce(belief)) + 1e-12) ** 2


class Ratios(NamedTuple):
    """
    The likelihood ratios of a score at the correct to one at a wrong place, for each speed j.

    exp(gains[j] * (score - centre) - penalties[j]), the exponent clipped at `SUREST`; gains and
    penalties float32 (speeds,).
    """

    centre: np.float32
    gains: Floats
    penalties: Floats


class Changes(NamedTuple):
    """
    How belief that has moved changes, apart from evidence.

    Belief of a speed becomes stay * it + prior * (mix * that of all speeds + arrive), where prior
    float32 (speeds,) is the probability of a new speed, and a view is occluded with a probability.
    """

    stay: np.float32
    mix: np.float32
    arrive: np.float32
    prior: Floats
    occluded: np.float32


def update(
    belief: Floats,
    bounds: Indices,
    first: int,
    taps: Floats,
    scores: Scores,
    ratios: Ratios,
    changes: Changes,
    keep: bool,
    moved: Floats,
    predicted: Scores,
    total: Scores,
    speeds: Doubles,
) -> None:
    """Move belief, change speeds, let it arrive, and weigh it; as `kernels.update`."""
    # `staying` has moved it.
    offsets = ratios.gains * ratios.centre + ratios.penalties
    factors = np.multiply.outer(ratios.gains, scores)
    factors -= offsets[:, np.newaxis]
    factors.clip(-SUREST, SUREST, out=factors)
    np.exp(factors, out=factors)
    factors *= np.float32(1.0) - changes.occluded
    factors += changes.occluded
    fresh = changes.mix * predicted
    fresh += changes.arrive
    moved *= changes.stay
    moved += np.multiply.outer(changes.prior, fresh)
    moved *= factors
    np.dot(_ones(len(moved)), moved, out=total)
    speeds[:] = np.dot(moved, _ones(len(total)))


def log_odds(total: Scores, scale: np.float32, out: Scores) -> None:
    """Set out to the log odds of a belief of scale * total; float32 (places,)."""
    np.multiply(total, scale, out=out)
    other = np.float32(1.0) - out
    np.maximum(out, LEAST, out=out)
    np.maximum(other, NEAREST_TO_ONE, out=other)
    out /= other
    np.log(out, out=out)


def probabilities(odds: Scores, out: Scores) -> float:
    """Set out to the probabilities of log odds; return their sum. float32 (places,)."""
    np.negative(odds, out=out)
    np.exp(out, out=out)
    out += np.float32(1.0)
    np.reciprocal(out, out=out)
    return float(np.add.reduce(out))


def around(belief: Scores, bounds: Indices, tolerance: int, out: Doubles) -> None:
    """Set the belief within a tolerance of each place; as `kernels.around`."""
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist()):
        places = end - begin
        reach = min(tolerance, places)
        # Sums of all places before, also of places beyond the ends.
        sums = np.empty(places + 1 + 2 * reach)
        sums[: reach + 1] = 0.0
        np.add.accumulate(
            belief[begin:end], dtype=np.float64, out=sums[reach + 1 : reach + 1 + places]
        )
        sums[reach + 1 + places :] = sums[reach + places]
        np.subtract(sums[2 * reach + 1 :], sums[:places], out=out[begin:end])
    # Rounding can make differences of sums slightly negative.
    np.maximum(out, 0.0, out=out)


@lru_cache(maxsize=8)
def _ones(count: int) -> Floats:
    """Return ones, float32 (count,): products with them sum faster than reductions do."""
    return np.ones(count, np.float32)


def _lagged(values: Scores) -> list[float]:
    """Return the sums of the products of values at distances 0 to `REACH`."""
    padded = np.zeros(len(values) + REACH, np.float32)
    padded[: len(values)] = values
    sums: list[float] = np.correlate(padded, values, 'valid').tolist()
    return sums
