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
from ..config import SinabsConfig
from ..errors import MapError, VprError
from ..maps.cameras import of_camera
from ..maps.store import load
from ..options import from_flat
from ..support.several import several
from .command import guarded
from .nir_chain import DT, Chain, Neurons, chain_of
from .nir_companion import write_companion

if TYPE_CHECKING:
    import nir

HINT = 'pip install nir h5py (make lava installs both)'


def to_graph(chain: Chain) -> nir.NIRGraph:
    """
    Return the NIR graph of a chain.

    Affine with zero bias, IF and LIF are the nodes that most importers share. The resistance of IF
    neurons adds the input to the potential in one step; that of LIF neurons is 1, and the weights
    before them make up for the time constant: so importers that ignore resistances are right.
    """
    nir = _nir()
    following = [*list(chain.nodes.values())[1:], None]
    nodes = {'input': nir.Input({'input': np.array([chain.inputs])})}
    count = chain.inputs
    for (name, node), after in zip(chain.nodes.items(), following):
        if isinstance(node, Neurons):
            nodes[name] = _neurons(nir, node)
            continue
        count = len(node)
        decay = after.decay if isinstance(after, Neurons) else 0.0
        weights = node * np.float32(1.0 / decay) if decay else node
        nodes[name] = nir.Affine(weights, np.zeros(count, np.float32))
    nodes['output'] = nir.Output({'output': np.array([count])})
    return nir.NIRGraph(nodes, list(zip(nodes, list(nodes)[1:])))


def _neurons(nir: ModuleType, neurons: Neurons) -> nir.NIRNode:
    def each(value: float) -> Floats:
        return np.full(neurons.count, value, np.float32)

    reset = {'v_threshold': each(neurons.threshold), 'v_reset': each(0.0)}
    if not neurons.decay:
        return nir.IF(r=each(1.0 / DT), **reset)
    return nir.LIF(tau=each(DT / neurons.decay), r=each(1.0), v_leak=each(0.0), **reset)


def _nir() -> ModuleType:
    try:
        import nir
    except ImportError:
        raise VprError(f'writing NIR needs the package nir: {HINT}') from None
    return nir


def write_nir(chain: Chain, file: Path) -> None:
    """
    Write the graph as HDF5, atomically.

    :raises MapError: if the file cannot be written.
    """
    graph = to_graph(chain)
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
    sinabs = SinabsConfig()
    parser = argparse.ArgumentParser(prog='to_nir', description=__doc__)
    parser.add_argument('map', type=Path, help='folder of the map')
    parser.add_argument('file', type=Path, help='file to write, as in network.nir')
    parser.add_argument(
        '--rate',
        action='store_true',
        help='rate-coded: binary spikes and integrate-and-fire neurons, as backend sinabs',
    )
    parser.add_argument(
        '--steps', type=int, default=sinabs.steps, help='--rate: time steps (default: %(default)s)'
    )
    parser.add_argument(
        '--integers', action='store_true', help='int8 weights times their scales, not the floats'
    )
    parser.add_argument('--camera', help='camera of a map of several')
    given = parser.parse_args(args)

    def work() -> None:
        if given.file.suffix in ('.json', '.safetensors', '.onnx'):
            raise MapError(f'{given.file}: expected a name like network.nir')
        config = from_flat(SinabsConfig, {'steps': given.steps})
        loaded = of_camera(load(given.map), given.camera)
        network = loaded.network
        chain = chain_of(network, config if given.rate else None, given.integers)
        write_nir(chain, given.file)
        companion = write_companion(loaded, chain, given.file, config)
        places = several(network.places, 'place')
        print(f'{given.file}: {network.inputs} inputs, {places} in {network}')
        print(
            f'{" -> ".join(chain.nodes)}; takes {chain.input}, {chain.steps} time steps per frame; '
            f'next to it {", ".join(path.name for path in companion)}'
        )

    return guarded(work)


if __name__ == '__main__':
    sys.exit(main())
