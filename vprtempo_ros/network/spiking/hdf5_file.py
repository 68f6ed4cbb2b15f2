"""A spiking network as HDF5, in the layout that lava-dl exports and netx loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .network import DECAY_UNITY, SpikingModule, SpikingNetwork

# The highest threshold there is: neurons that only integrate.
_NEVER = (1 << 18) - 1


def write_hdf5(module: SpikingModule, network: SpikingNetwork, file: Path) -> None:
    """Write one module: two dense layers of CUBA neurons."""
    import h5py

    with h5py.File(file, 'w') as root:
        root['simulation/Ts'] = 1
        root['simulation/tSample'] = network.steps
        for number, (weights, threshold, decay) in enumerate(
            ((module.hidden, network.threshold, network.decay), (module.output, _NEVER, 0))
        ):
            layer = root.create_group(f'layer/{number}')
            layer.create_dataset('type', (1,), 'S10', [b'dense'])
            layer['shape'] = np.array([len(weights)])
            layer['inFeatures'], layer['outFeatures'] = weights.shape[1], len(weights)
            layer['weight'] = weights.astype(np.float32)
            neuron = {
                'type': 'CUBA',
                'iDecay': DECAY_UNITY,
                'vDecay': decay,
                'vThMant': threshold,
                'refDelay': 1,
                'gradedSpike': False,
            }
            for name, value in neuron.items():
                layer[f'neuron/{name}'] = value
