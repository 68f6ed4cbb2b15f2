#!/usr/bin/env bash
# pyspikes 0.2.9 (PyPI; NumPy 2.4.6, SciPy 1.17.1): its BSA is a threshold, the value of a signal is lost.
#
# Behaviour: BSA compares all coefficients of the filter with one sample, where the algorithm compares them
# with the samples from there on, and what a spike explains is subtracted from a sample that is not looked
# at again. So each sample is judged by itself: below a limit there is no spike, above it one in each
# step. A ramp becomes a single jump, and the filter gives back two values.
#
# Output seen (a ramp from 0 to 1 in 400 steps, filter of 16, threshold 0.95; spikes in each eighth):
#   pyspikes: 0 49 50 50 50 50 50 34
#   the algorithm: 1 10 16 24 28 35 40 30
#   decoded with the filter, mean deviation from the ramp: pyspikes 0.387, the algorithm 0.024
#
# Why one would guess otherwise: the class is "Bens Spiker Algorithm", "to try a reverse convolution of the
# stimulation", with the paper (Schrauwen, 2003) named and its two arguments, filter and threshold. What
# BSA is used for is that spikes, filtered again, are the signal. A network learns from such spikes when a
# signal was high, and nothing of how high. Nothing is said.
# The algorithm: where sum |s[t + k] - h[k]| <= sum |s[t + k]| - threshold over the filter h, spike, and
# subtract h from s[t], s[t + 1] and so on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q numpy==2.4.6 scipy==1.17.1
env/bin/pip install -q --no-deps pyspikes==0.2.9

cat > look.py <<'PYTHON'
import numpy as np
from scipy.signal import firwin
from spikes.encoder import BSA

LENGTH, CUTOFF, THRESHOLD = 16, 0.1, 0.95
ramp = np.linspace(0, 1, 400)
kernel = firwin(LENGTH, cutoff=CUTOFF)
found = BSA(
    ramp.reshape(1, -1, 1).copy(), threshold=THRESHOLD, filter_length=LENGTH, cutoff=CUTOFF
).get_spikes()[0, :, 0]

rest, other = ramp.copy(), np.zeros(len(ramp), int)
for step in range(len(ramp) - LENGTH):
    part = rest[step : step + LENGTH]
    if np.abs(part - kernel).sum() <= np.abs(part).sum() - THRESHOLD:
        other[step] = 1
        part -= kernel


def error(spikes):
    decoded = np.convolve(spikes, kernel)[: len(ramp)]
    return np.abs(decoded - ramp)[: len(ramp) - LENGTH].mean()


def counts(spikes):
    return ' '.join(str(int(part.sum())) for part in np.split(spikes, 8))


print('pyspikes:', counts(found))
print('the algorithm:', counts(other))
print(
    'decoded with the filter, mean deviation from the ramp: '
    f'pyspikes {error(found):.3f}, the algorithm {error(other):.3f}'
)
PYTHON

cat > expected <<'TEXT'
pyspikes: 0 49 50 50 50 50 50 34
the algorithm: 1 10 16 24 28 35 40 30
decoded with the filter, mean deviation from the ramp: pyspikes 0.387, the algorithm 0.024
TEXT
env/bin/python look.py | tee found
diff expected found
