"""
The energy of a rate-coded network on Loihi as SANA-FE simulates it, to check our constants.

SANA-FE (Boyle et al., IEEE TCAD 44, 2025; PyPI: sanafe) simulates cores, messages and their time
with energies of its own architecture file, from the same measurements of Loihi as ours but for
another set of events. It takes about a kilobyte for each synapse and prints its progress, so it
runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Floats
from ..errors import BackendError

HINT = 'pip install sanafe==2.2.9'
SYNAPSES_MAX = 2_000_000
# Neurons of a core.
_PER_CORE = 1024
# Seconds until the simulation is ended.
_PATIENCE = 1800.0
# Potential that no output reaches.
_NEVER = 1e30
# Its potentials lose what is below 1/64 in each step (findings/sanafe_potential_truncated.sh).
_SCALE = 4096.0


class Simulated(NamedTuple):
    """
    Of a frame, on average: microjoules by part, and seconds on the chip.

    operations: spikes times their fan-out, as SANA-FE counts them; cores: that hold neurons.
    """

    synapses: float
    neurons: float
    messages: float
    seconds: float
    operations: float
    cores: int
    version: str

    @property
    def total(self) -> float:
        """Microjoules of a frame."""
        return self.synapses + self.neurons + self.messages


def simulate(matrices: Sequence[Floats], threshold: float, trains: Floats) -> Simulated:
    """
    Simulate layers one after another; neurons between them are reset to 0 by a spike.

    :param matrices: float32 (neurons, inputs) each; the last neurons integrate and do not spike.
    :param trains: spikes of 0 or 1, (frames, steps, inputs). Potentials are kept between frames.
    :raises BackendError: if SANA-FE is not installed, fails, or the network is too large for it.
    """
    if find_spec('sanafe') is None:
        raise BackendError(f'SANA-FE is not installed: {HINT}')
    synapses = sum(matrix.size for matrix in matrices)
    if synapses > SYNAPSES_MAX:
        raise BackendError(
            f'SANA-FE: {synapses:,} synapses would take its simulation about {synapses >> 20} GB, '
            f'expected at most {SYNAPSES_MAX:,}'
        )
    frames, steps, inputs = trains.shape
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays: dict[str, Any] = {f'matrix{n}': matrix for n, matrix in enumerate(matrices)}
        spikes = trains.reshape(frames * steps, inputs).astype(np.uint8)
        np.savez(folder / 'in.npz', spikes=spikes, threshold=threshold, **arrays)
        command = [sys.executable, '-m', __name__, str(folder)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise BackendError(f'SANA-FE: no result within {_PATIENCE:.0f} s') from None
        if done.returncode:
            reason = (done.stderr.strip() or 'no reason given').splitlines()[-1]
            raise BackendError(f'SANA-FE: {reason:.200}')
        found = json.loads((folder / 'out.json').read_text())
    energy = {part: value * 1e6 / frames for part, value in found['energy'].items()}
    return Simulated(
        energy['synapse'] + energy['dendrite'],
        energy['soma'],
        energy['network'],
        found['sim_time'] / frames,
        found['spikes'] / frames,
        found['cores'],
        found['version'],
    )


def _loihi(inputs: int, file: Path) -> Any:
    """
    Load SANA-FE's architecture of Loihi with no more units for inputs than are used.

    It has one for each neuron of each core, which take seconds, and neither energy nor time on the
    chip.
    """
    import sanafe

    text = (files('sanafe.examples') / 'loihi.yaml').read_text()
    used = min(inputs, _PER_CORE) - 1
    file.write_text(text.replace(f'loihi_inputs[0..{_PER_CORE - 1}]', f'loihi_inputs[0..{used}]'))
    return sanafe.load_arch(file)


def _simulated(folder: Path) -> None:
    """Run SANA-FE on in.npz and write out.json."""
    from importlib.metadata import version

    import sanafe

    with np.load(folder / 'in.npz') as data:
        spikes, threshold = data['spikes'], float(data['threshold'])
        matrices = [data[name] for name in sorted(n for n in data.files if n.startswith('matrix'))]
    chip, network = _loihi(spikes.shape[1], folder / 'loihi.yaml'), sanafe.Network()
    cores = list(chip.cores() if callable(chip.cores) else chip.cores)
    used = 0

    def place(group: Any, count: int) -> None:
        """Put the neurons of a layer on cores of their own, in order."""
        nonlocal used
        if used + -(-count // _PER_CORE) > len(cores):
            raise SystemExit(f'expected at most {len(cores)} cores of {_PER_CORE} neurons')
        for number in range(count):
            group[number].map_to_core(cores[used + number // _PER_CORE])
        used += -(-count // _PER_CORE)

    group = network.create_neuron_group('inputs', spikes.shape[1])
    for number in range(spikes.shape[1]):
        group[number].set_attributes(
            soma_hw_name=f'loihi_inputs[{number % _PER_CORE}]',
            model_attributes={'spikes': spikes[:, number].tolist()},
        )
    place(group, spikes.shape[1])
    for number, matrix in enumerate(matrices):
        last = number == len(matrices) - 1
        layer = network.create_neuron_group(
            f'layer{number}',
            len(matrix),
            model_attributes={
                'threshold': _NEVER if last else threshold * _SCALE,
                'reset': 0.0,
                'reset_mode': 'hard',
                'leak_decay': 1.0,
            },
            soma_hw_name='loihi_lif',
        )
        group.connect_neurons_dense(
            layer, {'w': (matrix.T * _SCALE).astype(float).ravel().tolist()}
        )
        place(layer, len(matrix))
        group = layer
    simulation = sanafe.SpikingChip(chip)
    simulation.load(network)
    # A layer receives the spikes of the one before it one step later.
    found = simulation.sim(len(spikes) + len(matrices), processing_threads=1)
    found = {key: found[key] for key in ('energy', 'sim_time', 'spikes')}
    found |= {'cores': used, 'version': version('sanafe')}
    (folder / 'out.json').write_text(json.dumps(found))


if __name__ == '__main__':
    _simulated(Path(sys.argv[1]))
