"""to_nir: export the network of a map in the Neuromorphic Intermediate Representation (NIR)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Sequence

import numpy as np

from ..errors import MapError, VprError
from ..maps.store import load
from ..network.network import LinearNetwork, Network
from ..network.quantised.network import floats_of
from ..network.spiking.network import SpikingNetwork
from .command import guarded

if TYPE_CHECKING:
    import nir

HINT = 'pip install nir h5py (make lava installs both)'


def to_graph(network: Network) -> nir.NIRGraph:
    """
    Return the network as a NIR graph: two Linear nodes for each module, on a common input.

    The input has amplitudes from 0 to 1; `output`, or `output_0`, `output_1`... with several
    modules, has the similarities of their places, in order.

    :raises MapError: if the network is not linear, or has no float weights.
    """
    if isinstance(network, SpikingNetwork):
        raise MapError(
            'NIR has no neurons like those of the spiking network of training.method: '
            'bootstrap; train with training.method: stdp'
        )
    if isinstance(network, LinearNetwork):
        return _chain(network)
    floats = floats_of(network)
    if floats is None:
        raise MapError(
            'NIR cannot express integers with rounding between layers, and this map '
            'has integers only: train it with training.keep_fp32'
        )
    if floats.readout != 'linear':
        raise MapError(
            'NIR cannot express the clamp between the layers of the clamped readout: '
            'train with training.readout: linear'
        )
    nir = _nir()
    nodes = {'input': nir.Input({'input': np.array([network.inputs])})}
    edges = []
    for number, module in enumerate(floats.modules):
        suffix = f'_{number}' if len(floats.modules) > 1 else ''
        chain = [
            (f'feature{suffix}', nir.Linear(module.feature.weights)),
            (f'readout{suffix}', nir.Linear(module.output.weights)),
            (f'output{suffix}', nir.Output({'output': np.array([module.places])})),
        ]
        before = 'input'
        for name, node in chain:
            nodes[name] = node
            edges.append((before, name))
            before = name
    return nir.NIRGraph(nodes, edges)


def _chain(network: LinearNetwork) -> nir.NIRGraph:
    nir = _nir()
    nodes = {
        'input': nir.Input({'input': np.array([network.inputs])}),
        'readout': nir.Linear(network.weights),
        'output': nir.Output({'output': np.array([network.places])}),
    }
    return nir.NIRGraph(nodes, [('input', 'readout'), ('readout', 'output')])


def _nir() -> ModuleType:
    try:
        import nir
    except ImportError:
        raise VprError(f'writing NIR needs the package nir: {HINT}') from None
    return nir


def write_nir(network: Network, file: Path) -> None:
    """
    Write the graph as HDF5, atomically.

    :raises MapError: if NIR cannot express the network, or the file cannot be written.
    """
    graph = to_graph(network)
    import nir

    partial = file.with_name(f'.{file.name}.partial')
    try:
        nir.write(partial, graph)
        os.replace(partial, file)
    except OSError as error:
        raise MapError(f'{file}: cannot be written ({error.strerror or error})') from None
    finally:
        partial.unlink(missing_ok=True)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog='to_nir', description=__doc__)
    parser.add_argument('map', type=Path, help='folder of the map')
    parser.add_argument('file', type=Path, help='file to write, as in network.nir')
    given = parser.parse_args(args)

    def work() -> None:
        loaded = load(given.map)
        write_nir(loaded.network, given.file)
        network = loaded.network
        print(f'{given.file}: {network.inputs} inputs, {network.places} places in {network}')

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
