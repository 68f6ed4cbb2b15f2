"""A network from a NIR file as tensors of a map: `nir.0.weights`, `nir.0.bias`, `nir.1.neurons`."""

from __future__ import annotations

import numpy as np

from ..errors import MapError
from ..network.graph import INPUTS, GraphNetwork, Matrix, Population, check
from .tensors import Tensors, tensor

CONSTANTS = 'nir.constants'


def graph_tensors(network: GraphNetwork) -> Tensors:
    """Return the arrays of a network; constants: the time steps, and the kind of input."""
    constants = np.array([network.steps, INPUTS.index(network.input)], np.int32)
    tensors: Tensors = {CONSTANTS: constants}
    for number, stage in enumerate(network.stages):
        if isinstance(stage, Matrix):
            tensors[f'nir.{number}.weights'], tensors[f'nir.{number}.bias'] = stage
        else:
            tensors[f'nir.{number}.neurons'] = np.stack(stage)
    return tensors


def graph_of(tensors: Tensors, inputs: int) -> GraphNetwork:
    """
    Return the network in tensors.

    :raises MapError: if an array is missing, has another shape or type, or is not finite.
    """
    steps, kind = tensor(tensors, CONSTANTS, np.int32, (2,)).tolist()
    if not 0 <= kind < len(INPUTS):
        raise MapError(f'{CONSTANTS}: expected a kind of input below {len(INPUTS)}, found {kind}')
    stages: list[Matrix | Population] = []
    count = inputs
    while True:
        prefix = f'nir.{len(stages)}'
        if f'{prefix}.neurons' in tensors:
            shape = (len(Population._fields), count)
            stages.append(Population(*tensor(tensors, f'{prefix}.neurons', np.float32, shape)))
        elif (found := tensors.get(f'{prefix}.weights')) is not None:
            rows = found.shape[0] if found.ndim else 0
            weights = tensor(tensors, f'{prefix}.weights', np.float32, (rows, count))
            stages.append(Matrix(weights, tensor(tensors, f'{prefix}.bias', np.float32, (rows,))))
            count = rows
        else:
            break
    network = GraphNetwork(tuple(stages), INPUTS[kind], steps)
    check(network)
    return network
