#!/usr/bin/env bash
# nirtorch 2.6 (PyPI; nir 1.0.8, torch 2.13.0): nir_to_torch leaves the bias of nir.Affine random.
#
# Behaviour: nir_to_torch(graph, {}) maps nir.Affine to torch.nn.Linear with the node's weight, but
# the bias of the module stays the random one that torch initialises it with: the node's bias is
# assigned to an attribute of the weight (module.weight.bias), where nothing reads it. So a graph
# gives different answers each time that it is converted, and none of them is right.
#
# Output seen (torch seeds 0 and 1):
#   W = identity, b = (3, 4), x = (1, 1): expected 4, 5
#   converted with seed 0: 0.728, 1.190; bias of the module is the node's: False
#   converted with seed 1: 0.334, 1.424; bias of the module is the node's: False
#
# Why one would guess otherwise: Affine is W x + b by definition, it is the first entry of the
# default map, conversion says nothing, and the error is hidden where weights are large or torch is
# seeded. The importers of sinabs, norse and snntorch, which have maps of their own, are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q nirtorch==2.6 nir==1.0.8 torch==2.13.0 numpy

cat > look.py <<'PYTHON'
import nir
import numpy as np
import torch
from nirtorch import nir_to_torch

print('W = identity, b = (3, 4), x = (1, 1): expected 4, 5')
for seed in (0, 1):
    nodes = {
        'input': nir.Input({'input': np.array([2])}),
        'affine': nir.Affine(np.eye(2, dtype=np.float32), np.array([3, 4], np.float32)),
        'output': nir.Output({'output': np.array([2])}),
    }
    graph = nir.NIRGraph(nodes, [('input', 'affine'), ('affine', 'output')])
    torch.manual_seed(seed)
    module = nir_to_torch(graph, {})
    found = module(torch.ones(1, 2))[0].detach().flatten().tolist()
    bias = dict(module.named_parameters())['affine.bias'].detach().numpy()
    same = bool((bias == nodes['affine'].bias).all())
    answers = ', '.join(f'{value:.3f}' for value in found)
    print(f'converted with seed {seed}: {answers}; bias of the module is the node\'s: {same}')
    assert not same and abs(found[0] - 4) > 1 and abs(found[1] - 5) > 1, 'conversion has changed'
PYTHON
env/bin/python look.py
