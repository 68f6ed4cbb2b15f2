"""
The STDP learning rule as two compiled loops, one for each kind of layer (VPRTempo, ICRA 2024).

A neuron's row of weights depends only on the presented spikes and on itself. So each row is taken
through all training steps while it stays in the first-level cache, and rows run in parallel; the
result cannot depend on the number of threads. The pass that applies a step's changes also
computes the next step's response, so a row is read and written once a step.

A synapse's kind is its sign, which the limits preserve: positive weights stay in [1e-6, 10],
negative ones in [-10, -1e-6], and zero is an absent synapse.

One deviation from `vprtempo.src.blitnet`: a homeostatic factor is never negative, so that it
cannot flip an inhibitory synapse's sign for one step (this takes a response below -4; responses
start within [-1, 1]).
"""

from __future__ import annotations

import numpy as np
from numba import prange

from ..arrays import Floats
from ..support.compiled import njit
from .layers import SPIKE_MAX
from .presentation import Presentation, Targets

F = np.float32
ZERO, ONE, HALF = F(0.0), F(1.0), F(0.5)
_WEIGHT_MIN, _WEIGHT_MAX = F(1e-6), F(10.0)
SPIKE_LIMIT = F(SPIKE_MAX)
# Homeostasis multiplies a neuron's inhibitory weights by 1 + 50 eta a.
HOMEOSTASIS = F(50.0)

# Rows that go through the samples together, so that samples are read less often.
_ROWS = 8

# Sums may be reordered (which lets them become vectors); NaN and infinity keep their meaning.
FAST = {'reassoc', 'contract', 'arcp', 'nsz'}


@njit(inline='always', fastmath=FAST)
def limited(
    weight: np.float32, excitatory: np.float32, inhibitory: np.float32, factor: np.float32
) -> np.float32:
    """Return the changed weight for the synapse's kind, within its limits; scale inhibition."""
    if weight > ZERO:
        return min(max(excitatory, _WEIGHT_MIN), _WEIGHT_MAX)
    if weight < ZERO:
        return max(min(inhibitory, -_WEIGHT_MIN), -_WEIGHT_MAX) * factor
    return ZERO


@njit(inline='always', fastmath=FAST)
def _dot(row: Floats, spikes: Floats) -> np.float32:
    total = ZERO
    for j in range(row.shape[0]):
        total += row[j] * spikes[j]
    return total


@njit(inline='always', fastmath=FAST)
def _feature_pass(
    row: Floats, spikes: Floats, following: Floats, change: np.float32, factor: np.float32
) -> np.float32:
    total = ZERO
    for j in range(row.shape[0]):
        weight = row[j]
        delta = change if spikes[j] > ZERO else ZERO
        weight = limited(weight, weight + delta, weight - delta, factor)
        row[j] = weight
        total += weight * following[j]
    return total


@njit(inline='always', fastmath=FAST)
def _output_pass(
    row: Floats, scaled: Floats, following: Floats, change: np.float32, factor: np.float32
) -> np.float32:
    total = ZERO
    for j in range(row.shape[0]):
        weight = row[j]
        changed = weight + change * scaled[j]
        weight = limited(weight, changed, changed, factor)
        row[j] = weight
        total += weight * following[j]
    return total


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def train_feature_rows(
    weights: Floats,
    thresholds: Floats,
    target_rates: Floats,
    shown: Presentation,
    upstream_thresholds: bool,
) -> None:
    """
    Train rows of a feature layer in place.

    weights (neurons, inputs), thresholds and target_rates (neurons,), float32.
    `upstream_thresholds` updates a threshold by -eta_ip f instead of eta_ip (s - f), as
    vprtempo.src.blitnet does in a layer without spike forcing.
    """
    spikes, order = shown.samples, shown.order
    eta, eta_ip = shown.stdp_rates, shown.threshold_rates
    steps = order.shape[0]
    for i in prange(weights.shape[0]):
        row = weights[i].copy()
        threshold = thresholds[i]
        response = _dot(row, spikes[order[0]])
        for t in range(steps):
            spike = min(max(response - threshold, ZERO), SPIKE_LIMIT)
            change = eta[t] * (HALF - spike) if spike > ZERO else ZERO
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            observed = ZERO if upstream_thresholds else spike
            threshold = max(threshold + eta_ip[t] * (observed - target_rates[i]), ZERO)
            following = order[t + 1] if t + 1 < steps else order[t]
            response = _feature_pass(row, spikes[order[t]], spikes[following], change, factor)
        weights[i] = row
        thresholds[i] = threshold


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def train_output_rows(weights: Floats, first: int, shown: Presentation, targets: Targets) -> None:
    """
    Train rows of an output layer in place; row i belongs to place `first` + i.

    weights: float32 (neurons, features).
    """
    spikes, order, eta = shown.samples, shown.order, shown.stdp_rates
    places, scaled = targets.places, targets.scaled
    steps = order.shape[0]
    for i in prange(weights.shape[0]):
        row = weights[i].copy()
        response = _dot(row, spikes[order[0]])
        for t in range(steps):
            spike = min(max(response, ZERO), SPIKE_LIMIT)
            target = HALF if places[order[t]] == first + i else ZERO
            change = eta[t] * (target - spike)
            factor = max(ONE + HOMEOSTASIS * eta[t] * response, ZERO)
            following = order[t + 1] if t + 1 < steps else order[t]
            response = _output_pass(row, scaled[order[t]], spikes[following], change, factor)
        weights[i] = row


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def respond_rows(
    weights: Floats, samples: Floats, first: int, last: int, responses: Floats
) -> None:
    """
    Write the responses of neurons up to `last` - 1 to all samples, float32 (samples, neurons).

    The rounding of a BLAS depends on its number of threads; that of this loop does not.
    """
    for block in prange((last - first + _ROWS - 1) // _ROWS):
        begin = first + block * _ROWS
        for k in range(samples.shape[0]):
            for i in range(begin, min(begin + _ROWS, last)):
                responses[k, i] = _dot(weights[i], samples[k])
