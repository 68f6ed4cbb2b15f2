#!/usr/bin/env bash
# sc-neurocore 3.16.0 (PyPI; nir 1.0.8, NumPy 2.4.6): after neurons, pooling of a NIR graph is not done.
#
# Behaviour: neurons give out a flat vector, whatever the shape of their parameters. A SumPool2d that gets one
# passes it on as it is, an AvgPool2d divides it by the number of pixels of a window and pools nothing. Neurons
# after that take as many values as they are, from the beginning: those of the first rows. from_nir() has a
# step of 1 where time constants are in seconds: a neuron of 20 ms, stepped by Euler, is thrown from side to
# side and spikes in each step with an input that never gets it to its threshold.
#
# Output seen (an image whose lower half is lit; neurons that spike where lit, pooled by 2 x 2):
#   image, SumPool2d: 0 0 4 4
#   image, neurons, SumPool2d: 0 0 0 0 0 0 0 0 1 1 1 1 1 1 1 1, by NIR 0 0 4 4
#   image, neurons, AvgPool2d: 0 0 0 0 0 0 0 0 0.25 0.25 0.25 0.25 0.25 0.25 0.25 0.25, by NIR 0 0 1 1
#   image, neurons, SumPool2d, neurons: 0 0 0 0, by NIR 0 0 1 1
#   LIF, tau 20 ms, threshold 1, input 0.6, default step: spikes in 20 of 20 steps
#   LIF, tau 20 ms, threshold 1, input 0.6, dt=0.001: spikes in 0 of 20 steps
#
# Why one would guess otherwise: the pool alone is right, its shapes are in the graph, which has been checked,
# a convolution after neurons is an error, and so are weights that do not fit. Neurons, then a pool, is how
# networks for event cameras are built. Of dt it is said that it is the "timestep for leaky integrator
# dynamics"; NIR has seconds, so it is a second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q sc-neurocore==3.16.0 nir==1.0.8 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import nir
import numpy as np
from sc_neurocore.nir_bridge import from_nir


def neurons(shape, tau=0.001, threshold=0.5):
    ones = np.ones(shape)
    return nir.LIF(
        tau=tau * ones, r=ones, v_leak=0 * ones, v_threshold=threshold * ones, v_reset=0 * ones
    )


def pool(kind):
    two = np.array([2, 2])
    return kind(kernel_size=two, stride=two, padding=np.array([0, 0]))


def network(inside, outside, *nodes, **step):
    graph = nir.NIRGraph.from_list(
        nir.Input({'input': np.array(inside)}), *nodes, nir.Output({'output': np.array(outside)})
    )
    return from_nir(graph, **step)


def run(*nodes):
    image = np.repeat([0.0, 0.0, 1.0, 1.0], 4).reshape(1, 4, 4)
    (answer,) = network((1, 4, 4), (1, 2, 2), *nodes, dt=0.001).step({'input': image}).values()
    return ' '.join(f'{value:g}' for value in np.ravel(answer))


first, last = neurons((1, 4, 4)), neurons((1, 2, 2))
print('image, SumPool2d:', run(pool(nir.SumPool2d)))
print(f'image, neurons, SumPool2d: {run(first, pool(nir.SumPool2d))}, by NIR 0 0 4 4')
print(f'image, neurons, AvgPool2d: {run(first, pool(nir.AvgPool2d))}, by NIR 0 0 1 1')
print(f'image, neurons, SumPool2d, neurons: {run(first, pool(nir.SumPool2d), last)}, by NIR 0 0 1 1')
for name, step in (('default step', {}), ('dt=0.001', {'dt': 0.001})):
    net = network((1,), (1,), neurons((1,), 0.02, 1), **step)
    spikes = [next(iter(net.step({'input': np.array([0.6])}).values())) for _ in range(20)]
    print(
        f'LIF, tau 20 ms, threshold 1, input 0.6, {name}: '
        f'spikes in {int(np.sum(spikes))} of 20 steps'
    )
PYTHON

cat > expected <<'TEXT'
image, SumPool2d: 0 0 4 4
image, neurons, SumPool2d: 0 0 0 0 0 0 0 0 1 1 1 1 1 1 1 1, by NIR 0 0 4 4
image, neurons, AvgPool2d: 0 0 0 0 0 0 0 0 0.25 0.25 0.25 0.25 0.25 0.25 0.25 0.25, by NIR 0 0 1 1
image, neurons, SumPool2d, neurons: 0 0 0 0, by NIR 0 0 1 1
LIF, tau 20 ms, threshold 1, input 0.6, default step: spikes in 20 of 20 steps
LIF, tau 20 ms, threshold 1, input 0.6, dt=0.001: spikes in 0 of 20 steps
TEXT
env/bin/python look.py | tee found
diff expected found
