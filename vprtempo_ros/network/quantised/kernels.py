"""
STDP with quantisation in the loop, as compiled loops; stdp.py is the same rule in floats.

The forward pass sees weights and responses rounded to integers and back, exactly as torch's
FusedMovingAvgObsFakeQuantize computes it; the learning changes the floats behind them.

Rows run in parallel as in stdp.py. What couples them is the range of the responses, which torch
observes over all neurons before each step. Here it is observed between chunks of steps: the first
step of a chunk sees the same range as in torch, the others see that range again, at most a chunk
old. A chunk of one step is torch's own order. Chunks let a row stay in the cache, and since no
neuron affects another within a chunk, the result does not depend on the number of threads. (The
range follows with a time constant of 100 steps, and chunks are shorter than that.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange

from ...arrays import Floats
from ...support.compiled import njit
from ..presentation import Presentation, Targets
from ..stdp import FAST, HALF, HOMEOSTASIS, ONE, SPIKE_LIMIT, ZERO, F, limited
from .observers import AVERAGING, WEIGHT_MAX, WEIGHT_MIN

_LOWEST, _HIGHEST = F(WEIGHT_MIN), F(WEIGHT_MAX)
# The smallest scale in training, and the substitute for a scale of zero (QuantUtils.h).
_SMALL, _NO_RANGE = np.float64(6.1e-5), np.float64(0.1)
_SIGN = np.uint32(1 << 31)


class Neurons(NamedTuple):
    """
    The state of a layer in training; kernels change the arrays in place.

    weights (neurons, inputs), thresholds and target_rates (neurons,): as in stdp.py;
    ranges (neurons, 2): lowest and highest weight, as moving averages;
    per_neuron: whether each range follows its own row, or all follow the layer between chunks.
    """

    weights: Floats
    thresholds: Floats
    target_rates: Floats
    ranges: Floats
    per_neuron: bool


class Chunk(NamedTuple):
    """
    What the forward pass of a chunk of steps reads and writes, float32.

    inputs (steps + 1, inputs), scales (steps + 1,): integer inputs less their zero point, and what
    one unit stands for; the last ones are those of the next chunk's first step;
    responses (steps + 1, neurons): the first row is given, the others are filled in;
    extremes (steps, neurons, 2): filled with the lowest and highest weight after each step;
    activation (4,): scale, zero point, lowest and highest integer of the responses.
    """

    inputs: Floats
    scales: Floats
    responses: Floats
    extremes: Floats
    activation: Floats


@njit(cache=True)
def choose(
    low: np.float32, high: np.float32, lowest: int, highest: int, symmetric: bool
) -> tuple[np.float32, np.float32]:
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
    wide = (np.float64(high) - np.float64(low)) / (highest - lowest)
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
        zero = np.float64(lowest + highest) / 2
    return F(wide), F(min(max(np.rint(zero), lowest), highest))


@njit(cache=True)
def follow(state: Floats, lows: Floats, highs: Floats, top: int) -> tuple[Floats, Floats]:
    """
    Move a range through extremes (steps,) in order; return the scale and zero point of each step.

    state: float32 (3,): low, high, and whether there is a range yet; changed in place.
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
def fake(
    value: np.float32, scale: np.float32, zero: np.float32, low: np.float32, high: np.float32
) -> np.float32:
    """Round an activation to its integer, from `low` to `high`, and back."""
    return (min(max(np.rint(value * (ONE / scale)) + zero, low), high) - zero) * scale


@njit(inline='always', fastmath=FAST)
def _respond(row: Floats, scale: np.float32, zero: np.float32, inputs: Floats) -> np.float32:
    """Return the sum over inputs of the rounded weights times integer inputs."""
    inverse = ONE / scale
    total = ZERO
    for j in range(row.shape[0]):
        weight = min(max(np.rint(row[j] * inverse) + zero, _LOWEST), _HIGHEST) - zero
        total += weight * inputs[j]
    return total


