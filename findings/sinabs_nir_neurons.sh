#!/usr/bin/env bash
# sinabs 3.1.3 (PyPI; nir 1.0.4, nirtorch 2.0.2, torch 2.13.0): from_nir ignores R and the unit of time.
#
# Behaviour: sinabs.nir.from_nir converts nir.IF and nir.LIF without a time step among its arguments,
# and without an error. Resistances are ignored: IF neurons with R = 1, 2 and 10,000 spike alike. LIF
# takes tau for a number of steps, and adds the whole input in each of them, where NIR has
# tau v' = v_leak - v + R I. The neurons also subtract the threshold where NIR resets them to v_reset,
# spike several times in a step, and IF potentials end at minus the threshold, so that inhibition
# beyond it is lost.
#
# Output seen (spikes for each step):
#   IF, R = 1, input 0.4, threshold 1: 0 0 1 0 0 1
#   IF, R = 2, input 0.4, threshold 1: 0 0 1 0 0 1
#   IF, R = 10000, input 0.4, threshold 1: 0 0 1 0 0 1
#   LIF, tau = 0.02, R = 20, input 0.6, threshold 1: 0 0 0 0 0 0
#   LIF, tau = 20, R = 1, input 0.6, threshold 1: 0 1 0 1 0 1
#   IF, input 2.5 once: 2 0 0 0 0 0
#   IF, input -5, then 1.5: 0 0 2 1 2 1
# With steps of 1 ms the first LIF adds 0.6 and loses a twentieth in each, so it spikes in every second
# one; the second never spikes with any step, since its potential ends at R I = 0.6.
#
# Why one would guess otherwise: NIR defines v' = R I, tau in seconds, z in {0, 1} and v = v_reset at a
# spike, and nir.LI with an R other than 1 is refused: what loads without a word seems to be run as
# defined.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
# Without dependencies: samna, which sinabs would install, is a stub on PyPI. These it imports.
env/bin/pip install -q --no-deps sinabs==3.1.3
env/bin/pip install -q nir==1.0.4 nirtorch==2.0.2 torch==2.13.0 numpy matplotlib pbr

cat > look.py <<'PYTHON'
import warnings

import nir
import numpy as np
import torch
from sinabs.nir import from_nir

warnings.simplefilter('ignore')


def value(number):
    return np.array([number], np.float32)


def spikes(node, inputs):
    nodes = {
        'input': nir.Input({'input': np.array([1])}),
        'neuron': node,
        'output': nir.Output({'output': np.array([1])}),
    }
    graph = nir.NIRGraph(nodes, [('input', 'neuron'), ('neuron', 'output')])
    network = from_nir(graph, num_timesteps=len(inputs))
    found = network(torch.tensor(inputs)[:, None])
    found = found[0] if isinstance(found, tuple) else found
    return ' '.join(str(abs(int(number))) for number in found.detach().flatten())


for r in (1, 2, 10_000):
    node = nir.IF(r=value(r), v_threshold=value(1))
    print(f'IF, R = {r}, input 0.4, threshold 1: {spikes(node, [0.4] * 6)}')
for tau, r, current in ((0.02, 20, 0.6), (20, 1, 0.6)):
    node = nir.LIF(tau=value(tau), r=value(r), v_leak=value(0), v_threshold=value(1))
    print(f'LIF, tau = {tau}, R = {r}, input {current}, threshold 1: {spikes(node, [current] * 6)}')
node = nir.IF(r=value(1), v_threshold=value(1))
print(f'IF, input 2.5 once: {spikes(node, [2.5, *[0.0] * 5])}')
print(f'IF, input -5, then 1.5: {spikes(node, [-5.0, *[1.5] * 5])}')
PYTHON

cat > expected <<'TEXT'
IF, R = 1, input 0.4, threshold 1: 0 0 1 0 0 1
IF, R = 2, input 0.4, threshold 1: 0 0 1 0 0 1
IF, R = 10000, input 0.4, threshold 1: 0 0 1 0 0 1
LIF, tau = 0.02, R = 20, input 0.6, threshold 1: 0 0 0 0 0 0
LIF, tau = 20, R = 1, input 0.6, threshold 1: 0 1 0 1 0 1
IF, input 2.5 once: 2 0 0 0 0 0
IF, input -5, then 1.5: 0 0 2 1 2 1
TEXT
env/bin/python look.py | tee found
diff expected found
