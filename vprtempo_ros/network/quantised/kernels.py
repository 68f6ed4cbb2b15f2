"""
The learning rule with quantisation in the loop, as compiled loops; stdp.py is the same in floats.

The forward pass sees weights and responses rounded to integers and back, exactly as torch's
FusedMovingAvgObsFakeQuantize does it; the learning changes the floats behind them.

Rows run in parallel as in stdp.py. What ties them together is the range of the responses, which
torch observes over all neurons before each step. Here it is observed between chunks of steps: the
first step of a chunk sees the range as torch has it, the others see that same range, at most a
chunk old. A chunk of one step is torch's own order. It is the chunks that let a row stay in the
cache, and since no neuron sees another within one, the result does not depend on the number of
threads. (The range follows with a time constant of 100 steps, and chunks are shorter than that.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from ...support.compiled import njit
from ..stdp import FAST, HALF, HOMEOSTASIS, ONE, SPIKE_LIMIT, ZERO, F, limited
from .observers import AVERAGING, WEIGHT_MAX, WEIGHT_MIN

_LOWEST, _HIGHEST = F(WEIGHT_MIN), F(WEIGHT_MAX)
# The smallest scale while training, and what stands in for a scale of zero (QuantUtils.h).
_SMALL, _NO_RANGE = 6.1e-5, 0.1
_SIGN = np.uint32(1 << 31)


@njit(cache=True)
def choose(low: Any, high: Any, lowest: int, highest: int, symmetric: bool) -> Any:
    """
    Return scale and zero point for values from `low` to `high`, as float32.

    ChooseQuantizationParams of torch's QuantUtils.h, with `symmetric` as its preserve_sparsity.
    """
    low, high = F(low), F(high)
    if low < ZERO and high > ZERO and symmetric:
        half = (highest - lowest) // 2
        scale = max(abs(low / F(-half - 1)), abs(high / F(half)))
        low, high = F(scale * F(-half - 1)), F(scale * F(half))
    low, high = min(low, ZERO), max(high, ZERO)
    wide: Any = (np.float64(high) - np.float64(low)) / (highest - lowest)
    if F(wide) == ZERO or np.isinf(ONE / F(wide)):
        wide = _NO_RANGE
    if wide < _SMALL:
        stretch = F(_SMALL / F(wide))
        wide = _SMALL
        if low == ZERO:
            high = F(_SMALL * (highest - lowest))
        elif high == ZERO:
            low = F(-_SMALL * (highest - lowest))
        else:
            low, high = low * stretch, high * stretch
    from_low, from_high = lowest - low / wide, highest - high / wide
    low_error = abs(lowest) - abs(low / wide)
    high_error = abs(highest) - abs(high / wide)
    zero = from_low if low_error < high_error else from_high
    if low < ZERO and high > ZERO and symmetric:
        zero = (lowest + highest) / 2
    return F(wide), F(min(max(np.rint(zero), lowest), highest))


@njit(cache=True)
def follow(state: Any, lows: Any, highs: Any, top: int) -> Any:
    """
    Move a range through extremes in their order; return its scales and zero points on the way.

    state: float32 (3,), low, high and whether there is a range yet; changed in place.
    """
    scales, zeros = np.empty(len(lows), F), np.empty(len(lows), F)
    for t in range(len(lows)):
        if state[2] == ZERO:
            state[0], state[1], state[2] = lows[t], highs[t], ONE
        else:
            state[0] += AVERAGING * (lows[t] - state[0])
            state[1] += AVERAGING * (highs[t] - state[1])
        scales[t], zeros[t] = choose(state[0], state[1], 0, top, False)
    return scales, zeros


@njit(inline='always')
def fake(value: Any, scale: Any, zero: Any, low: Any, high: Any) -> Any:
    """Round an activation to its integer, from `low` to `high`, and back."""
    return (min(max(np.rint(value * (ONE / scale)) + zero, low), high) - zero) * scale


@njit(inline='always', fastmath=FAST)
def _respond(row: Any, scale: Any, zero: Any, shown: Any) -> Any:
    """Return the sum over inputs of the rounded weights times whole-numbered inputs."""
    inverse = ONE / scale
    total = ZERO
    for j in range(row.shape[0]):
        weight = min(max(np.rint(row[j] * inverse) + zero, _LOWEST), _HIGHEST) - zero
        total += weight * shown[j]
    return total


@njit(inline='always')
def _extremes(row: Any) -> Any:
    """
    Return the lowest and the highest weight, or zero if there is none below or above it.

    Compared by their bits: comparisons of floats do not become vectors, those of whole numbers
    do. Positive floats rise with their bits, and so do magnitudes of negative ones, as unsigned.
    """
    bits = row.view(np.int32)
    top, bottom = np.int32(0), np.uint32(0)
    for j in range(row.shape[0]):
        top = max(top, bits[j])
        bottom = max(bottom, np.uint32(bits[j]))
    found = np.empty(2, np.uint32)
    found[0], found[1] = bottom if bottom > _SIGN else 0, top
    limits = found.view(np.float32)
    return limits[0], limits[1]


@njit(inline='always', fastmath=FAST)
def _change_features(row: Any, spikes: Any, change: Any, factor: Any) -> None:
    for j in range(row.shape[0]):
        weight = row[j]
        delta = change if spikes[j] > ZERO else ZERO
        weight = limited(weight, weight + delta, weight - delta, factor)
        row[j] = weight


@njit(inline='always', fastmath=FAST)
def _change_outputs(row: Any, scaled: Any, change: Any, factor: Any) -> None:
    for j in range(row.shape[0]):
        weight = row[j]
        changed = weight + change * scaled[j]
        weight = limited(weight, changed, changed, factor)
        row[j] = weight


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def respond(
    weights: NDArray[F],  # type: ignore[valid-type]
    ranges: NDArray[F],  # type: ignore[valid-type]
    shown: NDArray[F],  # type: ignore[valid-type]
    scale: F,  # type: ignore[valid-type]
    responses: NDArray[F],  # type: ignore[valid-type]
) -> None:
    """
    Write float32 (neurons,) responses to one input.

    ranges (neurons, 2): the moving range of each neuron's weights; shown (inputs,): whole
    numbers, less their zero point, in units of `scale`.
    """
    for i in prange(weights.shape[0]):
        unit, zero = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
        responses[i] = _respond(weights[i], unit, zero, shown) * (unit * scale)


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def learn_features(
    weights: NDArray[F],  # type: ignore[valid-type]
    thresholds: NDArray[F],  # type: ignore[valid-type]
    rates: NDArray[F],  # type: ignore[valid-type]
    ranges: NDArray[F],  # type: ignore[valid-type]
    moving: bool,
    responses: NDArray[F],  # type: ignore[valid-type]
    extremes: NDArray[F],  # type: ignore[valid-type]
    activation: NDArray[F],  # type: ignore[valid-type]
    spikes: NDArray[F],  # type: ignore[valid-type]
    shown: NDArray[F],  # type: ignore[valid-type]
    scales: NDArray[F],  # type: ignore[valid-type]
    eta: NDArray[F],  # type: ignore[valid-type]
    eta_ip: NDArray[F],  # type: ignore[valid-type]
    upstream_thresholds: bool,
) -> None:
    """
    Take all neurons of a feature layer through a chunk of steps, in place.

    weights (neurons, inputs), thresholds and rates (neurons,): as in stdp.py. ranges
    (neurons, 2): ranges of the weights, moved on with every step if `moving`, else left alone.
    responses (steps + 1, neurons): the first row is given, the others are filled in, the last is
    that of the next chunk's first step. extremes (steps, neurons, 2): filled with the extremes of
    the weights after each step. activation: scale, zero point, lowest and highest integer of the
    responses. spikes (steps, inputs): as presented; shown, scales (steps + 1, ...): the same as
    `respond` takes them. eta, eta_ip (steps,).
    """
    steps = spikes.shape[0]
    unit, zero, lowest, highest = activation[0], activation[1], activation[2], activation[3]
    for i in prange(weights.shape[0]):
        row = weights[i].copy()
        threshold = thresholds[i]
        for t in range(steps):
            response = fake(responses[t, i], unit, zero, lowest, highest)
            spike = min(max(response - threshold, ZERO), SPIKE_LIMIT)
            change = eta[t] * (HALF - spike) if spike > ZERO else ZERO
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            observed = ZERO if upstream_thresholds else spike
            threshold = max(threshold + eta_ip[t] * (observed - rates[i]), ZERO)
            _change_features(row, spikes[t], change, factor)
            low, high = _extremes(row)
            extremes[t, i, 0], extremes[t, i, 1] = low, high
            if moving:
                ranges[i, 0] += AVERAGING * (low - ranges[i, 0])
                ranges[i, 1] += AVERAGING * (high - ranges[i, 1])
            weight, middle = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
            total = _respond(row, weight, middle, shown[t + 1])
            responses[t + 1, i] = total * (weight * scales[t + 1])
        weights[i] = row
        thresholds[i] = threshold


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def learn_outputs(
    weights: NDArray[F],  # type: ignore[valid-type]
    ranges: NDArray[F],  # type: ignore[valid-type]
    moving: bool,
    responses: NDArray[F],  # type: ignore[valid-type]
    extremes: NDArray[F],  # type: ignore[valid-type]
    activation: NDArray[F],  # type: ignore[valid-type]
    scaled: NDArray[F],  # type: ignore[valid-type]
    shown: NDArray[F],  # type: ignore[valid-type]
    scales: NDArray[F],  # type: ignore[valid-type]
    places: NDArray[np.int64],
    eta: NDArray[F],  # type: ignore[valid-type]
) -> None:
    """
    Take all neurons of an output layer through a chunk of steps, in place.

    As `learn_features`; scaled (steps, features): spikes / target rate, places (steps,): whose
    neuron is to answer with 0.5.
    """
    steps = scaled.shape[0]
    unit, zero, lowest, highest = activation[0], activation[1], activation[2], activation[3]
    for i in prange(weights.shape[0]):
        row = weights[i].copy()
        for t in range(steps):
            response = fake(responses[t, i], unit, zero, lowest, highest)
            spike = min(max(response, ZERO), SPIKE_LIMIT)
            target = HALF if places[t] == i else ZERO
            change = eta[t] * (target - spike)
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            _change_outputs(row, scaled[t], change, factor)
            low, high = _extremes(row)
            extremes[t, i, 0], extremes[t, i, 1] = low, high
            if moving:
                ranges[i, 0] += AVERAGING * (low - ranges[i, 0])
                ranges[i, 1] += AVERAGING * (high - ranges[i, 1])
            weight, middle = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
            total = _respond(row, weight, middle, shown[t + 1])
            responses[t + 1, i] = total * (weight * scales[t + 1])
        weights[i] = row
