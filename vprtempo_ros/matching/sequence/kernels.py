"""
The compiled loops of the Bayes filter; places go in blocks that stay in the cache.

Loops go over slices: numba checks an index that may be negative, which would not make vectors.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Doubles, Floats, Integers, Scores
from ...support.compiled import BLOCK, FAST, njit
from .odds_kernels import log_odds as log_odds
from .odds_kernels import probabilities as probabilities
from .vectorised import ORDINARY, PRIOR_PLACES, REACH, SUREST, Changes, Ratios

F = np.float32
_ZERO, _ONE = F(0.0), F(1.0)

# An exponent is divided into this many parts; the series of exp from the seventh power down.
_PART = F(1 / 32)
_SERIES = tuple(F(1 / math.factorial(power)) for power in (7, 6, 5, 4, 3, 2))

# Tolerances up to which the places around one are added up one by one.
_NARROW = 4


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def staying(
    belief: Floats,
    sums: Doubles,
    bounds: Integers,
    first: int,
    taps: Floats,
    moved: Floats,
    predicted: Scores,
) -> float:
    """
    Return how much belief stays on the map when it moves; `update` moves it.

    As for `update`; sums float64 (speeds,) are those of the belief of each speed. Only belief near
    the ends of segments is read: what comes past them is gone.
    """
    total = np.float64(0.0)
    count = taps.shape[1]
    for j in range(belief.shape[0]):
        for k in range(count):
            total += taps[j, k] * sums[j]
        for segment in range(bounds.shape[0] - 1):
            begin, end = bounds[segment], bounds[segment + 1]
            # What comes past the last place, and past the first: sums that grow with the way.
            gone, reached = np.float64(0.0), 0
            for k in range(count):
                while reached < min(first + k, end - begin):
                    reached += 1
                    gone += belief[j, end - reached]
                total -= taps[j, k] * gone
            gone, reached = np.float64(0.0), 0
            for k in range(count - 1, -1, -1):
                while reached < min(-first - k, end - begin):
                    gone += belief[j, begin + reached]
                    reached += 1
                total -= taps[j, k] * gone
    return total


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def _moved_by_three(row: Floats, taps: Floats, target: Scores, whole: Scores, places: int) -> None:
    """Set target to the belief row (places + 2,) moved by three taps; add it to whole."""
    second, third = row[1:], row[2:]
    one, two, three = taps[2], taps[1], taps[0]
    for i in range(places):
        value = one * row[i] + two * second[i] + three * third[i]
        target[i] = value
        whole[i] += value


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def _factors(
    scores: Scores, gain: np.float32, offset: np.float32, occluded: np.float32, out: Scores
) -> None:
    """Set out to occluded + (1 - occluded) * exp(gain * scores - offset), clipped at `SUREST`."""
    clear = _ONE - occluded
    for i in range(scores.shape[0]):
        x = min(max(gain * scores[i] - offset, -SUREST), SUREST)
        # exp(x / 32) by its series, and its 32nd power: unlike a call of exp this makes
        # vectors. The error is less than 2e-5 of the value.
        x *= _PART
        ratio = x * _SERIES[0] + _SERIES[1]
        ratio = ratio * x + _SERIES[2]
        ratio = ratio * x + _SERIES[3]
        ratio = ratio * x + _SERIES[4]
        ratio = ratio * x + _SERIES[5]
        ratio = ratio * x + _ONE
        ratio = ratio * x + _ONE
        ratio *= ratio
        ratio *= ratio
        ratio *= ratio
        ratio *= ratio
        ratio *= ratio
        out[i] = occluded + clear * ratio


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def _weighed(
    factors: Scores,
    target: Scores,
    fresh: Scores,
    stay: np.float32,
    chance: np.float32,
    out: Scores,
    sums: Scores,
) -> np.floating:
    """Set out to moved belief that changes and is weighed, add it to sums, and return its sum."""
    part = _ZERO
    for i in range(sums.shape[0]):
        value = factors[i] * (stay * target[i] + chance * fresh[i])
        out[i] = value
        sums[i] += value
        part += value
    return part


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def update(
    belief: Floats,
    bounds: Integers,
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
    """
    Move belief along the places, let speeds change and belief arrive, then weigh it.

    belief and moved (speeds, places), taps (speeds, taps), scores, predicted and total (places,),
    all float32; speeds float64 (speeds,); bounds int64 (segments + 1,) as in `Segments`. taps[j, k]
    is the part of speed j that comes first + k places further. What comes past either end of its
    segment is gone. predicted becomes the sum of what has moved over the speeds. It changes then as
    `Changes` says, and is multiplied by occluded + (1 - occluded) times the ratio (`Ratios`) of the
    scores. moved becomes the result if it is to be kept, total its sum over the speeds and speeds
    that over the places.
    """
    count = belief.shape[0]
    came = np.empty((count, BLOCK), F)
    fresh, factors, spare = np.empty(BLOCK, F), np.empty(BLOCK, F), np.empty(BLOCK, F)
    stay, mix, arrive, occluded = changes.stay, changes.mix, changes.arrive, changes.occluded
    gains, penalties = ratios.gains, ratios.penalties
    speeds[:] = 0.0
    # The taps of each speed that are not 0.
    lows, highs = np.empty(count, np.int64), np.zeros(count, np.int64)
    for j in range(count):
        lows[j] = taps.shape[1]
        for k in range(taps.shape[1]):
            if taps[j, k] > _ZERO:
                lows[j] = min(lows[j], k)
                highs[j] = k + 1
        if highs[j] - lows[j] <= 3 <= taps.shape[1]:
            # Three of the taps, as most speeds have when the robot has come a place.
            lows[j] = min(lows[j], taps.shape[1] - 3)
            highs[j] = lows[j] + 3
    for segment in range(bounds.shape[0] - 1):
        begin, end = bounds[segment], bounds[segment + 1]
        for start in range(begin, end, BLOCK):
            stop = min(start + BLOCK, end)
            places = stop - start
            whole = predicted[start:stop]
            whole[:] = _ZERO
            for j in range(count):
                target, low_tap, high_tap = came[j, :places], lows[j], highs[j]
                nearest, farthest = first + low_tap, first + high_tap - 1
                inside = start - farthest >= begin and stop - nearest <= end
                if high_tap - low_tap == 3 and inside:
                    row = belief[j, start - farthest : stop - nearest]
                    _moved_by_three(row, taps[j, low_tap:high_tap], target, whole, places)
                    continue
                target[:] = _ZERO
                for k in range(low_tap, high_tap):
                    tap, offset = taps[j, k], first + k
                    low, high = max(start, begin + offset), min(stop, end + offset)
                    if tap > _ZERO and low < high:
                        row = belief[j, low - offset : high - offset]
                        part = target[low - start : high - start]
                        for i in range(part.shape[0]):
                            part[i] += tap * row[i]
                for i in range(places):
                    whole[i] += target[i]
            sums, shown = total[start:stop], scores[start:stop]
            sums[:] = _ZERO
            for i in range(places):
                fresh[i] = mix * whole[i] + arrive
            for j in range(count):
                gain, penalty = gains[j], penalties[j]
                # Several speeds come to the same place.
                if j == 0 or gain != gains[j - 1] or penalty != penalties[j - 1]:
                    _factors(shown, gain, gain * ratios.centre + penalty, occluded, factors)
                out = moved[j, start:stop] if keep else spare
                chance = changes.prior[j]
                speeds[j] += _weighed(factors, came[j], fresh, stay, chance, out, sums)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def correlate(now: Scores, then: Scores, shifts: Integers, result: Floats) -> None:
    """
    Set result[j] to the correlation of now[p] with then[p - shifts[j]] over the places.

    now and then (places,), scores of mean 0 as `ordinary` clips them, result (speeds,),
    float32; shifts int64 (speeds,), in order.
    """
    places, count = now.shape[0], shifts.shape[0]
    sums = np.zeros((count, 3))
    for start in range(0, places, BLOCK):
        for j in range(count):
            if j > 0 and shifts[j] == shifts[j - 1]:
                # Several speeds come to the same place.
                continue
            low = max(start, shifts[j])
            high = min(min(start + BLOCK, places), places + shifts[j])
            if low >= high:
                continue
            here, there = now[low:high], then[low - shifts[j] : high - shifts[j]]
            product, one, other = _ZERO, _ZERO, _ZERO
            for i in range(here.shape[0]):
                product += here[i] * there[i]
                one += here[i] * here[i]
                other += there[i] * there[i]
            sums[j, 0] += product
            sums[j, 1] += one
            sums[j, 2] += other
    for j in range(count):
        if j > 0 and shifts[j] == shifts[j - 1]:
            result[j] = result[j - 1]
            continue
        common = max(min(places, places + shifts[j]) - max(0, shifts[j]), 0)
        shrunk = common / (common + PRIOR_PLACES)
        powers = np.sqrt(sums[j, 1] + 1e-12) * np.sqrt(sums[j, 2] + 1e-12)
        result[j] = shrunk * sums[j, 0] / powers


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def concentration(belief: Floats, scores: Scores) -> float:
    """
    Return the expected product of two draws from a belief, where similar places count as one.

    1 for a belief in one place, about 1 / places for a uniform one: the sum over p and q of
    belief[p] belief[q] r(|p - q|), where r is the correlation of the scores of places at that
    distance, up to `REACH`; belief and scores (places,), float32, the latter of mean 0 as
    `ordinary` clips them.
    """
    places = belief.shape[0]
    correlations, products = np.zeros(REACH + 1), np.zeros(REACH + 1)
    whole = np.float64(1e-12)
    for start in range(0, places, BLOCK):
        stop = min(start + BLOCK, places)
        for lag in range(REACH + 1):
            last = min(stop, places - lag)
            if start >= last:
                continue
            one, other = belief[start:last], belief[start + lag : last + lag]
            now, then = scores[start:last], scores[start + lag : last + lag]
            correlation, product, part = _ZERO, _ZERO, _ZERO
            for i in range(one.shape[0]):
                correlation += now[i] * then[i]
                product += one[i] * other[i]
                part += one[i]
            correlations[lag] += correlation
            products[lag] += product
            if lag == 0:
                whole += part
    total, power = products[0], correlations[0] + 1e-12
    for lag in range(1, REACH + 1):
        total += 2.0 * max(correlations[lag] / power, 0.0) * products[lag]
    return total / (whole * whole)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def centred(scores: Scores, mean: np.float32, out: Scores, clipped: Scores) -> None:
    """Set out to scores - mean, and clipped to that as `ordinary` clips it; float32 (places,)."""
    for i in range(out.shape[0]):
        value = scores[i] - mean
        out[i] = value
        clipped[i] = min(max(value, -ORDINARY), ORDINARY)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def ordinary(scores: Scores, out: Scores) -> None:
    """Set out to scores clipped at `ORDINARY`, both float32 (places,)."""
    for i in range(out.shape[0]):
        out[i] = min(max(scores[i], -ORDINARY), ORDINARY)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def around(belief: Floats, bounds: Integers, tolerance: int, out: Doubles) -> None:
    """
    Set out[p] to the belief in the places of p's segment up to `tolerance` away from it.

    belief float32 (places,), out float64 (places,); bounds as in `move`.
    """
    for segment in range(bounds.shape[0] - 1):
        begin, end = bounds[segment], bounds[segment + 1]
        if tolerance <= _NARROW:
            # Few places: adding them up makes vectors, which a running sum does not.
            out[begin:end] = belief[begin:end]
            for start in range(begin, end, BLOCK):
                stop = min(start + BLOCK, end)
                for lag in range(1, tolerance + 1):
                    low = max(start, begin + lag)
                    if low < stop:
                        part, row = out[low:stop], belief[low - lag : stop - lag]
                        for i in range(part.shape[0]):
                            part[i] += row[i]
                    high = min(stop, end - lag)
                    if start < high:
                        part, row = out[start:high], belief[start + lag : high + lag]
                        for i in range(part.shape[0]):
                            part[i] += row[i]
            continue
        total = np.float64(0.0)
        for i in range(begin, min(begin + tolerance, end)):
            total += belief[i]
        for i in range(begin, end):
            if i + tolerance < end:
                total += belief[i + tolerance]
            if i - tolerance > begin:
                total -= belief[i - tolerance - 1]
            # Rounding can make differences of sums slightly negative.
            out[i] = max(total, 0.0)
