"""
The learning rule as two compiled loops, one for each kind of layer (VPRTempo, ICRA 2024).

A neuron's row needs only the presented spikes and itself, so each row is taken through all
training steps at once while it stays in the first-level cache, and rows run in parallel; the
result cannot depend on the number of threads. The pass that applies a step's changes computes
the next step's response on the way, so a row is read and written once a step.

A synapse's kind is its sign, which the limits keep: positive weights stay in [1e-6, 10],
negative ones in [-10, -1e-6], and zero is an absent synapse.

One deviation from `vprtempo.src.blitnet`: a homeostatic factor is never negative, so that it
cannot turn an inhibitory synapse's sign for one step (it takes a response below -4 to do so;
responses start within [-1, 1]).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from ..support.compiled import njit
from .layers import SPIKE_MAX

F = np.float32
ZERO, ONE, HALF = F(0.0), F(1.0), F(0.5)
_WEIGHT_MIN, _WEIGHT_MAX = F(1e-6), F(10.0)
SPIKE_LIMIT = F(SPIKE_MAX)
# Homeostasis multiplies a neuron's inhibitory weights by 1 + 50 eta a.
HOMEOSTASIS = F(50.0)

# Rows that go through the samples together, to read these less often.
_ROWS = 8

# Sums may be reordered (that is what makes them vectors); NaN and infinity keep their meaning.
FAST = {'reassoc', 'contract', 'arcp', 'nsz'}


@njit(inline='always', fastmath=FAST)
def limited(weight: Any, excitatory: Any, inhibitory: Any, factor: Any) -> Any:
    """Pick the changed weight of the synapse's kind within its limits; scale inhibition."""
    if weight > ZERO:
        return min(max(excitatory, _WEIGHT_MIN), _WEIGHT_MAX)
    if weight < ZERO:
        return max(min(inhibitory, -_WEIGHT_MIN), -_WEIGHT_MAX) * factor
    return ZERO


@njit(inline='always', fastmath=FAST)
def _dot(row: Any, spikes: Any) -> Any:
    total = ZERO
    for j in range(row.shape[0]):
        total += row[j] * spikes[j]
    return total


@njit(inline='always', fastmath=FAST)
def _feature_pass(row: Any, spikes: Any, following: Any, change: Any, factor: Any) -> Any:
    total = ZERO
    for j in range(row.shape[0]):
        weight = row[j]
        delta = change if spikes[j] > ZERO else ZERO
        weight = limited(weight, weight + delta, weight - delta, factor)
        row[j] = weight
        total += weight * following[j]
    return total


@njit(inline='always', fastmath=FAST)
def _output_pass(row: Any, scaled: Any, following: Any, change: Any, factor: Any) -> Any:
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
    weights: NDArray[F],  # type: ignore[valid-type]
    thresholds: NDArray[F],  # type: ignore[valid-type]
    rates: NDArray[F],  # type: ignore[valid-type]
    spikes: NDArray[F],  # type: ignore[valid-type]
    order: NDArray[np.int64],
    eta: NDArray[F],  # type: ignore[valid-type]
    eta_ip: NDArray[F],  # type: ignore[valid-type]
    upstream_thresholds: bool,
) -> None:
    """
    Train rows of a feature layer in place.

    weights (neurons, inputs), thresholds and rates (neurons,), spikes (samples, inputs) in
    [0, 1], all float32; order (steps,) names the sample shown at each step, eta and eta_ip
    (steps,) are the rates at it. `upstream_thresholds` updates a threshold by -eta_ip f
    instead of eta_ip (s - f), as vprtempo.src.blitnet does in a layer without spike forcing.
    """
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
            threshold = max(threshold + eta_ip[t] * (observed - rates[i]), ZERO)
            following = order[t + 1] if t + 1 < steps else order[t]
            response = _feature_pass(row, spikes[order[t]], spikes[following], change, factor)
        weights[i] = row
        thresholds[i] = threshold


@njit(parallel=True, nogil=True, cache=True, fastmath=FAST)
def train_output_rows(
    weights: NDArray[F],  # type: ignore[valid-type]
    first: int,
    spikes: NDArray[F],  # type: ignore[valid-type]
    scaled: NDArray[F],  # type: ignore[valid-type]
    order: NDArray[np.int64],
    places: NDArray[np.int64],
    eta: NDArray[F],  # type: ignore[valid-type]
) -> None:
    """
    Train rows of an output layer in place; row i belongs to place `first` + i.

    weights (neurons, features), spikes and scaled (samples, features), float32; `scaled` is
    spikes / target rate. places (samples,) is the place of each sample: its neuron is to
    answer with 0.5 and all others with 0. order and eta (steps,) as in `train_feature_rows`.
    """
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
    weights: NDArray[F],  # type: ignore[valid-type]
    spikes: NDArray[F],  # type: ignore[valid-type]
    responses: NDArray[F],  # type: ignore[valid-type]
) -> None:
    """
    Write float32 (samples, neurons) responses of a layer to all samples.

    A BLAS rounds differently with another number of threads; this does not.
    """
    neurons = weights.shape[0]
    for block in prange((neurons + _ROWS - 1) // _ROWS):
        for k in range(spikes.shape[0]):
            for i in range(block * _ROWS, min((block + 1) * _ROWS, neurons)):
                responses[k, i] = _dot(weights[i], spikes[k])
