#!/usr/bin/env bash
# norse 1.1.0 (PyPI; nir 1.0.8, nirtorch 2.6, torch 2.13.0): to_nir multiplies time constants by dt.
#
# Behaviour: norse.torch.to_nir(module, data, dt) writes tau = dt / tau_mem_inv into nir.LIF, not
# 1 / tau_mem_inv: a neuron of 10 ms becomes one of 10 us with the default step of 1 ms. So do the
# time constants of nir.LI and nir.CubaLIF. from_nir of the same version has no such factor, and so a
# network that is written and read again forgets a thousand times faster.
#
# Output seen:
#   tau_mem_inv = 100 / s, which is tau = 0.01 s
#   to_nir(dt=0.001): tau = 1e-05; read again by from_nir: tau_mem_inv = 100000
#   to_nir(dt=0.0001): tau = 1e-06; read again by from_nir: tau_mem_inv = 1e+06
#
# Why one would guess otherwise: the comment there says "invert time constant", tau of NIR is in
# seconds and of the continuous equation, in which no time step occurs, and nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q norse==1.1.0 nir==1.0.8 nirtorch==2.6 torch==2.13.0 numpy

cat > look.py <<'PYTHON'
import nir
import torch
from norse.torch import LIFBoxCell, LIFBoxParameters, SequentialState, from_nir, to_nir

print('tau_mem_inv = 100 / s, which is tau = 0.01 s')
for dt in (1e-3, 1e-4):
    constants = LIFBoxParameters(
        tau_mem_inv=torch.full((1,), 100.0), v_leak=torch.zeros(1), v_th=torch.ones(1)
    )
    layers = SequentialState(torch.nn.Linear(1, 1), LIFBoxCell(constants, dt=dt))
    graph = to_nir(layers, torch.zeros(1), dt=dt)
    tau = next(node.tau for node in graph.nodes.values() if isinstance(node, nir.LIF))
    again = from_nir(graph, dt=dt)
    rate = next(
        module.p.tau_mem_inv.item() for module in again.modules() if isinstance(module, LIFBoxCell)
    )
    print(f'to_nir(dt={dt:g}): tau = {float(tau):g}; read again by from_nir: tau_mem_inv = {rate:g}')
    assert abs(float(tau) / (0.01 * dt) - 1) < 1e-3 and rate * dt > 99, 'the export has changed'
PYTHON
env/bin/python look.py
