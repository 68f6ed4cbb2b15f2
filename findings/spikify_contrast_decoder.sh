#!/usr/bin/env bash
# innuce-spikify 1.1.0 (PyPI; NumPy 2.4.6, SciPy 1.17.1): decoded, a constant is a ramp, and what falls rises.
#
# Behaviour: zero_cross_step_forward() gives a spike in each step in which the signal is above the threshold;
# there is no baseline that follows. contrast_decoder(), which adds the threshold at each spike, makes a ramp
# of a constant, and a staircase up to the number of bright steps of a sine. The threshold that
# threshold_based_representation() returns has the mean of the changes in it, and is negative for a signal
# that falls: every step of it is a spike of -1, and the decoder subtracts the negative number.
#
# Output seen (400 steps; the end of the signal and of what is decoded, threshold 0.02 or factor 0.5):
#   constant of 0.5: end 0.50, step_forward 0.50, zero_cross_step_forward 8.48, threshold_based 0.50
#   sine, 4 periods: end -0.06, step_forward -0.34, zero_cross_step_forward 3.92, threshold_based -0.02
#   rise from 0 to 1: end 1.00, step_forward 0.98, zero_cross_step_forward 7.84, threshold_based 0.25
#   fall from 1 to 0: end 0.00, step_forward 0.02, zero_cross_step_forward 8.82, threshold_based 2.00
#
# Why one would guess otherwise: the decoder's documentation names all of these encoders, and says that the
# step it uses "exactly matches" when it is given the thresholds that the encoder returned. One is called
# step-forward, as is the one that is decoded right, and both contrast: coders of changes, in which a
# constant is silent. Compared by how well a signal comes back, an encoder seems bad that has other spikes
# than its name says. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q innuce-spikify==1.1.0 numpy==2.4.6 scipy==1.17.1

cat > look.py <<'PYTHON'
import numpy as np
from spikify.decoders.temporal.contrast import contrast_decoder
from spikify.encoders.temporal import contrast

STEPS = 400
SIGNALS = {
    'constant of 0.5': np.full(STEPS, 0.5),
    'sine, 4 periods': np.sin(8 * np.pi * np.arange(STEPS) / STEPS),
    'rise from 0 to 1': np.linspace(0, 1, STEPS),
    'fall from 1 to 0': np.linspace(1, 0, STEPS),
}
ENCODERS = {
    'step_forward': (contrast.step_forward, 0.02),
    'zero_cross_step_forward': (contrast.zero_cross_step_forward, 0.02),
    'threshold_based': (contrast.threshold_based_representation, 0.5),
}

for name, signal in SIGNALS.items():
    ends = [f'end {signal[-1]:.2f}']
    for encoder, (encode, parameter) in ENCODERS.items():
        spikes, thresholds = encode(signal, parameter)
        decoded = contrast_decoder(spikes, thresholds, start_point=signal[0])
        ends.append(f'{encoder} {decoded[-1, 0]:.2f}')
    print(f'{name}: {", ".join(ends)}')
PYTHON

cat > expected <<'TEXT'
constant of 0.5: end 0.50, step_forward 0.50, zero_cross_step_forward 8.48, threshold_based 0.50
sine, 4 periods: end -0.06, step_forward -0.34, zero_cross_step_forward 3.92, threshold_based -0.02
rise from 0 to 1: end 1.00, step_forward 0.98, zero_cross_step_forward 7.84, threshold_based 0.25
fall from 1 to 0: end 0.00, step_forward 0.02, zero_cross_step_forward 8.82, threshold_based 2.00
TEXT
env/bin/python look.py | tee found
diff expected found
