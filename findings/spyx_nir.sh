#!/usr/bin/env bash
# spyx 1.0.0 (PyPI; nir 1.0.8, flax 0.12.8, jax 0.10.2): from_nir mixes pixels and channels, leaves nodes out.
#
# Behaviour: after a nir.Flatten, features are in the order of rows, columns, channels, in which spyx runs
# images. In NIR it is channels, rows, columns, and the weights of the Affine that follows are not
# reordered: each is multiplied with the feature of another place. Nodes that spyx has no module for, such
# as Scale, I, Threshold and Delay, are left out as if they were wires. Of LIF and IF only tau and the
# threshold are taken: a resistance of 0, with which no neuron can ever spike, is like any other.
#
# Output seen:
#   Conv2d (times 1, times 10) of 1 2 3 4, Flatten, Affine (identity): 1 10 2 20 3 30 4 40
#   the same by NIR: 1 2 3 4 10 20 30 40
#   1 1 1, then Scale (2 3 4): 1 1 1
#   1 1 1, then Threshold (2 3 4): 1 1 1
#   1 1 1, then I (r = 5): 1 1 1
#   LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 0: 195 spikes
#   LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 1: 195 spikes
#   LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 100: 195 spikes
# By tau v' = -v + r I, potentials end at r I: 0 and 0.5, so the first two never spike.
#
# Why one would guess otherwise: weights of the convolution are transposed, so the importer knows of
# the two orders, and there is a ValueError for LI and a NotImplementedError for what cannot be exported.
# Networks that spyx itself wrote come back right, since both faults are undone by those of to_nir.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q spyx==1.0.0 nir==1.0.8 flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > look.py <<'PYTHON'
import jax.numpy as jnp
import nir
import numpy as np
from spyx.nir import from_nir

STEPS = 400


def array(*values):
    return np.array(values, np.float32)


def run(nodes, data, shape):
    """The output, step by step; data is of time, batch, rows, columns, channels or of features."""
    named = {'input': nir.Input({'input': np.array(shape)})}
    named |= {f'node_{number}': node for number, node in enumerate(nodes)}
    size = nodes[-1].output_type['output']
    named['output'] = nir.Output({'output': np.array(size)})
    names = list(named)
    graph = nir.NIRGraph(named, list(zip(names, names[1:])))
    return np.asarray(from_nir(graph, jnp.asarray(data), dt=1e-4)[1]).ravel()


def joined(values):
    return ' '.join(f'{value:g}' for value in values)


image = array(1, 2, 3, 4).reshape(2, 2)
convolution = nir.Conv2d(
    input_shape=(2, 2),
    weight=array(1, 10).reshape(2, 1, 1, 1),
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
    bias=np.zeros(2, np.float32),
)
flatten = nir.Flatten({'input': np.array([2, 2, 2])}, start_dim=0, end_dim=-1)
identity = nir.Affine(np.eye(8, dtype=np.float32), np.zeros(8, np.float32))
found = run([convolution, flatten, identity], image[None, None, :, :, None], (1, 2, 2))
print('Conv2d (times 1, times 10) of 1 2 3 4, Flatten, Affine (identity):', joined(found))
print('the same by NIR:', joined(np.stack([image, 10 * image]).ravel()))

wires = nir.Affine(np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
for what, node in (
    ('Scale (2 3 4)', nir.Scale(array(2, 3, 4))),
    ('Threshold (2 3 4)', nir.Threshold(array(2, 3, 4))),
    ('I (r = 5)', nir.I(array(5, 5, 5))),
):
    found = run([wires, node], np.ones((1, 1, 3), np.float32), (3,))
    print(f'1 1 1, then {what}: {joined(found)}')

wire = nir.Affine(np.eye(1, dtype=np.float32), np.zeros(1, np.float32))
for r in (0, 1, 100):
    zero = array(0)
    neuron = nir.LIF(tau=array(0.01), r=array(r), v_leak=zero, v_threshold=array(1), v_reset=zero)
    found = run([wire, neuron], np.full((STEPS, 1, 1), 0.5, np.float32), (1,))
    what = f'LIF, tau 10 ms, threshold 1, input 0.5, {STEPS} steps of 0.1 ms, r = {r}'
    print(f'{what}: {int(found.sum())} spikes')
PYTHON

cat > expected <<'TEXT'
Conv2d (times 1, times 10) of 1 2 3 4, Flatten, Affine (identity): 1 10 2 20 3 30 4 40
the same by NIR: 1 2 3 4 10 20 30 40
1 1 1, then Scale (2 3 4): 1 1 1
1 1 1, then Threshold (2 3 4): 1 1 1
1 1 1, then I (r = 5): 1 1 1
LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 0: 195 spikes
LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 1: 195 spikes
LIF, tau 10 ms, threshold 1, input 0.5, 400 steps of 0.1 ms, r = 100: 195 spikes
TEXT
env/bin/python look.py 2> messages | tee found
diff expected found
