#!/usr/bin/env bash
# evio 0.1.0 (PyPI; NumPy 2.4.6): the last bin of binary_tensor holds the last event only.
#
# Behaviour: binary_tensor(events, bins) multiplies the time of an event, 0 to 1 of the recording, by
# bins - 1, which is right for a voxel grid, whose bins are interpolated, and rounds it down. So there
# are bins - 1 bins of 1 / (bins - 1) of the recording, and one for what has exactly the last time.
# With two bins the first has everything.
#
# Output seen (1000 events on as many pixels, evenly spread over time; events in each bin):
#   2 bins: 999 1
#   5 bins: 250 250 250 249 1
#   frames of a fifth of the recording: 200 200 200 200 200
#
# Why one would guess otherwise: the tensor has "one bit per pixel per time bin: did anything happen
# here", which a spiking network gets step by step, so bins ought to be equal and cover the recording;
# frames() of the same module does so. A network gets an empty last step, after which it is asked for
# its answer, and a step that is longer than duration / bins.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install -q evio==0.1.0 numpy==2.4.6

cat > look.py <<'PYTHON'
import evio
import numpy as np

number = np.arange(1000)
events = np.zeros(1000, evio.EVENT_DTYPE)
events['t'], events['x'], events['y'] = 1000 * number, number % 40, number // 40


def counts(tensor):
    return ' '.join(str(int(part.sum())) for part in tensor)


for bins in (2, 5):
    print(f'{bins} bins: {counts(evio.binary_tensor(events, bins, (40, 25)))}')
print(f'frames of a fifth of the recording: {counts(evio.frames(events, 200_000, (40, 25)))}')
PYTHON

cat > expected <<'TEXT'
2 bins: 999 1
5 bins: 250 250 250 249 1
frames of a fifth of the recording: 200 200 200 200 200
TEXT
env/bin/python look.py | tee found
diff expected found
