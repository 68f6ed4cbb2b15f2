"""Nodes of NIR as stages of a network: matrices, and neurons in steps of dt seconds (Euler)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ..arrays import Floats
from ..errors import MapError
from ..network.graph import Matrix, Population

_Values = Callable[[str], Floats]


class Node(NamedTuple):
    """Arrays of a kind of node, and those that a file may lack, with their value."""

    arrays: tuple[str, ...]
    defaults: Mapping[str, float] = {}


_LEAKY, _CUBA = ('tau', 'r', 'v_leak'), ('tau_syn', 'tau_mem', 'r', 'v_leak', 'w_in')
_SPIKES = ('v_threshold', 'v_reset')
_RESET = {'v_reset': 0.0}
NODES = {
    'Affine': Node(('weight', 'bias')),
    'Linear': Node(('weight',)),
    'Scale': Node(('scale',)),
    'Flatten': Node(()),
    'I': Node(('r',)),
    'IF': Node(('r', *_SPIKES), _RESET),
    'LI': Node(_LEAKY),
    'LIF': Node((*_LEAKY, *_SPIKES), _RESET),
    'CubaLI': Node(_CUBA, {'w_in': 1.0}),
    'CubaLIF': Node((*_CUBA, *_SPIKES), {'w_in': 1.0, **_RESET}),
}


def stage_of(
    kind: str, arrays: Mapping[str, Floats], count: int, dt: float, where: str
) -> Matrix | Population | None:
    """
    Return the stage of a node that takes `count` values; None for Flatten, which changes nothing.

    :raises MapError: naming the node, if its arrays do not fit.
    """
    node = NODES[kind]
    for name in node.arrays:
        if name not in arrays and name not in node.defaults:
            raise MapError(f'{where}: {name} is missing')
    if kind == 'Flatten':
        return None
    if 'weight' in node.arrays:
        weights = arrays['weight']
        if weights.ndim != 2 or weights.shape[1] != count or not len(weights):
            raise MapError(
                f'{where}: expected weights for {count} inputs, (neurons, {count}), found '
                f'{weights.shape}'
            )
        bias = arrays.get('bias', np.zeros(len(weights), np.float32))
        if bias.shape != (len(weights),):
            raise MapError(f'{where}: expected bias ({len(weights)},), found {bias.shape}')
        return Matrix(weights, bias)

    def each(name: str) -> Floats:
        values = arrays.get(name, np.float32(node.defaults.get(name, 0.0)))
        # Some tools write one value for all neurons.
        values = np.squeeze(values)
        if values.shape not in ((), (count,)):
            raise MapError(f'{where}: {name}: expected {count} values or one, found {values.shape}')
        return np.broadcast_to(values, (count,)).astype(np.float32)

    if kind == 'Scale':
        # Neurons that follow their input at once and never spike.
        one, none = np.ones(count, np.float32), np.zeros(count, np.float32)
        never = np.full(count, np.inf, np.float32)
        return Population(one, each('scale'), one, none, one, never, none)
    return _neurons(kind, each, dt, where)


def _neurons(kind: str, each: _Values, dt: float, where: str) -> Population:
    r = each('r')
    one, none = np.ones_like(r), np.zeros_like(r)
    inflow, weight, leak, rest, gain = one, one, none, none, r * np.float32(dt)
    if kind.startswith('Cuba'):
        inflow, weight = _rate(each, 'tau_syn', dt, where), each('w_in')
    if kind not in ('I', 'IF'):
        leak = _rate(each, 'tau_mem' if kind.startswith('Cuba') else 'tau', dt, where)
        rest, gain = each('v_leak'), r * leak
    threshold, reset = np.full_like(r, np.inf), none
    if 'v_threshold' in NODES[kind].arrays:
        threshold, reset = each('v_threshold'), each('v_reset')
        if not np.isfinite(threshold).all():
            raise MapError(f'{where}: v_threshold: expected finite numbers')
    return Population(inflow, weight, leak, rest, gain, threshold, reset)


def _rate(each: _Values, name: str, dt: float, where: str) -> Floats:
    """Return dt / tau, at most 1: an Euler step that is longer than tau does not converge."""
    tau = each(name)
    # Time constants are float32: one step may be a little more than tau.
    if not (np.isfinite(tau).all() and (tau >= dt * (1 - 1e-6)).all()):
        raise MapError(
            f'{where}: {name}: expected at least the time step, {dt:g} s, found {tau.min():g}; '
            'give the time step that it was trained with (--dt)'
        )
    return np.minimum(np.float32(dt) / tau, np.float32(1.0))