@njit(inline='always')
def _extremes(row: Floats) -> tuple[np.float32, np.float32]:
    """
    Return the lowest and the highest weight, or zero if there is none below or above it.

    Compared by their bits: comparisons of floats do not become vectors, those of integers do.
    Positive floats rise with their bits, and so do magnitudes of negative ones, as unsigned.
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
def _change_features(row: Floats, spikes: Floats, change: np.float32, factor: np.float32) -> None:
    for j in range(row.shape[0]):
        weight = row[j]
        delta = change if spikes[j] > ZERO else ZERO
        weight = limited(weight, weight + delta, weight - delta, factor)
        row[j] = weight


@njit(inline='always', fastmath=FAST)
def _change_outputs(row: Floats, scaled: Floats, change: np.float32, factor: np.float32) -> None:
    for j in range(row.shape[0]):
        weight = row[j]
        changed = weight + change * scaled[j]
        weight = limited(weight, changed, changed, factor)
        row[j] = weight


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def respond(
    weights: Floats, ranges: Floats, inputs: Floats, scale: np.float32, responses: Floats
) -> None:
    """
    Write float32 (neurons,) responses to one input.

    ranges (neurons, 2): the moving range of each neuron's weights; inputs (inputs,): integers,
    less their zero point, in units of `scale`.
    """
    for i in prange(weights.shape[0]):
        unit, zero = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
        responses[i] = _respond(weights[i], unit, zero, inputs) * (unit * scale)


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def learn_features(
    neurons: Neurons,
    chunk: Chunk,
    shown: Presentation,
    first: int,
    last: int,
    upstream_thresholds: bool,
) -> None:
    """
    Take neurons of a feature layer, up to `last` - 1, through a chunk of steps, in place.

    shown: the samples as presented, and the steps of the chunk; upstream_thresholds: as in stdp.py.
    """
    weights, thresholds, rates = neurons.weights, neurons.thresholds, neurons.target_rates
    ranges, moving = neurons.ranges, neurons.per_neuron
    inputs, scales = chunk.inputs, chunk.scales
    responses, extremes, activation = chunk.responses, chunk.extremes, chunk.activation
    spikes, order = shown.samples, shown.order
    eta, eta_ip = shown.stdp_rates, shown.threshold_rates
    steps = order.shape[0]
    unit, zero, lowest, highest = activation[0], activation[1], activation[2], activation[3]
    for i in prange(first, last):
        row = weights[i].copy()
        threshold = thresholds[i]
        low, high = ZERO, ZERO
        for t in range(steps):
            response = fake(responses[t, i], unit, zero, lowest, highest)
            spike = min(max(response - threshold, ZERO), SPIKE_LIMIT)
            change = eta[t] * (HALF - spike) if spike > ZERO else ZERO
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            observed = ZERO if upstream_thresholds else spike
            threshold = max(threshold + eta_ip[t] * (observed - rates[i]), ZERO)
            # A silent neuron's weights stay as they are, once all are within their limits.
            if t == 0 or change != ZERO or factor != ONE:
                _change_features(row, spikes[order[t]], change, factor)
                low, high = _extremes(row)
            extremes[t, i, 0], extremes[t, i, 1] = low, high
            if moving:
                ranges[i, 0] += AVERAGING * (low - ranges[i, 0])
                ranges[i, 1] += AVERAGING * (high - ranges[i, 1])
            weight, middle = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
            total = _respond(row, weight, middle, inputs[t + 1])
            responses[t + 1, i] = total * (weight * scales[t + 1])
        weights[i] = row
        thresholds[i] = threshold


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def learn_outputs(
    neurons: Neurons, chunk: Chunk, shown: Presentation, first: int, last: int, targets: Targets
) -> None:
    """Take neurons of an output layer through a chunk of steps, as `learn_features` does."""
    weights, ranges, moving = neurons.weights, neurons.ranges, neurons.per_neuron
    inputs, scales = chunk.inputs, chunk.scales
    responses, extremes, activation = chunk.responses, chunk.extremes, chunk.activation
    order, eta = shown.order, shown.stdp_rates
    places, scaled = targets.places, targets.scaled
    steps = order.shape[0]
    unit, zero, lowest, highest = activation[0], activation[1], activation[2], activation[3]
    for i in prange(first, last):
        row = weights[i].copy()
        for t in range(steps):
            response = fake(responses[t, i], unit, zero, lowest, highest)
            spike = min(max(response, ZERO), SPIKE_LIMIT)
            target = HALF if places[order[t]] == i else ZERO
            change = eta[t] * (target - spike)
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            _change_outputs(row, scaled[order[t]], change, factor)
            low, high = _extremes(row)
            extremes[t, i, 0], extremes[t, i, 1] = low, high
            if moving:
                ranges[i, 0] += AVERAGING * (low - ranges[i, 0])
                ranges[i, 1] += AVERAGING * (high - ranges[i, 1])
            weight, middle = choose(ranges[i, 0], ranges[i, 1], WEIGHT_MIN, WEIGHT_MAX, True)
            total = _respond(row, weight, middle, inputs[t + 1])
            responses[t + 1, i] = total * (weight * scales[t + 1])
        weights[i] = row
