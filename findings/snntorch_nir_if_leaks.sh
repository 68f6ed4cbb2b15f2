#!/usr/bin/env bash
# snntorch 1.0.0 (PyPI; nir 1.0.8, nirtorch 2.6, torch 2.13.0): an imported nir.IF leaks.
#
# Behaviour: import_from_nir() converts nir.IF, which integrates without loss, to snn.Leaky with a
# fixed beta of 0.9: the potential loses a tenth in each step, and a constant input below a tenth of
# the threshold never leads to a spike. At a spike the threshold is subtracted; NIR's IF is reset to
# v_reset. (nir.LIF is reset to zero by the same importer.) A resistance other than 1 is refused.
#
# Output seen:
#   input 0.09 for 1000 steps, threshold 1: 0 spikes, potential at most 0.900
#   input 0.12 for 9 steps: potentials 0.120 0.228 0.325 0.413 0.491 0.562 0.626 0.683 0.735
#
# Why one would guess otherwise: v' = R I has no leak, so any constant positive input leads to
# spikes for every length of a step: with R = 1 and a step of 1, 0.09 to 83 in 1000 steps. snntorch
# has snn.Leaky(beta=1) for it. Nothing is said, and with strong inputs the spikes look plausible.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q snntorch==1.0.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy

cat > look.py <<'PYTHON'
import io
from contextlib import redirect_stdout

import nir
import numpy as np
import torch
from snntorch.import_nir import import_from_nir


def value(number):
    return np.array([number], np.float32)


def run(current, steps):
    nodes = {
        'input': nir.Input({'input': np.array([1])}),
        'neuron': nir.IF(r=value(1), v_threshold=value(1)),
        'output': nir.Output({'output': np.array([1])}),
    }
    graph = nir.NIRGraph(nodes, [('input', 'neuron'), ('neuron', 'output')])
    with redirect_stdout(io.StringIO()):
        network = import_from_nir(graph)
    found, state = [], None
    for _ in range(steps):
        (spike, potential), state = network(torch.tensor([[current]]), state)
        found.append((spike.item(), potential.item()))
    return np.array(found).T


spikes, potentials = run(0.09, 1000)
print(
    f'input 0.09 for 1000 steps, threshold 1: {int(spikes.sum())} spikes, '
    f'potential at most {potentials.max():.3f}'
)
assert not spikes.any() and potentials.max() < 0.9001, 'the neuron has changed'
_, potentials = run(0.12, 9)
print('input 0.12 for 9 steps: potentials', ' '.join(f'{value:.3f}' for value in potentials))
assert potentials[-1] < 0.8, 'the neuron has changed'
PYTHON
env/bin/python look.py
