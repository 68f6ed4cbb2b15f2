#!/usr/bin/env bash
# innuce-spikify 1.1.0 (PyPI; NumPy 2.4.6, SciPy 1.17.1): two thirds of all grey values spike at one time; noise repeats.
#
# Behaviour: time_to_first_spike() has the latency 0.1 log(1 / brightness), of a window of 1: of 8 bits nothing
# but black comes in the second half of the window, where there is room for values of e^-10, and the upper two
# thirds of the values share a step of a window of 10. The largest value alone has the first step. poisson()
# calls np.random.seed() with its seed, 0 if none is given: each call gives the same noise, and all that uses
# np.random afterwards, weights and shuffles of other modules too, gets the same numbers again.
#
# Output seen:
#   window of 10, grey values that spike in each step: 1 171 56 18 7 2 0 0 0 1
#   window of 16, grey values that spike in each step: 1 124 63 33 17 8 5 2 1 1 0 0 0 0 0 1
#   window of 10, steps of the brightness 85 128 170 254 255: 1 1 1 1 0
#   20 calls of poisson of one image: 1 different train
#   np.random.rand() after each of 20 calls: 1 different number
#
# Why one would guess otherwise: it is said that "stronger inputs produce earlier spikes" and that larger windows
# give a finer resolution; a code of 10 steps ought to tell apart ten values, and this tells apart five of
# what is in an ordinary image. A seed is for the numbers of the function that gets it; NumPy has generators
# for that. An image shown twenty times has no noise in its mean. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q innuce-spikify==1.1.0 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import numpy as np
from spikify.encoders.rate import poisson
from spikify.encoders.temporal.global_referenced import time_to_first_spike


def step(grey, window):
    return int(np.argmax(time_to_first_spike(np.full(window, grey / 255), window)))


for window in (10, 16):
    steps = np.bincount([step(grey, window) for grey in range(256)], minlength=window)
    print(f'window of {window}, grey values that spike in each step:', *steps)
levels = (85, 128, 170, 254, 255)
print(
    f'window of 10, steps of the brightness {" ".join(map(str, levels))}:',
    *(step(grey, 10) for grey in levels),
)

image = np.linspace(0.1, 0.9, 100)
trains, numbers = set(), set()
for _ in range(20):
    trains.add(poisson(image, 10).tobytes())
    numbers.add(np.random.rand())
print(f'20 calls of poisson of one image: {len(trains)} different train')
print(f'np.random.rand() after each of 20 calls: {len(numbers)} different number')
PYTHON

cat > expected <<'TEXT'
window of 10, grey values that spike in each step: 1 171 56 18 7 2 0 0 0 1
window of 16, grey values that spike in each step: 1 124 63 33 17 8 5 2 1 1 0 0 0 0 0 1
window of 10, steps of the brightness 85 128 170 254 255: 1 1 1 1 0
20 calls of poisson of one image: 1 different train
np.random.rand() after each of 20 calls: 1 different number
TEXT
env/bin/python look.py | tee found
diff expected found
