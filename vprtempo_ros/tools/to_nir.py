"""to_nir: export the network of a map in the Neuromorphic Intermediate Representation (NIR)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Sequence

import numpy as np

from ..arrays import Floats
from ..errors import MapError, VprError
from ..maps.store import load
from ..network.network import FloatNetwork, LinearNetwork, Network
from ..network.quantised.network import floats_of
from ..network.readout import LinearReadout, readout_of
from ..network.spiking.network import SpikingNetwork
from .command import guarded

if TYPE_CHECKING:
    import nir

# Bytes of a readout of stacked modules, most of them zero; larger ones are multiplied out.
_LARGEST = 1 << 28
HINT = 'pip install nir h5py (make lava installs both)'


def to_graph(network: Network) -> nir.NIRGraph:
    """
    Return the network as a NIR graph: a chain of Affine nodes with zero bias.

    Importers of other tools know few nodes, and only chains: Affine is the matrix that they share,
    and modules are stacked, with all places in one output. `input` has amplitudes from 0 to 1,
    `output` the similarities of the places, in order.

    :raises MapError: if the network is not linear, or has no float weights.
    """
    return _chain(network.inputs, network.places, _layers(network))


def _layers(network: Network) -> dict[str, Floats]:
    """Return the matrices of the chain by name, in order."""
    if isinstance(network, SpikingNetwork):
        raise MapError(
            'NIR has no neurons like those of the spiking network of training.method: '
            'bootstrap; train with training.method: stdp'
        )
    if isinstance(network, LinearNetwork):
        return {'readout': network.weights}
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
    features = np.concatenate([module.feature.weights for module in floats.modules])
    if 4 * network.places * len(features) > _LARGEST:
        readout = readout_of(floats)
        assert isinstance(readout, LinearReadout)
        # Its matrix takes spikes of 0 to 255.
        return {'readout': np.asarray(readout.matrix) * np.float32(255)}
    return {'feature': features, 'readout': _block_diagonal(floats)}


def _block_diagonal(floats: FloatNetwork) -> Floats:
    """Return the readouts of all modules as one matrix of places by features."""
    blocks = [module.output.weights for module in floats.modules]
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    joined = np.zeros((rows, columns), np.float32)
    row = column = 0
    for block in blocks:
        joined[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return joined


def _chain(inputs: int, places: int, layers: dict[str, Floats]) -> nir.NIRGraph:
    nir = _nir()
    nodes = {
        'input': nir.Input({'input': np.array([inputs])}),
        **{
            name: nir.Affine(weights, np.zeros(len(weights), np.float32))
            for name, weights in layers.items()
        },
        'output': nir.Output({'output': np.array([places])}),
    }
    return nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:])))


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
