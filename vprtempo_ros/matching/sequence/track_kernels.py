"""
The compiled loops of SeqSLAM; places go in blocks that stay in the cache.

Loops go over slices: numba checks an index that may be negative, which would not make vectors.
"""

from __future__ import annotations

import numpy as np

from ...arrays import Floats, Integers, Scores
from ...support.compiled import BLOCK, FAST, njit
from .vectorised import PRIOR_PLACES

F = np.float32
_ZERO = F(0.0)

# The deviation of a track's sums is taken from about this many places, in runs of _RUN.
_SAMPLE, _RUN = 4096, 256

# Deviation of a normal distribution in units of its mean absolute deviation.
_NORMAL = np.sqrt(np.pi / 2)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
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


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
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


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
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
