#!/usr/bin/env bash
# event-lads 0.1 (PyPI; torch 2.13.0, NumPy 2.4.6): the event rate of a patch has no time in it, and OFF cancels ON.
#
# Behaviour: with decay_func='er' and patch_size, a patch decays by exp(-seconds * rate / ...), and its rate is
# its events / seconds: the seconds cancel, and what is left is the number of events. Events are added up with
# their signs; OFF as -1, which the surface wants and the example has, is taken from ON, so that a patch with
# as many of each has a rate of 0 and keeps everything. Without patches the rate is one, and signs do not
# matter. decay_param is a divisor with patches, a factor without: a larger one is slower or faster.
#
# Output seen (64 x 64 pixels, 16384 events, half of them OFF; mean of what is left of the old surface):
#   in 0.01 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.01, OFF -1 0.01
#   in 0.1 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.61, OFF -1 0.61
#   in 1 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.95, OFF -1 0.95
#   in 10 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 1.00, OFF -1 1.00
#   in 0.1 s, OFF 0, decay_param 0.2 0.4 0.8: patches 0.29 0.54 0.73; whole 0.61 0.37 0.14
#
# Why one would guess otherwise: it is the "er", the event rate, of "Locally Adaptive Decay Surfaces", whose
# reference is one "that sets centres decay at decay_param", in events of a pixel in a second; the scores
# that are returned beside the factors do fall with time. An edge that passes has ON and OFF, and where it
# passed stays, which looks like a surface that adapts. Nothing is said.
# Its dependency opencv-python is replaced by the same without windows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 numpy==2.4.6 pandas==3.1.1 opencv-python-headless==5.0.0.93
env/bin/pip install -q --no-deps event-lads==0.1

cat > look.py <<'PYTHON'
import numpy as np
import torch
from event_lads import LADS

SIZE = 64


def window(count, start, seconds, off):
    numbers = np.random.default_rng(count)
    times = np.linspace(start, start + seconds, count)
    places = numbers.integers(0, SIZE, (2, count))
    return np.column_stack([times, *places, np.where(np.arange(count) % 2, 1, off)])


def left(patch_size, seconds, off, decay_param=0.2):
    surface = LADS(
        SIZE, SIZE, torch.device('cpu'), decay_func='er', reference_event_rate=16,
        decay_param=decay_param, patch_size=patch_size,
    )
    surface.integrateEvents(window(1000, 0, 0.01, off))
    factor = surface.integrateEvents(window(16384, 0.01, seconds, off))[2]
    return f'{torch.as_tensor(factor, dtype=torch.float64).mean():.2f}'


for seconds in (0.01, 0.1, 1, 10):
    print(
        f'in {seconds} s: patches, OFF 0 {left(8, seconds, 0)}, OFF -1 {left(8, seconds, -1)}; '
        f'whole, OFF 0 {left(None, seconds, 0)}, OFF -1 {left(None, seconds, -1)}'
    )
patches, whole = (
    ' '.join(left(patch_size, 0.1, 0, parameter) for parameter in (0.2, 0.4, 0.8))
    for patch_size in (8, None)
)
print(f'in 0.1 s, OFF 0, decay_param 0.2 0.4 0.8: patches {patches}; whole {whole}')
PYTHON

cat > expected <<'TEXT'
in 0.01 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.01, OFF -1 0.01
in 0.1 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.61, OFF -1 0.61
in 1 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 0.95, OFF -1 0.95
in 10 s: patches, OFF 0 0.29, OFF -1 0.98; whole, OFF 0 1.00, OFF -1 1.00
in 0.1 s, OFF 0, decay_param 0.2 0.4 0.8: patches 0.29 0.54 0.73; whole 0.61 0.37 0.14
TEXT
env/bin/python look.py | tee found
diff expected found
