"""The compiled loops of the sequence filters; places go in blocks that stay in the cache."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Doubles, Floats, Integers, Scores
from ...support.compiled import njit
from .vectorised import ORDINARY, PRIOR_PLACES, REACH, SUREST, Changes, Ratios

F = np.float32
_ZERO, _ONE = F(0.0), F(1.0)

# Places that are worked on together, so that they stay in the first-level cache.
BLOCK = 2048

# The deviation of a track's sums is taken from about this many places, in runs of _RUN.
_SAMPLE, _RUN = 4096, 256

# An exponent is divided into this many parts; the series of exp from the seventh power down.
_PART = F(1 / 32)
_SERIES = tuple(F(1 / math.factorial(power)) for power in (7, 6, 5, 4, 3, 2))

# Tolerances up to which the places around one are added up one by one.
_NARROW = 4

# Deviation of a normal distribution in units of its mean absolute deviation.
_NORMAL = np.sqrt(np.pi / 2)

# Sums may be reordered (that is what makes them vectors); NaN and infinity keep their meaning.
_FAST = {'reassoc', 'contract', 'arcp', 'nsz'}


# Slices below, as numba checks an index that may be negative, which would not make vectors.


@njit(nogil=True, cache=True, fastmath=_FAST)
def _track(
    window: Floats,
    offsets: Integers,
    newest: Scores,
    segment: tuple[int, int],
    start: int,
    stop: int,
    sums: Floats,
) -> Floats:
    """
    Return the sums of the scores along a track, for its ends at places start to stop.

    The track is within a segment: its first place and the one past its last.
    """
    first, end = segment
    ends = sums[: stop - start]
    ends[:] = newest[start:stop]
    for sample in range(offsets.shape[0]):
        offset = offsets[sample]
        low, high = max(start, first + offset), min(stop, end + offset)
        if low < high:
            row = window[sample, low - offset : high - offset]
            part = ends[low - start : high - start]
            for i in range(part.shape[0]):
                part[i] += row[i]
    return ends


@njit(nogil=True, cache=True, fastmath=_FAST)
def _moments(
    window: Floats,
    offsets: Integers,
    newest: Scores,
    bounds: Integers,
    expected: float,
    sums: Floats,
) -> tuple[float, float]:
    """
    Return mean and deviation of a track's sums over the places.

    From the mean absolute deviation, which a few places that stand out hardly change.
    """
    places = newest.shape[0]
    stride = _RUN * max(1, (places + _SAMPLE - 1) // _SAMPLE)
    total, absolute, count = np.float64(0.0), np.float64(0.0), 0
    segment = 0
    for begin in range(0, places, stride):
        start = begin
        while start < min(begin + _RUN, places):
            while bounds[segment + 1] <= start:
                segment += 1
            around = (bounds[segment], bounds[segment + 1])
            stop = min(begin + _RUN, around[1])
            ends = _track(window, offsets, newest, around, start, stop, sums)
            part, size = _ZERO, _ZERO
            for i in range(ends.shape[0]):
                part += ends[i]
                size += abs(ends[i])
            total += part
            absolute += size
            count += ends.shape[0]
            start = stop
    mean = total / (count + PRIOR_PLACES)
    deviation = _NORMAL * absolute / count
    variance = (count * deviation * deviation + PRIOR_PLACES * expected) / (count + PRIOR_PLACES)
    return mean, np.sqrt(max(variance, 1e-12))


@njit(nogil=True, cache=True, fastmath=_FAST)
def best_tracks(
    window: Floats,
    offsets: Integers,
    newest: Scores,
    bounds: Integers,
    expected: float,
    lead: Floats,
    out: Floats,
    peaks: Floats,
    sums: Floats,
) -> None:
    """
    Set out[p] to the best of the tracks that end at place p, each in its own deviations.

    window (samples, places), newest and out (places,), lead and peaks (tracks,), sums (BLOCK,),
    all float32; offsets int64 (tracks, samples) are the places come since each sample, bounds int64
    (segments + 1,) as in `Segments`: a track does not go from one segment to another. A track
    is the sum of its scores, standardised over the places; `expected` is the variance that it
    has for independent scores. lead[j] is added to track j; peaks[j] becomes its highest value
    without that. Where a track was off its segment it gets nothing.
    """
    tracks = offsets.shape[0]
    means = np.empty(tracks, F)
    units = np.empty(tracks, F)
    for track in range(tracks):
        mean, deviation = _moments(window, offsets[track], newest, bounds, expected, sums)
        means[track], units[track] = mean, 1.0 / deviation
        peaks[track] = -np.inf
    for segment in range(bounds.shape[0] - 1):
        around = (bounds[segment], bounds[segment + 1])
        for start in range(around[0], around[1], BLOCK):
            stop = min(start + BLOCK, around[1])
            best = out[start:stop]
            best[:] = -np.inf
            for track in range(tracks):
                ends = _track(window, offsets[track], newest, around, start, stop, sums)
                mean, unit, added = means[track], units[track], lead[track]
                peak = peaks[track]
                for i in range(ends.shape[0]):
                    value = (ends[i] - mean) * unit
                    peak = max(peak, value)
                    best[i] = max(best[i], value + added)
                peaks[track] = peak


@njit(nogil=True, cache=True, fastmath=_FAST)
def move(
    belief: Floats, bounds: Integers, first: int, taps: Floats, moved: Floats, total: Floats
) -> None:
    """
    Move the belief of each speed along the places, and sum it over the speeds.

    belief and moved (speeds, places), taps (speeds, taps), total (places,), all float32; bounds
    int64 (segments + 1,) as in `Segments`. taps[j, k] is the part of speed j that comes first + k
    places further. What comes past either end of its segment is gone.
    """
    speeds = belief.shape[0]
    for segment in range(bounds.shape[0] - 1):
        begin, end = bounds[segment], bounds[segment + 1]
        for start in range(begin, end, BLOCK):
            stop = min(start + BLOCK, end)
            whole = total[start:stop]
            whole[:] = _ZERO
            for j in range(speeds):
                target = moved[j, start:stop]
                target[:] = _ZERO
                for k in range(taps.shape[1]):
                    tap, offset = taps[j, k], first + k
                    low, high = max(start, begin + offset), min(stop, end + offset)
                    if tap > _ZERO and low < high:
                        row = belief[j, low - offset : high - offset]
                        part = target[low - start : high - start]
                        for i in range(part.shape[0]):
                            part[i] += tap * row[i]
                for i in range(whole.shape[0]):
                    whole[i] += target[i]


@njit(nogil=True, cache=True, fastmath=_FAST)
def correlate(now: Scores, then: Scores, shifts: Integers, result: Floats) -> None:
    """
    Set result[j] to the correlation of now[p] with then[p - shifts[j]] over the places.

    now and then (places,), scores of mean 0 as `ordinary` clips them, result (speeds,),
    float32; shifts int64 (speeds,), in order.
    """
    places = now.shape[0]
    for j in range(shifts.shape[0]):
        if j > 0 and shifts[j] == shifts[j - 1]:
            # Several speeds come to the same place.
            result[j] = result[j - 1]
            continue
        low, high = max(0, shifts[j]), min(places, places + shifts[j])
        product, one, other = _ZERO, F(1e-12), F(1e-12)
        if low < high:
            here, there = now[low:high], then[low - shifts[j] : high - shifts[j]]
            for i in range(here.shape[0]):
                product += here[i] * there[i]
                one += here[i] * here[i]
                other += there[i] * there[i]
        shrunk = max(high - low, 0) / (max(high - low, 0) + PRIOR_PLACES)
        result[j] = shrunk * product / (np.sqrt(one) * np.sqrt(other))


@njit(nogil=True, cache=True, fastmath=_FAST)
def concentration(belief: Floats, scores: Scores) -> np.floating:
    """
    Return the expected product of two draws from a belief, where similar places count as one.

    1 for a belief in one place, about 1 / places for a uniform one: the sum over p and q of
    belief[p] belief[q] r(|p - q|), where r is the correlation of the scores of places at that
    distance, up to `REACH`; belief and scores (places,), float32, the latter of mean 0 as
    `ordinary` clips them.
    """
    places = belief.shape[0]
    whole, power, total = F(1e-12), F(1e-12), _ZERO
    for i in range(places):
        whole += belief[i]
        power += scores[i] * scores[i]
        total += belief[i] * belief[i]
    for lag in range(1, min(REACH, places - 1) + 1):
        one, other = belief[: places - lag], belief[lag:]
        now, then = scores[: places - lag], scores[lag:]
        correlation, product = _ZERO, _ZERO
        for i in range(one.shape[0]):
            correlation += now[i] * then[i]
            product += one[i] * other[i]
        total += F(2.0) * max(correlation / power, _ZERO) * product
    return total / (whole * whole)


@njit(nogil=True, cache=True, fastmath=_FAST)
def weigh(
    moved: Floats, scores: Scores, ratios: Ratios, changes: Changes, total: Floats, speeds: Floats
) -> None:
    """
    Let speeds change and belief return to the map, then weigh by the likelihood ratios.

    In place: moved (speeds, places) changes as `Changes` says, and is then multiplied by
    occluded + (1 - occluded) times the ratio (`Ratios`) of the scores (places,). total (places,)
    becomes its sum over the speeds and speeds (speeds,) that over the places; all float32.
    """
    count, places = moved.shape
    fresh = np.empty(BLOCK, F)
    stay, mix, arrive, occluded = changes.stay, changes.mix, changes.arrive, changes.occluded
    clear = _ONE - occluded
    speeds[:] = _ZERO
    for start in range(0, places, BLOCK):
        stop = min(start + BLOCK, places)
        sums, shown = total[start:stop], scores[start:stop]
        for i in range(sums.shape[0]):
            fresh[i] = mix * sums[i] + arrive
        sums[:] = _ZERO
        for j in range(count):
            target, chance, part = moved[j, start:stop], changes.prior[j], _ZERO
            gain, penalty = ratios.gains[j], ratios.penalties[j]
            offset = gain * ratios.centre + penalty
            for i in range(sums.shape[0]):
                x = min(max(gain * shown[i] - offset, -SUREST), SUREST)
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
                value = (occluded + clear * ratio) * (stay * target[i] + chance * fresh[i])
                target[i] = value
                sums[i] += value
                part += value
            speeds[j] += part


@njit(nogil=True, cache=True, fastmath=_FAST)
def ordinary(scores: Scores, out: Scores) -> None:
    """Set out to scores clipped at `ORDINARY`, both float32 (places,)."""
    for i in range(out.shape[0]):
        out[i] = min(max(scores[i], -ORDINARY), ORDINARY)


@njit(nogil=True, cache=True, fastmath=_FAST)
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
