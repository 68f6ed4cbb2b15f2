"""
A network from a NIR file: a chain of matrices and populations of neurons, as plain arrays.

`backends/nir_graph.py` says what they compute; `tools/nir_file.py` reads such files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Floats
from ..errors import MapError

# What the chain takes in each step: amplitudes of 0 to 1, or spikes with that probability.
AMPLITUDES, RATE = 'amplitudes', 'rate'
INPUTS = (AMPLITUDES, RATE)
STEPS_MAX = 10_000
# Far from the largest float32, whose sums and products would be infinite.
RESPONSE_MAX = 1e15


class Matrix(NamedTuple):
    """weights @ input + bias: float32 (neurons, inputs) and (neurons,)."""

    weights: Floats
    bias: Floats


class Population(NamedTuple):
    """
    Neurons in one time step, float32 (neurons,) each.

        current   += inflow * (weight * input - current)
        potential += leak * (rest - potential) + gain * current
        a spike where potential > threshold; there potential = reset

    threshold: infinite: no neuron spikes, and the output is the potential.
    """

    inflow: Floats
    weight: Floats
    leak: Floats
    rest: Floats
    gain: Floats
    threshold: Floats
    reset: Floats

    @property
    def spiking(self) -> bool:
        """Whether the output is spikes."""
        return bool(np.isfinite(self.threshold).all())


@dataclass(frozen=True)
class GraphNetwork:
    """
    Stages in order; what they take, and in how many time steps a frame is presented.

    The similarity of a place is the mean of its output over the time steps.
    """

    stages: tuple[Matrix | Population, ...]
    input: str
    steps: int

    @property
    def places(self) -> int:
        """Number of outputs."""
        return len(self.stages[-1][0])

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        first = self.stages[0]
        return int(first[0].shape[-1])

    def __str__(self) -> str:
        """Return the stages and the number of time steps in words."""
        names = [
            'matrix' if isinstance(stage, Matrix) else 'neurons' if stage.spiking else 'integrators'
            for stage in self.stages
        ]
        steps = '1 time step' if self.steps == 1 else f'{self.steps} time steps'
        return f'a NIR graph ({", ".join(names)}; {steps}, input {self.input})'


def check(network: GraphNetwork) -> None:
    """
    Refuse what cannot be computed: shapes, numbers that are not finite, unbounded responses.

    :raises MapError: naming the first stage that is wrong, counted from 0.
    """
    if network.input not in INPUTS:
        raise MapError(f'nir: expected input {" or ".join(INPUTS)}, found {network.input!r}')
    if not 1 <= network.steps <= STEPS_MAX:
        raise MapError(f'nir: expected 1 to {STEPS_MAX} time steps, found {network.steps}')
    if not network.stages:
        raise MapError('nir: expected matrices or neurons, found none')
    count, largest = network.inputs, 1.0
    for number, stage in enumerate(network.stages):
        where = f'nir stage {number}'
        if isinstance(stage, Matrix):
            count = _check_matrix(stage, count, where)
            sums = np.abs(stage.weights).sum(axis=1, dtype=np.float64) * largest
            largest = float((sums + np.abs(stage.bias)).max())
        else:
            _check_population(stage, count, where)
            largest = _largest(stage, largest, network.steps)
        if not largest <= RESPONSE_MAX:
            raise MapError(
                f'{where}: responses of up to {largest:.0e} may occur, expected at most '
                f'{RESPONSE_MAX:.0e}; scale the weights'
            )
        if isinstance(stage, Population) and stage.spiking:
            largest = 1.0


def _check_matrix(stage: Matrix, count: int, where: str) -> int:
    weights, bias = stage
    if weights.ndim != 2 or weights.shape[1] != count or bias.shape != weights.shape[:1]:
        raise MapError(
            f'{where}: expected weights (neurons, {count}) and bias (neurons,), found '
            f'{weights.shape} and {bias.shape}'
        )
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise MapError(f'{where}: expected finite weights, found NaN or infinity')
    return len(weights)


def _check_population(stage: Population, count: int, where: str) -> None:
    for name, values in zip(stage._fields, stage):
        if values.shape != (count,):
            raise MapError(f'{where}: {name}: expected ({count},), found {values.shape}')
        unbounded = name == 'threshold' and (values == np.inf).all()
        if not (unbounded or np.isfinite(values).all()):
            raise MapError(f'{where}: {name}: expected finite numbers, found NaN or infinity')
    for name, values in (('current', stage.inflow), ('potential', stage.leak)):
        if (values < 0).any() or (values > 1).any():
            raise MapError(
                f'{where}: the {name} would grow in each step: expected time constants of at '
                'least one time step'
            )


def _largest(stage: Population, largest: float, steps: int) -> float:
    """Return a bound of the potentials: what can arrive in all steps, without any decay."""
    drive = np.abs(stage.gain).max() * np.abs(stage.weight).max() * largest
    return float(np.abs(stage.reset).max() + steps * (drive + np.abs(stage.rest).max()))
