#!/usr/bin/env bash
# rockpool 3.1.0 (PyPI; nir 1.0.8, nirtorch 2.6, torch 2.13.0): time constants of nir.CubaLIF are lost.
#
# Behaviour: from_nir() takes the smallest tau_mem / (1 + r) for the length of a time step. Decays in a
# step then depend on r only: neurons of 10 ms, 100 ms and 10 s respond alike, step by step, and r does
# not scale the input. w_in is ignored. There is no argument for the step, and nothing is said. A neuron
# whose potential ends at r w_in I = 0.4 spikes with a threshold of 1.
#
# Output seen (spikes in 12 steps with an input of 0.4, v_threshold 1, tau_syn = tau_mem = tau):
#   tau = 0.01 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
#   tau = 0.1 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
#   tau = 10 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
#   tau = 0.01 s, r = 1, w_in = 10: 0 0 0 1 0 0 1 0 1 0 0 1
#   tau = 0.01 s, r = 3, w_in = 1: 0 0 1 1 1 1 1 1 1 1 1 2
#
# Why one would guess otherwise: in NIR, time constants are in seconds and r and w_in scale the input
# of the differential equation; they have no part in the length of a step. rockpool's own exports, with
# r = tau exp(-dt / tau) / dt, nearly get their step back, so that a test by round trip passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
# Without dependencies: its pins exclude this nir and torch. These it imports.
env/bin/pip install -q --no-deps rockpool==3.1.0
env/bin/pip install -q nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy scipy

cat > look.py <<'PYTHON'
import warnings

import nir
import numpy as np
import torch
from rockpool.nn.modules.torch.nir import from_nir

warnings.simplefilter('ignore')


def value(number):
    return np.array([number], np.float32)


def spikes(tau, r, w_in):
    neuron = nir.CubaLIF(
        tau_syn=value(tau),
        tau_mem=value(tau),
        r=value(r),
        v_leak=value(0),
        v_threshold=value(1),
        v_reset=value(0),
        w_in=value(w_in),
    )
    nodes = {
        'input': nir.Input({'input': np.array([1])}),
        'neuron': neuron,
        'output': nir.Output({'output': np.array([1])}),
    }
    network = from_nir(nir.NIRGraph(nodes, [('input', 'neuron'), ('neuron', 'output')]))
    found = network(torch.full((1, 12, 1), 0.4))
    found = found[0] if isinstance(found, tuple) else found
    return ' '.join(str(int(number)) for number in found.detach().flatten())


for tau, r, w_in in ((0.01, 1, 1), (0.1, 1, 1), (10, 1, 1), (0.01, 1, 10), (0.01, 3, 1)):
    print(f'tau = {tau} s, r = {r}, w_in = {w_in}: {spikes(tau, r, w_in)}')
PYTHON

cat > expected <<'TEXT'
tau = 0.01 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
tau = 0.1 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
tau = 10 s, r = 1, w_in = 1: 0 0 0 1 0 0 1 0 1 0 0 1
tau = 0.01 s, r = 1, w_in = 10: 0 0 0 1 0 0 1 0 1 0 0 1
tau = 0.01 s, r = 3, w_in = 1: 0 0 1 1 1 1 1 1 1 1 1 2
TEXT
env/bin/python look.py | tee found
diff expected found
