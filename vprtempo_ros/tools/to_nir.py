"""to_nir: writes a map's network in the Neuromorphic Intermediate Representation (neuroir.org)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ..errors import MapError, VprError
from ..maps.store import load
from ..network.layers import Network
from .command import guarded

HINT = 'pip install nir h5py (make lava brings both)'


def to_graph(network: Network) -> Any:
    """
    Return the network as a NIR graph: for each module Linear after Linear, on one input.

    The input takes amplitudes, 0 to 1; `output`, or `output_0`, `output_1`... of several modules,
    give the similarities of their places, in order.

    :raises MapError: if the network is not linear, or holds no floats.
    """
    if network.spiking is not None:
        raise MapError(
            'NIR has no neurons that compute as those of the spiking network of '
            'training.method: bootstrap do; train with training.method: stdp'
        )
    if not network.modules:
        raise MapError(
            'NIR cannot express integers with rounding between their layers, and this '
            'map holds nothing else: train it with training.keep_fp32'
        )
    if network.readout != 'linear':
        raise MapError(
            'NIR cannot express the clamp between the layers of the clamped readout: '
            'train with training.readout: linear'
        )
    try:
        import nir
    except ImportError:
        raise VprError(f'writing NIR needs the package nir: {HINT}') from None
    nodes: dict[str, Any] = {'input': nir.Input({'input': np.array([network.inputs])})}
    edges = []
    for number, module in enumerate(network.modules):
        suffix = f'_{number}' if len(network.modules) > 1 else ''
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


def write_nir(network: Network, file: Path) -> None:
    """
    Write the graph as HDF5, whole or not at all.

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
        print(
            f'{given.file}: {network.inputs} inputs, {len(network.modules)} module(s), '
            f'{network.places} places'
        )

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
